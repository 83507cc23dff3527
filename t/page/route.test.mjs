// Stream or feed: which one the page opens next.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './modules.mjs';

const { Route } = await load('route.js');

const BRIEF = [true, true], BROKEN = [true, false], REFUSED = [false, false];

test('the stream comes first, and stays as long as it is held open', () => {
  const route = new Route();
  assert.ok(!route.feed);
  route.ended(...BROKEN);
  assert.ok(!route.feed);
  route.ended(...REFUSED);
  assert.ok(!route.feed, 'nobody knows of a feed');
});

test('after the brief form the feed is tried, and kept if it opens', () => {
  const route = new Route();
  route.ended(...BRIEF);
  assert.ok(route.feed);
  route.opened();
  assert.ok(route.feed);
});

test('once, if it does not', () => {
  const route = new Route();
  route.ended(...BRIEF);
  route.failed();
  for (const end of [BRIEF, BROKEN, REFUSED, BRIEF]) {
    route.ended(...end);
    assert.ok(!route.feed);
  }
});

test('a feed that once opened is tried again, in turns with the stream', () => {
  const route = new Route();
  route.ended(...BRIEF);
  route.opened();
  for (let turn = 0; turn < 3; turn++) {
    route.failed();
    assert.ok(!route.feed);
    route.ended(...REFUSED);
    assert.ok(route.feed);
  }
});

test('a feed that is gone while the stream is there is given up', () => {
  const route = new Route();
  route.ended(...BRIEF);
  route.opened();
  route.failed();
  route.ended(...BRIEF);
  assert.ok(route.feed, 'one more attempt');
  route.failed();
  route.ended(...BRIEF);
  route.ended(...REFUSED);
  assert.ok(!route.feed);
});

test('a feed that the admin names comes first, in turns with the stream', () => {
  const route = new Route(true);
  assert.ok(route.feed);
  route.failed();
  assert.ok(!route.feed);
  route.ended(...REFUSED);
  assert.ok(route.feed);
});
