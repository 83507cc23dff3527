// What the browser tests share: waiting, looking, and the rules of accessibility.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const patience = Number(process.env.GLANCE_PATIENCE ?? 1); // sanitizers are slow

/** Waits until `look` returns what is expected; else fails with what it returns. */
export async function becomes(look, expected, message, seconds = 10) {
  const end = Date.now() + seconds * 1000 * patience;
  for (;;) {
    const found = await look();
    const good = expected instanceof RegExp ? expected.test(found) : found === expected;
    if (good) return;
    if (Date.now() > end) assert.fail(`${message}: ${found} instead of ${expected}`);
    await sleep(20);
  }
}

export const passed = (time) => becomes(() => Date.now() > time, true, 'time passes');

/** The violations that axe-core finds, in words. */
export async function violations(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run());
  return result.violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ''}`).join(' ')}`,
  );
}

/**
 * A page whose `said` collects its console messages, and its requests to other hosts than `base`.
 */
export async function watched(context, base) {
  const page = await context.newPage();
  page.setDefaultTimeout(15000 * patience);
  page.said = [];
  page.on('console', (message) => page.said.push(message.text()));
  page.on('pageerror', (error) => page.said.push(String(error)));
  page.on('request', (request) => request.url().startsWith(base) || page.said.push(request.url()));
  return page;
}

/** Posts to a server's API. */
export async function post(server, path) {
  const { status } = await fetch(`http://${server}/api/${path}`, { method: 'POST' });
  assert.equal(status, 204, path);
}

/** Posts all paths, some at a time. */
export async function postAll(server, paths) {
  const left = [...paths];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left.length) await post(server, left.pop());
    }),
  );
}
