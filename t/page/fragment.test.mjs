// The fragment of the page's address.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './modules.mjs';

const { get, set } = await load('fragment.js');

test('reads a value, and nothing where there is none', () => {
  assert.equal(get('state', '#guild=123&state=offline'), 'offline');
  assert.equal(get('guild', '#guild=main%3A17'), 'main:17');
  for (const hash of ['', '#', '#guild=', '#other=1', '#%', '#guild'])
    assert.equal(get('guild', hash), '', hash);
});

test('changes one value and leaves the others', () => {
  assert.equal(set('guild', '123', ''), '#guild=123');
  assert.equal(set('state', 'offline', '#guild=123'), '#guild=123&state=offline');
  assert.equal(set('guild', '4', '#guild=123&state=offline'), '#state=offline&guild=4');
  assert.equal(set('state', '', '#guild=123&state=offline'), '#guild=123');
  assert.equal(set('state', 'unknown', '#state=offline&state=online'), '#state=unknown');
});

test('the name of any cluster is read as it was written', () => {
  for (const name of ['two words', 'a&b=c', '100%', '#1', 'Grüße', '<img onerror>']) {
    assert.equal(get('shard', set('shard', `${name}:7`, '')), `${name}:7`);
  }
});

test('without values the fragment is empty', () => {
  assert.equal(set('state', '', '#state=offline'), '');
  assert.equal(set('guild', '', ''), '');
});
