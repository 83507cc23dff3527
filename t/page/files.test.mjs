// What the files of the page may hold. SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { modules } from './modules.mjs';

const root = new URL('../../htdocs/', import.meta.url);
const names = [
  'index.html',
  ...readdirSync(new URL('assets', root)).map((name) => `assets/${name}`),
];
const read = (name) => readFileSync(new URL(name, root), 'utf8');
const scripts = names.filter((name) => name.endsWith('.js'));

// What is served: the same without comments.
const folder = mkdtempSync(join(tmpdir(), 'glance-page-'));
execFileSync(fileURLToPath(new URL('../../scripts/page', import.meta.url)), [folder]);
after(() => rmSync(folder, { recursive: true }));
const served = (name) => readFileSync(join(folder, name), 'utf8');

// mod_brotli's default quality. The files are compressed one by one, as httpd does it.
const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
const compressed = (name) => brotliCompressSync(served(name), { params }).length;

test('the page with everything is at most 25 KB as served', () => {
  const bytes = names.map(compressed).reduce((sum, size) => sum + size);
  assert.ok(bytes <= 25 * 1024, `${bytes} bytes`);
});

/** The lines of code, without comments. Works line by line, unlike scripts/page. */
function code(text) {
  let inside = false;
  return text.split('\n').filter((line) => {
    const comment = inside || /^\s*\/[/*]/.test(line);
    const ends = line.includes('*/');
    if (comment && ends) assert.ok(line.endsWith('*/'), `code behind a comment: ${line}`);
    if (comment && !/^\s*\/\//.test(line)) inside = !ends;
    return !comment && line.trim();
  });
}

test('comments are on lines of their own', () => {
  const ours = scripts.filter((name) => name !== 'assets/config.js');
  for (const name of ours) {
    for (const line of code(read(name))) assert.doesNotMatch(line, /(?<![:'"`\\])\/\/ /, name);
  }
});

test('what is served differs in comments and blank lines only', () => {
  const lines = (text) => text.split('\n').filter((line) => line.trim());
  for (const name of names) {
    const whole = /svg$|html$|config\.js$/.test(name);
    assert.deepEqual(lines(served(name)), (whole ? lines : code)(read(name)), name);
  }
  assert.equal(served('assets/config.js'), read('assets/config.js'), "the admin's file");
});

test('nothing inline: a strict Content-Security-Policy must hold', () => {
  const html = read('index.html');
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:/i);
  assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/i);
  for (const name of scripts)
    assert.doesNotMatch(read(name), /innerHTML|\beval\b|'style'|cssText/, name);
});

test('nothing from elsewhere', () => {
  for (const name of names.filter((one) => !/config\.js|\.svg/.test(one))) {
    assert.doesNotMatch(
      read(name),
      /(?:src|href|from|import|url\()\s*[=(]?\s*['"]?(?:https?:)?\/\//,
      name,
    );
  }
});

test('every module that is imported exists, and every module is imported', () => {
  const wanted = new Set([...modules('app.js'), ...modules('extras.js'), 'config.js', 'start.js']);
  assert.deepEqual(scripts.map((name) => name.slice('assets/'.length)).sort(), [...wanted].sort());
  assert.match(read('assets/app.js'), /import\('\.\/extras\.js'\)/);
});

test('the ids and classes of the original page, for its themes', () => {
  const all = names.map(read).join('');
  for (const name of [
    'header-brand',
    'header-guild',
    'data-connection-status',
    'app-cluster',
    'cluster',
    'cluster-container',
    'cluster-title',
    'cluster-key',
    'shard',
    'guild-tagged',
    'health-ping',
    'settings-pulse-health',
  ]) {
    assert.match(all, new RegExp(`["' .#]${name}["' ]`), name);
  }
});
