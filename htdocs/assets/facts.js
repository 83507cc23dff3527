// What legend and detail tell. SPDX-License-Identifier: ISC
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

/** What it means to be in a state; `timeout` is in seconds. */
export const meaning = (state, timeout) => (state === UNHEALTHY ? `Silent for longer than ${age(timeout)}.` : MEANINGS[state]);

/** What the bot last said, when it was last heard, how long it is in this state; `gap` stands for
 *  what is missing. */
export function facts({ state, silent, since, reported }, gap) {
  return [
    STATES[reported] ?? (state ? gap : 'nothing'),
    silent >= 0 ? `${age(silent)} ago` : state ? gap : 'never',
    since >= 0 ? `for ${age(since)}` : gap,
  ];
}
