// The settings of config.js: none, other addresses, or those of the original.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './modules.mjs';

const { settle } = await load('settings.js');

const addresses = (config, page = 'https://status.example/') => {
  const { stream, feed, status, named } = settle(config, page);
  return [stream, feed, status, named];
};

test("nothing: everything on the page's own host", () => {
  assert.deepEqual(addresses(undefined), [
    'https://status.example/api/stream',
    'wss://status.example/api/feed',
    'https://status.example/api/status',
    false,
  ]);
  assert.deepEqual(addresses({}, 'http://localhost:3000/x/'), [
    'http://localhost:3000/api/stream',
    'ws://localhost:3000/api/feed',
    'http://localhost:3000/api/status',
    false,
  ]);
  assert.equal(settle({}, 'http://localhost/').branding, 'Glance');
});

test("paths and hosts of one's own, each by itself", () => {
  assert.deepEqual(addresses({ stream: '/live', status: 'https://api.example/state' }), [
    'https://status.example/live',
    'wss://status.example/api/feed',
    'https://api.example/state',
    false,
  ]);
  assert.equal(addresses({ feed: 'https://api.example/ws' })[1], 'wss://api.example/ws');
});

test('an old url names the feed, and the rest is beside it', () => {
  assert.deepEqual(addresses({ url: 'wss://api.example/api/feed' }), [
    'https://api.example/api/stream',
    'wss://api.example/api/feed',
    'https://api.example/api/status',
    true,
  ]);
  assert.deepEqual(addresses({ url: 'ws://localhost:3000/glance/feed' }, 'http://localhost/'), [
    'http://localhost:3000/glance/stream',
    'ws://localhost:3000/glance/feed',
    'http://localhost:3000/glance/status',
    true,
  ]);
  assert.deepEqual(
    addresses({ url: 'wss://api.example/api/feed' }, 'http://localhost/')[0],
    'https://api.example/api/stream',
  );
});

test('an old url without TLS, from a page with it: browsers would refuse', () => {
  assert.deepEqual(addresses({ url: 'ws://status.example/api/feed' }), [
    'https://status.example/api/stream',
    'wss://status.example/api/feed',
    'https://status.example/api/status',
    true,
  ]);
});

test("an empty url, as the original's sample has it, says nothing", () => {
  assert.deepEqual(addresses({ url: '', branding: '' }), addresses({}));
});

test('other settings are passed on', () => {
  const { branding, support } = settle(
    { branding: '<b>Bot</b>', support: '/help' },
    'http://localhost/',
  );
  assert.deepEqual([branding, support], ['<b>Bot</b>', '/help']);
});
