// What the legend and the detail say about a shard. SPDX-License-Identifier: ISC
import { STATES, UNHEALTHY, age } from './states.js';

const MEANINGS = [
  'Has not reported yet.',
  '',
  'Not connected to Discord.',
  'Connected and heard from in time.',
  'Connecting for the first time.',
  'Being shut down on purpose.',
  'Taking up a connection that it lost.',
];

/**
 * What it means to be in a state.
 * @param {number} state
 * @param {number} timeout in seconds
 */
export function meaning(state, timeout) {
  return state === UNHEALTHY ? `Silent for longer than ${age(timeout)}.` : MEANINGS[state];
}

/**
 * What the bot reported last, when the last heartbeat was, and how long the state lasts.
 * @param {import('./board.js').Shard} shard
 * @param {string} gap stands for what is not known
 */
export function facts({ state, silent, since, reported }, gap) {
  return {
    reported: STATES[reported ?? NaN] ?? (state ? gap : 'nothing'),
    heartbeat: silent >= 0 ? `${age(silent)} ago` : state ? gap : 'never',
    since: since >= 0 ? `for ${age(since)}` : gap,
  };
}
