// The words. SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './modules.mjs';

const { ORDER, STATES, age, count, headline, label, sentence, time, title } =
  await load('states.js');
const { facts, meaning } = await load('facts.js');

test('the seven states in the order of their numbers', () => {
  assert.deepEqual(STATES, [
    'unknown',
    'unhealthy',
    'offline',
    'online',
    'starting',
    'stopping',
    'resuming',
  ]);
  assert.deepEqual([...ORDER].sort(), [0, 1, 2, 3, 4, 5, 6]);
});

test('ages, rounded down', () => {
  const ages = [
    [0, '0 s'],
    [8.9, '8 s'],
    [59.99, '59 s'],
    [60, '1 min'],
    [3599, '59 min'],
    [3600, '1 h'],
    [86399, '23 h'],
    [86400, '1 d'],
    [1e7, '115 d'],
  ];
  for (const [seconds, text] of ages) assert.equal(age(seconds), text);
});

test('the time that matters in each state, or nothing where it is not known', () => {
  const known = { silent: 52, since: 180 };
  const words = [
    'never heard',
    'silent 52 s',
    'for 3 min',
    'heard 52 s ago',
    'for 3 min',
    'for 3 min',
    'for 3 min',
  ];
  words.forEach((text, state) => assert.equal(time({ state, ...known }), text));
  for (const state of [1, 2, 3, 4, 5, 6])
    assert.equal(time({ state, silent: NaN, since: NaN }), '');
});

test('one sentence a shard', () => {
  const shard = { state: 3, silent: 8, since: 100 };
  assert.equal(
    sentence({ name: 'main', size: 360 }, 17, shard),
    'main: shard 17 of 360, Online, heard 8 s ago',
  );
  assert.equal(
    sentence({ name: 'main', size: 20000 }, 1234, { ...shard, state: 1 }),
    'main: shard 1234 of 20,000, Unhealthy, silent 8 s',
  );
  assert.equal(
    sentence({ name: 'main', size: 60 }, 17, { state: 0 }, true),
    'main: shard 17, Unknown, never heard',
  );
});

test('the name of a tile, with the time where it is known', () => {
  assert.equal(label(17, { state: 1, silent: 52 }), 'Shard 17, unhealthy, silent 52 s');
  assert.equal(label(17, { state: 3 }), 'Shard 17, online');
  assert.equal(title(5), 'Stopping');
});

test('numbers are grouped as in English', () => {
  for (const [n, text] of [
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [20000, '20,000'],
    [1000000, '1,000,000'],
  ])
    assert.equal(count(n), text);
});

test('the detail: what the bot last said, when the last heartbeat was, since when', () => {
  assert.deepEqual(facts({ state: 1, silent: 52, since: 22, reported: 3 }, '…'), {
    reported: 'online',
    heartbeat: '52 s ago',
    since: 'for 22 s',
  });
  assert.deepEqual(facts({ state: 0, silent: NaN, since: 90, reported: null }, '…'), {
    reported: 'nothing',
    heartbeat: 'never',
    since: 'for 1 min',
  });
  assert.deepEqual(
    facts({ state: 0, silent: 7, since: 90, reported: 0 }, '…'),
    { reported: 'unknown', heartbeat: '7 s ago', since: 'for 1 min' },
    'a bot may say so',
  );
  assert.deepEqual(facts({ state: 2, silent: NaN, since: NaN }, 'not known'), {
    reported: 'not known',
    heartbeat: 'not known',
    since: 'not known',
  });
  assert.deepEqual(facts({ state: 2, silent: 3, since: NaN }, '…'), {
    reported: '…',
    heartbeat: '3 s ago',
    since: '…',
  });
});

test('what each state means, one sentence a state', () => {
  assert.equal(meaning(1, 90), 'Silent for longer than 1 min.');
  assert.equal(new Set(STATES.map((_, state) => meaning(state, 30))).size, STATES.length);
  for (const state of STATES.keys()) assert.match(meaning(state, 30), /^[A-Z].*\.$/);
});

test('the headline', () => {
  const headlines = [
    [[0, 0, 0, 360, 0, 0, 0], 'All 360 shards are online'],
    [[0, 4, 36, 320, 0, 0, 0], '40 of 360 shards are not online'],
    [[0, 0, 1, 19999, 0, 0, 0], '1 of 20,000 shards is not online'],
    [[60, 0, 0, 0, 0, 0, 0], 'No shard has reported yet'],
    [[0, 0, 0, 1, 0, 0, 0], 'The shard is online'],
    [[0, 1, 0, 0, 0, 0, 0], 'The shard is unhealthy'],
  ];
  for (const [counts, text] of headlines) assert.equal(headline(counts), text);
});
