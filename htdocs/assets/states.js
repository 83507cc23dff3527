// The states of a shard, and the texts for them. SPDX-License-Identifier: ISC

/** @typedef {import('./board.js').Shard} Shard */

export const STATES = [
  'unknown',
  'unhealthy',
  'offline',
  'online',
  'starting',
  'stopping',
  'resuming',
];
export const UNHEALTHY = 1;
export const OFFLINE = 2;
export const ONLINE = 3;
/** Online, then the others by how much they matter. */
export const ORDER = [3, 2, 1, 5, 4, 6, 0];

/** @type {[number, string][]} */
const UNITS = [
  [86400, 'd'],
  [3600, 'h'],
  [60, 'min'],
];

/**
 * "8 s", "5 min", "3 h", "2 d", rounded down.
 * @param {number} seconds
 */
export function age(seconds) {
  const [size, unit] = UNITS.find(([least]) => seconds >= least) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/**
 * "20,000"
 * @param {number} n
 */
export const count = (n) => n.toLocaleString('en');

/** @param {number} state */
export const title = (state) => STATES[state].replace(/^./, (letter) => letter.toUpperCase());

/**
 * "heard 8 s ago", "silent 52 s", "for 3 min"; empty where the time is not known.
 * @param {Shard} shard
 */
export function time({ state, silent, since }) {
  if (!state) return 'never heard';
  if (state === ONLINE) return silent >= 0 ? `heard ${age(silent)} ago` : '';
  if (state === UNHEALTHY) return silent >= 0 ? `silent ${age(silent)}` : '';
  return since >= 0 ? `for ${age(since)}` : '';
}

/** @param {string[]} parts */
const words = (...parts) => parts.filter(Boolean).join(', ');

/**
 * "Shard 17, unhealthy, silent 52 s"
 * @param {number} id
 * @param {Shard} shard
 */
export const label = (id, shard) => `Shard ${id}, ${words(STATES[shard.state], time(shard))}`;

/**
 * "main: shard 17 of 360, Online, heard 8 s ago"; short: "main: shard 17, …"
 * @param {{ name: string, size: number }} cluster
 * @param {number} id
 * @param {Shard} shard
 */
export function sentence({ name, size }, id, shard, short = false) {
  const total = short ? '' : ` of ${count(size)}`;
  return `${name}: shard ${id}${total}, ${words(title(shard.state), time(shard))}`;
}

/**
 * "All 360 shards are online", "40 of 360 shards are not online"
 * @param {number[]} counts by state
 */
export function headline(counts) {
  const total = counts.reduce((sum, n) => sum + n);
  const bad = total - counts[ONLINE];
  if (counts[0] === total) return 'No shard has reported yet';
  if (total === 1) return `The shard is ${STATES[counts.indexOf(1)]}`;
  if (!bad) return `All ${count(total)} shards are online`;
  return `${count(bad)} of ${count(total)} shards ${bad > 1 ? 'are' : 'is'} not online`;
}
