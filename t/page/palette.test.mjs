// The shipped palette: contrast, and how well the states are told apart with colour blindness.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { colour, faults, figures } from '../../scripts/palette.mjs';

const css = readFileSync(new URL('../../htdocs/assets/main.css', import.meta.url), 'utf8');

test('colours are read as a browser would', () => {
  const known = {
    a: '#fff',
    b: 'light-dark(#000, var(--a))',
    c: 'color-mix(in srgb, var(--a) 25%, #000)',
  };
  const rgb = (name, dark) => {
    const { r, g, b } = colour(`var(--${name})`, known, dark);
    return [r, g, b];
  };
  assert.deepEqual(rgb('b', false), [0, 0, 0]);
  assert.deepEqual(rgb('b', true), [1, 1, 1]);
  assert.deepEqual(rgb('c', false), [0.25, 0.25, 0.25]);
  assert.throws(() => colour('rebeccapurple', known, false), /not understood/);
});

// Worked out by the formulas of the sources in scripts/palette.mjs, without culori.
test('the smallest differences, as the eye sees them', () => {
  const { differences } = figures(css, false);
  const least = (eye) =>
    Math.min(...differences.filter((one) => one.eye === eye).map((one) => one.cie76)).toFixed(1);
  assert.deepEqual(['normal', 'protan', 'deutan', 'tritan'].map(least), [
    '60.1',
    '22.3',
    '25.0',
    '25.0',
  ]);
});

for (const dark of [false, true]) {
  test(`the palette keeps its promises, ${dark ? 'dark' : 'light'}`, () => {
    const found = figures(css, dark);
    assert.ok(found.contrasts.length > 15 && found.differences.length === 24);
    assert.deepEqual(faults(found), []);
  });
}

test('a palette that does not keep them is found', () => {
  const pale = css.replace(/--status-online: #\w+/, '--status-online: #ff6a4f');
  const found = faults(figures(pale, false)).join();
  assert.match(found, /shard-online-color on status-online: \d/);
  assert.match(found, /online and offline \(normal\): ΔE/);
});
