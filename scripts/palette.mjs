#!/usr/bin/env node
// palette.mjs - contrast and colour-blind figures of the page's own palette, read from its style
// sheet. Fails when a figure is below what the page promises.
// SPDX-License-Identifier: ISC
//
//   make -f Makefile.apxs npm && node scripts/palette.mjs
//
// Contrast: WCAG 2.2, relative luminance. Colour blindness: dichromats by the matrices of
// Machado, Oliveira and Fernandes (2009, severity 1), in linear RGB. Difference: CIE 1976, the
// distance in Lab, for the promise; CIEDE2000, which is stricter with strong colours, beside it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// The tests' packages: there are none beside the scripts.
const culori = createRequire(new URL('../t/page/package.json', import.meta.url))('culori');
const { differenceCie76, differenceCiede2000, interpolate, wcagContrast } = culori;

const CSS = new URL('../htdocs/assets/main.css', import.meta.url);
const EYES = {
  normal: (rgb) => rgb,
  protan: culori.filterDeficiencyProt(1),
  deutan: culori.filterDeficiencyDeuter(1),
  tritan: culori.filterDeficiencyTrit(1),
};

// ---- the style sheet's colours -------------------------------------------------------------

/** The custom properties of the first :root, as they are written. */
export function properties(css) {
  const [, block] = /:root\s*\{([^}]*)\}/.exec(css);
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value.trim()]),
  );
}

/** Splits at the commas that are outside of parentheses. */
function split(text) {
  const parts = [''];
  let depth = 0;
  for (const letter of text) {
    depth += { '(': 1, ')': -1 }[letter] ?? 0;
    if (letter === ',' && !depth) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}

/** A value as culori's colour. Only the notations that the style sheet uses are understood. */
export function colour(value, known, dark) {
  const [, name, inside] = /^([\w-]+)\((.*)\)$/.exec(value) ?? [];
  if (name === 'var') return colour(known[inside.slice(2)], known, dark);
  if (name === 'light-dark') return colour(split(inside)[Number(dark)], known, dark);
  if (name === 'color-mix') return mix(split(inside), known, dark);
  if (!value.startsWith('#')) throw new Error(`not understood: ${value}`);
  return culori.rgb(value);
}

function mix([space, first, second], known, dark) {
  const [, one, percent] = /^(.*) (\d+)%$/.exec(first) ?? [];
  if (space !== 'in srgb' || !one) throw new Error(`not understood: ${space}, ${first}`);
  const ends = [colour(second, known, dark), colour(one, known, dark)];
  return interpolate(ends, 'rgb')(percent / 100);
}

/** As an eye sees a colour. The matrices are for linear RGB, and culori applies them as given. */
function seen(value, eye) {
  const { r, g, b } = culori.lrgb(value);
  const { r: red, g: green, b: blue } = eye({ mode: 'rgb', r, g, b });
  return culori.clampRgb({ mode: 'lrgb', r: red, g: green, b: blue });
}

// ---- what the page promises ------------------------------------------------------------------

// [what, on what, at least]: 4.5 for text, 3 for what only has to be seen.
const CONTRASTS = [
  ['fg', 'bg', 7],
  ['fg-soft', 'bg', 4.5],
  ['fg-soft', 'panel', 4.5],
  ['accent', 'bg', 4.5],
  ['accent', 'panel', 4.5],
  ['warn', 'bg', 4.5],
  ['field', 'bg', 3],
  ['shard-online-color', 'status-online', 4.5],
  ['shard-text-color', 'status-unhealthy', 4.5],
  ['shard-text-color', 'status-offline', 4.5],
  ['shard-text-color', 'status-starting', 4.5],
  ['shard-text-color', 'status-stopping', 4.5],
  ['shard-text-color', 'status-resuming', 4.5],
  ['status-online', 'bg', 3],
  ['status-unhealthy-border', 'bg', 3],
  ['status-offline', 'bg', 3],
  ['status-starting', 'bg', 3],
  ['status-unknown', 'bg', 3],
  ['guild-tag-color', 'guild-ring-color', 7],
];
// Starting, stopping and resuming share a colour: their signs tell them apart.
const STATES = ['online', 'unhealthy', 'offline', 'starting'];
const PAIRS = STATES.flatMap((one, at) => STATES.slice(at + 1).map((other) => [one, other]));
const DISTANCE = 22;
const cie76 = differenceCie76();
const ciede2000 = differenceCiede2000();

/**
 * The figures of a colour scheme: contrasts {what, on, ratio, wanted} and differences
 * {eye, one, other, cie76, ciede2000}.
 */
export function figures(css, dark) {
  const known = properties(css);
  const of = (name) => colour(known[name], known, dark);
  const contrasts = CONTRASTS.map(([what, on, wanted]) => {
    return { what, on, ratio: wcagContrast(of(what), of(on)), wanted };
  });
  const differences = Object.entries(EYES).flatMap(([eye, filter]) =>
    PAIRS.map(([one, other]) => {
      const pair = [one, other].map((state) => seen(of(`status-${state}`), filter));
      return { eye, one, other, cie76: cie76(...pair), ciede2000: ciede2000(...pair) };
    }),
  );
  return { contrasts, differences };
}

/** A sentence for each figure that is below what the page promises. */
export function faults({ contrasts, differences }) {
  const pale = contrasts.filter(({ ratio, wanted }) => ratio < wanted);
  const alike = differences.filter((one) => one.cie76 < DISTANCE);
  return [
    ...pale.map(
      ({ what, on, ratio, wanted }) => `${what} on ${on}: ${ratio.toFixed(2)}, not ${wanted}`,
    ),
    ...alike.map(
      ({ eye, one, other, cie76: far }) =>
        `${one} and ${other} (${eye}): ΔE ${far.toFixed(1)}, not ${DISTANCE}`,
    ),
  ];
}

// ---- the report --------------------------------------------------------------------------------

function report(css) {
  for (const dark of [false, true]) {
    const found = figures(css, dark);
    console.log(`\n${dark ? 'dark' : 'light'}\n`);
    for (const { what, on, ratio, wanted } of found.contrasts) {
      console.log(`  ${ratio.toFixed(2).padStart(5)}  (${wanted})  ${what} on ${on}`);
    }
    for (const fault of faults(found)) {
      console.log(`  too little: ${fault}`);
      process.exitCode = 1;
    }
    if (!dark) reportDifferences(found.differences);
  }
}

/** The states' colours are the same in both schemes. */
function reportDifferences(differences) {
  console.log('\n  difference of the closest states, in either scheme: CIE 1976, CIEDE2000\n');
  for (const eye of Object.keys(EYES)) {
    for (const [name, by] of [
      ['CIE 1976 ', 'cie76'],
      ['CIEDE2000', 'ciede2000'],
    ]) {
      const mine = differences.filter((one) => one.eye === eye);
      const [closest] = mine.sort((a, b) => a[by] - b[by]);
      const far = closest[by].toFixed(1).padStart(5);
      console.log(`  ${far}  ${name}  ${eye}: ${closest.one} and ${closest.other}`);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) report(readFileSync(CSS, 'utf8'));
