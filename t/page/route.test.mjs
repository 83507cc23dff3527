// Stream or feed: which one the page opens next.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './modules.mjs';

const { Route } = await load('route.js');

const POLLING = [true, true],
  BROKEN = [true, false],
  REFUSED = [false, false];

test('the stream comes first, and stays as long as it is held open', () => {
  const route = new Route();
  assert.ok(!route.feed);
  route.streamEnded(...BROKEN);
  assert.ok(!route.feed);
  route.streamEnded(...REFUSED);
  assert.ok(!route.feed, 'no feed is known');
});

test('after the polling fallback the feed is tried, and kept if it opens', () => {
  const route = new Route();
  route.streamEnded(...POLLING);
  assert.ok(route.feed);
  route.feedOpened();
  assert.ok(route.feed);
});

test('a feed that does not open is tried once', () => {
  const route = new Route();
  route.streamEnded(...POLLING);
  route.feedFailed();
  for (const end of [POLLING, BROKEN, REFUSED, POLLING]) {
    route.streamEnded(...end);
    assert.ok(!route.feed);
  }
});

test('a feed that once opened is tried again, in turns with the stream', () => {
  const route = new Route();
  route.streamEnded(...POLLING);
  route.feedOpened();
  for (let turn = 0; turn < 3; turn++) {
    route.feedFailed();
    assert.ok(!route.feed);
    route.streamEnded(...REFUSED);
    assert.ok(route.feed);
  }
});

test('a feed that fails while the stream works is given up', () => {
  const route = new Route();
  route.streamEnded(...POLLING);
  route.feedOpened();
  route.feedFailed();
  route.streamEnded(...POLLING);
  assert.ok(route.feed, 'one more attempt');
  route.feedFailed();
  route.streamEnded(...POLLING);
  route.streamEnded(...REFUSED);
  assert.ok(!route.feed);
});

test('a feed that the admin names comes first, in turns with the stream', () => {
  const route = new Route(true);
  assert.ok(route.feed);
  route.feedFailed();
  assert.ok(!route.feed);
  route.streamEnded(...REFUSED);
  assert.ok(route.feed);
});
