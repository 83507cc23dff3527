// The board: hello, update and health, applied by difference.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './modules.mjs';

const { Board, eachId } = await load('board.js');

const NOW = 1732428000000;
const hello = (...clusters) => ({
  timeout: 30,
  clusters: clusters.map(([name, states]) => ({ name, states })),
});

function ids(ranges, size = 100) {
  const found = [];
  eachId(ranges, size, (id) => found.push(id));
  return found;
}

/** Sets what a status document tells. */
function told({ clusters: [cluster] }, id, silent, since) {
  cluster.heartbeats[id] = NOW - silent * 1000;
  cluster.since[id] = NOW - since * 1000;
  cluster.reported.set(id, 3);
}

function board(...clusters) {
  const fresh = new Board();
  fresh.hello(hello(...clusters));
  return fresh;
}

test('ranges: single ids, spans, and nothing', () => {
  assert.deepEqual(ids('17'), [17]);
  assert.deepEqual(ids('0-3,7,9-10'), [0, 1, 2, 3, 7, 9, 10]);
  assert.deepEqual(ids(''), []);
});

test('ranges never leave the cluster', () => {
  assert.deepEqual(ids('3-1000000000', 5), [3, 4]);
  assert.deepEqual(ids('5', 5), []);
  assert.deepEqual(ids('x,2-y,-1'), []);
});

test('the first hello makes the clusters', () => {
  const fresh = new Board();
  assert.equal(fresh.hello(hello(['main', '3312'], ['patron', '0'])), null);
  assert.deepEqual(
    fresh.clusters.map(({ name, size }) => [name, size]),
    [
      ['main', 4],
      ['patron', 1],
    ],
  );
  assert.deepEqual([...fresh.clusters[0].states], [3, 3, 1, 2]);
  assert.deepEqual(fresh.counts(), [1, 1, 1, 2, 0, 0, 0]);
});

test('another hello of the same clusters is applied by difference', () => {
  const known = board(['main', '3333'], ['patron', '00']);
  const clusters = known.clusters;
  assert.deepEqual(known.hello(hello(['main', '3323'], ['patron', '03'])), [
    { index: 0, id: 2 },
    { index: 1, id: 1 },
  ]);
  assert.equal(known.clusters, clusters, 'the clusters stay the same objects');
  assert.deepEqual(known.counts(), [1, 0, 1, 4, 0, 0, 0]);
});

test('other names, sizes or order are other clusters', () => {
  for (const other of [
    [['main', '333']],
    [['more', '33']],
    [
      ['b', '33'],
      ['main', '33'],
    ],
  ]) {
    assert.equal(board(['main', '33']).hello(hello(...other)), null);
  }
});

test('an update sets states and returns the changes only', () => {
  const known = board(['main', '333333']);
  assert.deepEqual(known.update({ clusters: { main: { 2: '1-2', 3: '0' } } }, NOW), [
    { index: 0, id: 1 },
    { index: 0, id: 2 },
  ]);
  assert.deepEqual(known.counts(), [0, 0, 2, 4, 0, 0, 0]);
});

test('an update of unknown clusters changes nothing', () => {
  assert.deepEqual(
    board(['main', '3']).update({ clusters: { other: { 2: '0' }, toString: { 2: '0' } } }, NOW),
    [],
  );
});

test('a change is a heartbeat, and begins a state', () => {
  const known = board(['main', '3']);
  known.update({ clusters: { main: { 2: '0' } } }, NOW);
  assert.deepEqual(known.clusters[0].shard(0, NOW + 3000), {
    state: 2,
    silent: 3,
    since: 3,
    reported: undefined,
  });
});

test('an unhealthy shard is silent for the timeout, or since its last heartbeat', () => {
  const known = board(['main', '33']);
  known.health({ clusters: { main: '1' } }, NOW - 31000);
  known.update({ clusters: { main: { 1: '0-1' } } }, NOW);
  assert.equal(known.clusters[0].shard(0, NOW).silent, 30);
  assert.equal(known.clusters[0].shard(1, NOW).silent, 31);
});

test('the time of a change during an absence is not known', () => {
  const known = board(['main', '33']);
  known.health({ clusters: { main: '0-1' } }, NOW);
  known.update({ clusters: { main: { 2: '0' } } }, NaN);
  known.hello(hello(['main', '22']));
  for (const id of [0, 1]) {
    assert.deepEqual(known.clusters[0].shard(id, NOW), {
      state: 2,
      silent: NaN,
      since: NaN,
      reported: undefined,
    });
  }
});

test('nor of a shard that has changed and changed back in an absence', () => {
  const known = board(['main', '333']);
  known.health({ clusters: { main: '0-2' } }, NOW);
  told(known, 1, 0, 60);
  assert.deepEqual(
    known.update({ clusters: { main: { 3: '1' } } }, NaN),
    [],
    'and it is no change',
  );
  const nothing = { state: 3, silent: NaN, since: NaN, reported: undefined };
  assert.deepEqual(known.clusters[0].shard(1, NOW), nothing);
  assert.equal(known.clusters[0].shard(0, NOW).silent, 0);
  assert.deepEqual(known.hello(hello(['main', '333'])), []);
  assert.deepEqual(known.clusters[0].shard(0, NOW), nothing, 'a hello may come after an absence');
  assert.deepEqual(known.counts(), [0, 0, 0, 3, 0, 0, 0]);
});

test('a change and back in one update began just now', () => {
  const known = board(['main', '3']);
  told(known, 0, 1, 60);
  assert.deepEqual(known.update({ clusters: { main: { 3: '0' } } }, NOW), []);
  assert.equal(known.clusters[0].shard(0, NOW + 2000).since, 2);
});

test('a silence longer than the timeout is unknown unless the shard is unhealthy', () => {
  const known = board(['main', '31']);
  for (const id of [0, 1]) told(known, id, 0, 60);
  const {
    clusters: [cluster],
  } = known;
  assert.equal(cluster.shard(0, NOW + 32000).silent, 32, 'the sweep may be late');
  assert.ok(Number.isNaN(cluster.shard(0, NOW + 32001).silent));
  assert.equal(cluster.shard(1, NOW + 600000).silent, 600);
  known.update({ clusters: { main: { 1: '0' } } }, NOW + 600000);
  assert.equal(
    cluster.shard(0, NOW + 600000).silent,
    30,
    'not since the last heartbeat that was received',
  );
});

test('health is a heartbeat and no change', () => {
  const known = board(['main', '3333']);
  assert.deepEqual(known.health({ clusters: { main: '1,3' } }, NOW), [
    { index: 0, id: 1 },
    { index: 0, id: 3 },
  ]);
  assert.equal(known.clusters[0].shard(3, NOW + 8000).silent, 8);
  assert.ok(Number.isNaN(known.clusters[0].shard(0, NOW).silent));
});

test('what the bot said is forgotten with the next change', () => {
  const known = board(['main', '3']);
  told(known, 0, 1, 1);
  known.update({ clusters: { main: { 2: '0' } } }, NOW);
  assert.equal(known.clusters[0].shard(0, NOW).reported, undefined);
});

test('ages never run backwards', () => {
  const known = board(['main', '3']);
  known.health({ clusters: { main: '0' } }, NOW);
  assert.equal(known.clusters[0].shard(0, NOW - 5000).silent, 0);
});

test('what is in trouble comes worst first, and no more than asked for', () => {
  const known = board(['main', '0123456'], ['patron', '32']);
  assert.deepEqual(known.first(50), [
    { index: 0, id: 2 },
    { index: 1, id: 1 },
    { index: 0, id: 1 },
    { index: 0, id: 5 },
    { index: 0, id: 4 },
    { index: 0, id: 6 },
    { index: 0, id: 0 },
  ]);
  assert.equal(known.first(3).length, 3);
  assert.equal(board(['main', '2'.repeat(100)]).first(50).length, 50);
});

test('the shards in one state, over all clusters', () => {
  const known = board(['main', '0323'], ['patron', '33']);
  assert.deepEqual(known.first(50, [3]), [
    { index: 0, id: 1 },
    { index: 0, id: 3 },
    { index: 1, id: 0 },
    { index: 1, id: 1 },
  ]);
  assert.deepEqual(known.first(50, [6]), []);
});
