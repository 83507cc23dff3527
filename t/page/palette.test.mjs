// The shipped palette: contrast, and how well states are told apart without all cones.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { ciede2000, colour, contrast, distance, faults, figures } from '../../scripts/palette.mjs';

const css = readFileSync(new URL('../../htdocs/assets/main.css', import.meta.url), 'utf8');
const near = (found, wanted) => assert.ok(Math.abs(found - wanted) < 0.005, `${found} is not ${wanted}`);

test('the measures agree with published values', () => {
  near(contrast([0, 0, 0], [1, 1, 1]), 21);
  near(contrast([119 / 255, 119 / 255, 119 / 255], [1, 1, 1]), 4.48);
  near(distance([50, 0, 0], [50, 3, 4]), 5);
  near(ciede2000([50, 2.6772, -79.7751], [50, 0, -82.7485]), 2.0425);
  near(ciede2000([50, 2.5, 0], [73, 25, -18]), 27.1492);
});

test('colours are read as a browser would', () => {
  const known = { a: '#fff', b: 'light-dark(#000, var(--a))', c: 'color-mix(in srgb, var(--a) 25%, #000)' };
  assert.deepEqual(colour('var(--b)', known, false), [0, 0, 0]);
  assert.deepEqual(colour('var(--b)', known, true), [1, 1, 1]);
  assert.deepEqual(colour('var(--c)', known, false), [0.25, 0.25, 0.25]);
  assert.throws(() => colour('rebeccapurple', known, false), /not understood/);
});

for (const dark of [false, true]) {
  test(`the palette keeps its promises, ${dark ? 'dark' : 'light'}`, () => {
    const found = figures(css, dark);
    assert.ok(found.contrasts.length > 15 && found.differences.length === 24);
    assert.deepEqual(faults(found), []);
  });
}

test('a palette that does not is found out', () => {
  const pale = css.replace(/--status-online: #\w+/, '--status-online: #ff6a4f');
  const found = faults(figures(pale, false)).join();
  assert.match(found, /shard-online-color on status-online: \d/);
  assert.match(found, /online and offline \(normal\): ΔE/);
});
