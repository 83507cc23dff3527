#!/usr/bin/env node
// palette.mjs - contrast and colour-blind figures of the page's own palette, read from its
// style sheet. Fails when a figure is below what the page promises.
// SPDX-License-Identifier: ISC
//
//   node scripts/palette.mjs
//
// Contrast: WCAG 2.2, relative luminance. Colour blindness: dichromats by the matrices of
// Machado, Oliveira and Fernandes (2009, severity 1), in linear RGB. Difference: CIE 1976, the
// distance in Lab, for the promise; CIEDE2000, which is stricter with strong colours, beside it.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const CSS = new URL('../htdocs/assets/main.css', import.meta.url);
const PROTAN = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]];
const DEUTAN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]];
const TRITAN = [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]];
const NORMAL = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const EYES = { normal: NORMAL, protan: PROTAN, deutan: DEUTAN, tritan: TRITAN };

// ---- the style sheet's colours -------------------------------------------------------------

/** The custom properties of :root, as they are written. */
export function properties(css) {
  const [, block] = /:root\s*\{([^}]*)\}/.exec(css);
  return Object.fromEntries([...block.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value.trim()]));
}

/** Splits at the commas that are outside of parentheses. */
function parts(text) {
  const found = [''];
  let depth = 0;
  for (const letter of text) {
    depth += { '(': 1, ')': -1 }[letter] ?? 0;
    if (letter === ',' && !depth) found.push('');
    else found[found.length - 1] += letter;
  }
  return found.map((part) => part.trim());
}

/** [red, green, blue] of 0 to 1: knows what the style sheet uses, and refuses all else. */
export function colour(value, known, dark) {
  const [, name, inside] = /^([\w-]+)\((.*)\)$/.exec(value) ?? [];
  if (name === 'var') return colour(known[inside.slice(2)], known, dark);
  if (name === 'light-dark') return colour(parts(inside)[Number(dark)], known, dark);
  if (name === 'color-mix') {
    const [space, first, second] = parts(inside);
    const [, one, percent] = /^(.*) (\d+)%$/.exec(first) ?? [];
    if (space !== 'in srgb' || !one) throw new Error(`not understood: ${value}`);
    const [a, b] = [colour(one, known, dark), colour(second, known, dark)];
    return a.map((part, at) => part * (percent / 100) + b[at] * (1 - percent / 100));
  }
  const [, digits] = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(value) ?? [];
  if (!digits) throw new Error(`not understood: ${value}`);
  const size = digits.length / 3;
  return [0, 1, 2].map((at) => parseInt(digits.slice(at * size, at * size + size).padStart(2, digits[at]), 16) / 255);
}

// ---- measures --------------------------------------------------------------------------------

const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, factor, at) => sum + factor * vector[at], 0));

export function contrast(one, other) {
  const [low, high] = [one, other]
    .map((rgb) => times([[0.2126, 0.7152, 0.0722]], rgb.map(linear))[0] + 0.05)
    .sort((a, b) => a - b);
  return high / low;
}

function lab(rgb, eye) {
  const seen = times(eye, rgb.map(linear)).map((part) => Math.min(1, Math.max(0, part)));
  const [x, y, z] = times([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]], seen);
  const [fx, fy, fz] = [x / 0.95047, y, z / 1.08883].map((t) => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389 / 27 + 16) / 116));
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/** CIE 1976: the distance of two colours in Lab. */
export const distance = (one, other) => Math.hypot(...one.map((part, at) => part - other[at]));

/** CIEDE2000 of the same. */
export function ciede2000([l1, a1, b1], [l2, a2, b2]) {
  const { hypot, atan2, sin, cos, exp, sqrt, abs, PI } = Math;
  const degrees = (angle) => (angle * PI) / 180;
  const mean = (hypot(a1, b1) + hypot(a2, b2)) / 2;
  const g = (1 - sqrt(mean ** 7 / (mean ** 7 + 25 ** 7))) / 2;
  const [p1, p2] = [a1 * (1 + g), a2 * (1 + g)];
  const [c1, c2] = [hypot(p1, b1), hypot(p2, b2)];
  const hue = (b, a) => (a || b ? ((atan2(b, a) * 180) / PI + 360) % 360 : 0);
  const [h1, h2] = [hue(b1, p1), hue(b2, p2)];
  let turn = c1 * c2 ? h2 - h1 : 0;
  if (turn > 180) turn -= 360;
  if (turn < -180) turn += 360;
  const [dl, dc, dh] = [l2 - l1, c2 - c1, 2 * sqrt(c1 * c2) * sin(degrees(turn / 2))];
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  let h = h1 + h2;
  if (c1 * c2) h = abs(h1 - h2) <= 180 ? h / 2 : (h + (h < 360 ? 360 : -360)) / 2;
  const t = 1 - 0.17 * cos(degrees(h - 30)) + 0.24 * cos(degrees(2 * h)) + 0.32 * cos(degrees(3 * h + 6)) - 0.2 * cos(degrees(4 * h - 63));
  const sl = 1 + (0.015 * (l - 50) ** 2) / sqrt(20 + (l - 50) ** 2);
  const [sc, sh] = [1 + 0.045 * c, 1 + 0.015 * c * t];
  const rt = -2 * sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * sin(degrees(60 * exp(-(((h - 275) / 25) ** 2))));
  return sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * (dc / sc) * (dh / sh));
}

// ---- what the page promises --------------------------------------------------------------------

// [what, on what, at least]: 4.5 for text, 3 for what only has to be seen.
const CONTRASTS = [
  ['fg', 'bg', 7], ['fg-soft', 'bg', 4.5], ['fg-soft', 'panel', 4.5], ['accent', 'bg', 4.5], ['accent', 'panel', 4.5],
  ['warn', 'bg', 4.5], ['field', 'bg', 3],
  ['shard-online-color', 'status-online', 4.5],
  ...['unhealthy', 'offline', 'starting', 'stopping', 'resuming'].map((state) => ['shard-text-color', `status-${state}`, 4.5]),
  ['status-online', 'bg', 3], ['status-unhealthy-border', 'bg', 3], ['status-offline', 'bg', 3], ['status-starting', 'bg', 3],
  ['status-unknown', 'bg', 3], ['guild-tag-color', 'guild-ring-color', 7],
];
// Starting, stopping and resuming share a colour: their signs tell them apart.
const STATES = ['online', 'unhealthy', 'offline', 'starting'];
const DISTANCE = 22;

/** {contrasts: [[what, on, ratio, wanted]], differences: [[eye, one, other, ΔE, CIEDE2000]]} of a scheme. */
export function figures(css, dark) {
  const known = properties(css);
  const of = (name) => colour(known[name], known, dark);
  const differences = [];
  for (const [eye, matrix] of Object.entries(EYES)) {
    STATES.forEach((one, at) => STATES.slice(at + 1).forEach((other) => {
      const pair = [one, other].map((state) => lab(of(`status-${state}`), matrix));
      differences.push([eye, one, other, distance(...pair), ciede2000(...pair)]);
    }));
  }
  return { contrasts: CONTRASTS.map(([what, on, wanted]) => [what, on, contrast(of(what), of(on)), wanted]), differences };
}

/** Everything that is below its promise, in words. */
export const faults = ({ contrasts, differences }) => [
  ...contrasts.filter(([, , ratio, wanted]) => ratio < wanted).map(([what, on, ratio, wanted]) => `${what} on ${on}: ${ratio.toFixed(2)}, not ${wanted}`),
  ...differences.filter(([, , , far]) => far < DISTANCE).map(([eye, one, other, far]) => `${one} and ${other} (${eye}): ΔE ${far.toFixed(1)}, not ${DISTANCE}`),
];

function report(css) {
  for (const dark of [false, true]) {
    const found = figures(css, dark);
    console.log(`\n${dark ? 'dark' : 'light'}\n`);
    for (const [what, on, ratio, wanted] of found.contrasts) console.log(`  ${ratio.toFixed(2).padStart(5)}  (${wanted})  ${what} on ${on}`);
    for (const fault of faults(found)) {
      console.log(`  too little: ${fault}`);
      process.exitCode = 1;
    }
    if (dark) continue;
    console.log('\n  difference of the closest states, in either scheme: CIE 1976, CIEDE2000\n');
    for (const eye of Object.keys(EYES)) {
      for (const by of [3, 4]) {
        const closest = found.differences.filter(([name]) => name === eye).sort((a, b) => a[by] - b[by])[0];
        console.log(`  ${closest[by].toFixed(1).padStart(5)}  ${['CIE 1976 ', 'CIEDE2000'][by - 3]}  ${eye}: ${closest[1]} and ${closest[2]}`);
      }
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) report(readFileSync(CSS, 'utf8'));
