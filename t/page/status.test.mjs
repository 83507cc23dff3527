// What the page asks the status documents for, and how often.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { load } from './modules.mjs';

const { Board } = await load('board.js');
const { Status } = await load('status.js');

let board, status, asked, answer;

beforeEach(() => {
  board = new Board();
  board.hello({
    timeout: 30,
    clusters: [
      { name: 'two words', states: '3302' },
      { name: 'patron', states: '1' },
    ],
  });
  status = new Status('/api/status', board);
  asked = [];
  answer = (url) => ({
    ok: true,
    json: async () => ({
      id: Number(url.split('/').pop()),
      state: 3,
      silent: 2,
      since: 60,
      reported: 3,
    }),
  });
  globalThis.fetch = async (url) => {
    asked.push(url);
    return answer(url);
  };
});

const hits = (...ids) => ids.map((id) => ({ index: 0, id }));
const look = ({ index, id }) => board.clusters[index].shard(id, Date.now());
const shard = (id) => look({ index: 0, id });

test("asks for the times that are not known, by the cluster's encoded name", async () => {
  await status.learn(look, hits(0, 1));
  assert.deepEqual(asked, ['/api/status/two%20words/0', '/api/status/two%20words/1']);
  assert.equal(Math.round(shard(0).since), 60);
  assert.equal(shard(0).reported, 3);
});

test('takes the times and the reported state, never the state itself', async (t) => {
  t.mock.method(Date, 'now', () => 1e12);
  t.mock.method(performance, 'now', () => 1e12);
  answer = () => ({
    ok: true,
    json: async () => ({ id: 0, state: 1, silent: 52, since: 22, reported: 3 }),
  });
  await status.learn(look, [{ index: 1, id: 0 }, ...hits(0)]);
  assert.deepEqual(look({ index: 1, id: 0 }), { state: 1, silent: 52, since: 22, reported: 3 });
  assert.deepEqual(shard(0), { state: 3, silent: NaN, since: NaN, reported: undefined });
});

test('does not ask for a shard that never reported, nor for times that events told', async () => {
  board.update({ clusters: { 'two words': { 4: '0' } } }, Date.now());
  await status.learn(look, hits(2, 0));
  assert.deepEqual(asked, []);
});

test('asks again once an online shard seems silent for longer than the timeout', async (t) => {
  t.mock.method(Date, 'now', () => 1e12);
  t.mock.method(performance, 'now', () => 1e12);
  await status.learn(look, hits(0), hits(0)[0]);
  assert.equal(asked.length, 2);
  Date.now.mock.mockImplementation(() => 1e12 + 28e3);
  performance.now.mock.mockImplementation(() => 1e12 + 28e3);
  await status.learn(look, hits(0), hits(0)[0]);
  assert.equal(asked.length, 2, 'heard 30 s ago at most');
  Date.now.mock.mockImplementation(() => 1e12 + 40e3);
  performance.now.mock.mockImplementation(() => 1e12 + 40e3);
  await status.learn(look, hits(0));
  assert.equal(asked.length, 3);
  assert.equal(shard(0).silent, 2);
});

test('does not ask for the heartbeat of an offline shard, unless in detail', async (t) => {
  t.mock.method(Date, 'now', () => 1e12);
  t.mock.method(performance, 'now', () => 1e12);
  board.update({ clusters: { 'two words': { 2: '3' } } }, 1e12);
  Date.now.mock.mockImplementation(() => 1e12 + 600e3);
  performance.now.mock.mockImplementation(() => 1e12 + 600e3);
  await status.learn(look, hits(3));
  assert.deepEqual(asked, [], 'for 10 min');
  await status.learn(look, [], hits(3)[0]);
  assert.equal(asked.length, 1, 'the detail shows when it was heard');
});

test('asks for the state that the bot reported, which is in no event', async () => {
  board.update({ clusters: { 'two words': { 4: '0' } } }, Date.now());
  await status.learn(look, [], { index: 0, id: 0 });
  await status.learn(look, [], { index: 0, id: 2 });
  assert.equal(asked.length, 2);
});

test('a server that does not answer is not asked again with every event', async () => {
  for (const failure of [
    () => ({ ok: false }),
    () => {
      throw new TypeError('no network');
    },
    () => ({ ok: true, json: async () => JSON.parse('<') }),
  ]) {
    status = new Status('/api/status', board);
    asked = [];
    answer = failure;
    for (let event = 0; event < 5; event++) await status.learn(look, hits(0), { index: 0, id: 0 });
    assert.equal(asked.length, 2, 'once for the times, once for the detail');
    assert.ok(Number.isNaN(shard(0).since));
  }
});

test('a server that does not answer is asked again after a change of state', async () => {
  answer = () => ({ ok: false });
  await status.learn(look, [], { index: 0, id: 0 });
  board.update({ clusters: { 'two words': { 4: '0' } } }, Date.now());
  await status.learn(look, [], { index: 0, id: 0 });
  assert.equal(asked.length, 2);
});

test('an answer about clusters that are gone is dropped', async () => {
  answer = (url) => {
    board.hello({ timeout: 30, clusters: [{ name: 'other', states: '3' }] });
    return {
      ok: true,
      json: async () => ({ id: 0, state: 3, silent: 2, since: 60, reported: 3 }),
      url,
    };
  };
  await status.learn(look, hits(0));
  assert.equal(shard(0).reported, undefined);
});

test('asks for all at once, and takes the shards of the board', async () => {
  const list = [0, 1, 3, 7].map((id) => ({
    id,
    state: [3, 3, 0, 2][id] ?? 3,
    silent: 2,
    since: 60,
    reported: 3,
  }));
  answer = () => ({
    ok: true,
    json: async () => ({
      clusters: [
        { name: 'two words', list },
        { name: 'strange', list },
      ],
    }),
  });
  await status.learnAll();
  assert.deepEqual(asked, ['/api/status']);
  assert.deepEqual(
    [0, 1, 2].map((id) => shard(id).reported),
    [3, 3, undefined],
  );
});

test('asks for all at once: not again for a while, not where all times are known', async (t) => {
  t.mock.method(Date, 'now', () => 1e12);
  t.mock.method(performance, 'now', () => 1e12);
  answer = () => ({ ok: false });
  await status.learnAll();
  await status.learnAll();
  assert.equal(asked.length, 1, 'a failure is not asked again at once');
  Date.now.mock.mockImplementation(() => 1e12 + 11e3);
  performance.now.mock.mockImplementation(() => 1e12 + 11e3);
  const list = (...states) =>
    states.map((state, id) => ({ id, state, silent: 2, since: 60, reported: 3 }));
  answer = () => ({
    ok: true,
    json: async () => ({
      clusters: [
        { name: 'two words', list: list(3, 3, 0, 2) },
        { name: 'patron', list: list(1) },
      ],
    }),
  });
  await status.learnAll();
  assert.equal(asked.length, 2, 'but later');
  Date.now.mock.mockImplementation(() => 1e12 + 22e3);
  performance.now.mock.mockImplementation(() => 1e12 + 22e3);
  await status.learnAll();
  assert.equal(asked.length, 2, 'and no more when all is known');
});

test('an answer for all about clusters that are gone is dropped', async () => {
  answer = (url) => {
    board.hello({ timeout: 30, clusters: [{ name: 'two words', states: '3' }] });
    return {
      ok: true,
      json: async () => ({
        clusters: [
          { name: 'two words', list: [{ id: 0, state: 3, silent: 2, since: 60, reported: 3 }] },
        ],
      }),
      url,
    };
  };
  await status.learnAll();
  assert.equal(shard(0).reported, undefined);
});
