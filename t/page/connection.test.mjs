// The connection: what the reader is told, and when the stream is opened anew.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './modules.mjs';

const { Connection, LIMITS, backoff } = await load('connection.js');

const T = 1732428000000;
const SECOND = 1000;

/** A connection that has been live for a minute. */
function live() {
  const connection = new Connection(T - 60 * SECOND);
  connection.opened(T - 60 * SECOND);
  connection.received(T);
  return connection;
}

test('connecting, live', () => {
  const connection = new Connection(T);
  assert.equal(connection.view(T), 'connecting');
  connection.opened(T + 10);
  assert.equal(
    connection.view(T + 10),
    'connecting',
    'an answer without an event shows nothing yet',
  );
  connection.received(T + 20);
  assert.equal(connection.view(T + 20), 'live');
  assert.equal(connection.contact, T + 20);
});

test('a server that never answers is lost after 5 s', () => {
  const connection = new Connection(T);
  assert.equal(connection.view(T + 4999), 'connecting');
  assert.equal(connection.view(T + 5000), 'lost');
  assert.equal(connection.contact, 0, 'and there is no time to show');
});

test('an attempt that hangs is given up after 15 s', () => {
  const connection = new Connection(T);
  assert.ok(!connection.due(T + 15 * SECOND - 1));
  assert.ok(connection.due(T + 15 * SECOND));
});

test('a broken stream: reconnecting for 5 s, then lost, with the time of the last event', () => {
  const connection = live();
  assert.ok(connection.streamEnded(T + 2000, false), 'the browser comes back by itself');
  assert.equal(connection.view(T + 2000), 'reconnecting');
  assert.equal(connection.view(T + 6999), 'reconnecting');
  assert.equal(connection.view(T + 7000), 'lost');
  assert.equal(connection.contact, T);
});

test('any event makes it live again', () => {
  const connection = live();
  connection.streamEnded(T, false);
  connection.opened(T + 8000);
  assert.equal(connection.view(T + 8000), 'lost');
  connection.received(T + 8001);
  assert.equal(connection.view(T + 8001), 'live');
});

test('the polling fallback is no lost connection', () => {
  const connection = new Connection(T);
  for (let at = T; at < T + 60 * SECOND; at += 10 * SECOND) {
    connection.opened(at);
    connection.received(at + 5);
    assert.ok(connection.streamEnded(at + 10, false));
    for (let later = 10; later < 10 * SECOND; later += 500)
      assert.equal(connection.view(at + later), 'live');
    assert.ok(!connection.due(at + 10 * SECOND), 'the browser has 10 s to reconnect');
  }
});

test('a polling fallback that does not come back is lost', () => {
  const connection = new Connection(T);
  connection.opened(T);
  connection.received(T);
  connection.streamEnded(T, false);
  assert.equal(connection.view(T + 12 * SECOND), 'reconnecting');
  assert.ok(connection.due(T + 12 * SECOND), 'and opened anew');
  assert.equal(connection.view(T + 17 * SECOND), 'lost');
});

test('a failed attempt after the polling fallback is trouble at once', () => {
  const connection = new Connection(T);
  connection.opened(T);
  connection.received(T);
  connection.streamEnded(T, false);
  assert.ok(!connection.streamEnded(T + 3000, false), 'from here on the page reconnects by itself');
  assert.equal(connection.view(T + 3000), 'reconnecting');
  assert.equal(connection.view(T + 8000), 'lost');
});

test('a response that is no stream is tried again by the page', () => {
  const connection = live();
  assert.ok(!connection.streamEnded(T, true, 0));
  assert.ok(!connection.due(T + 999));
  assert.ok(connection.due(T + 1000));
});

test('the waits grow to 30 s and are spread at random', () => {
  assert.equal(backoff(0, 0), 1000);
  assert.equal(backoff(0, 1), 2000);
  assert.equal(backoff(3, 1), 9000);
  assert.equal(backoff(100, 1), 30000);
  assert.equal(backoff(100, 0), 1000);

  const connection = new Connection(T);
  const waits = [];
  for (let at = T; waits.length < 8;) {
    connection.opening(at);
    connection.streamEnded(at, false, 1);
    waits.push((connection.deadline - at) / SECOND);
    at = connection.deadline;
  }
  assert.deepEqual(waits, [2, 3, 5, 9, 17, 30, 30, 30]);
});

test('an event ends the growth', () => {
  const connection = new Connection(T);
  for (let i = 0; i < 9; i++) connection.streamEnded(T, true, 1);
  connection.opening(T);
  connection.received(T);
  connection.streamEnded(T, true, 1);
  assert.equal(connection.deadline, T + 2000);
});

test('no event for 40 s: opened anew, which is no trouble by itself', () => {
  const connection = live();
  const silent = T + LIMITS.open;
  assert.ok(!connection.due(silent - 1));
  assert.ok(connection.due(silent));
  connection.opening(silent);
  assert.equal(connection.view(silent + 999), 'live');
  assert.equal(connection.view(silent + 1000), 'reconnecting');
  assert.equal(connection.view(silent + 6000), 'lost');
});

test('every event extends the deadline', () => {
  const connection = live();
  connection.received(T + 39 * SECOND);
  assert.ok(!connection.due(T + 78 * SECOND));
});

test('a feed that says goodbye is expected back: soon, spread, and no trouble yet', () => {
  for (const random of [0, 0.5, 1]) {
    const connection = live();
    connection.feedEnded(T, true, random);
    assert.equal(connection.deadline, T + random * 2 * SECOND);
    assert.equal(connection.view(T + 2999), 'live');
    assert.equal(connection.view(T + 3000), 'reconnecting');
    assert.equal(connection.view(T + 8000), 'lost');
  }
});

test('a feed that breaks is trouble at once, and opened again', () => {
  const connection = live();
  connection.feedEnded(T, false, 1);
  assert.equal(connection.view(T), 'reconnecting');
  assert.equal(connection.deadline, T + 2 * SECOND);
});

test('the polling fallback is told apart from a stream that broke', () => {
  const connection = new Connection(T);
  connection.opened(T);
  connection.received(T);
  connection.streamEnded(T + 1999, false);
  assert.equal(connection.polling, true);
  connection.opened(T + 5000);
  connection.received(T + 5000);
  connection.streamEnded(T + 7000, false);
  assert.equal(connection.polling, false);
});

test('a paused stream stays closed, and is stale when the tab returns', () => {
  const connection = live();
  connection.paused(T);
  assert.ok(!connection.due(T + 86400 * SECOND));
  assert.equal(connection.view(T + 86400 * SECOND), 'paused', 'which is no loss');
  assert.ok(connection.returned(T + 86400 * SECOND));
  connection.opening(T + 86400 * SECOND);
  assert.equal(connection.view(T + 86400 * SECOND), 'lost', 'until there is an event');
});

test('the network or the tab returns: at once where it waits, not where all is well', () => {
  const connection = live();
  assert.ok(!connection.returned(T + 1000));
  assert.ok(connection.returned(T + 40 * SECOND), 'silent for too long');
  connection.streamEnded(T + 1000, false);
  assert.ok(connection.returned(T + 1000), 'the browser has not come back yet');
  connection.streamEnded(T + 1000, true);
  assert.ok(connection.returned(T + 1000), 'waiting');
});
