// The page with 20,000 shards: node wide.mjs <host:port>. The server there has the board
// "main:20000", the API at its default paths, the page at /, and no passphrase.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { becomes, post, postAll, violations, watched } from './visit.mjs';

const server = process.argv[2];
const SIZE = 20000;
const base = `http://${server}/`;
const all = (state) => Array.from({ length: SIZE }, (_, id) => `status/main/${id}/${state}`);
let browser, page;

const tile = (id) => page.locator(`[data-id="${id}"]`);
const text = (selector) => page.locator(selector).textContent();
const columns = () =>
  tile(0).evaluate((one) => getComputedStyle(one.parentNode).gridTemplateColumns.split(' ').length);

before(async () => {
  await postAll(server, all(3));
  await postAll(
    server,
    Array.from({ length: 40 }, (_, id) => `status/main/${8000 + id}/2`),
  );
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await watched(context, base);
  await page.goto(base);
});
after(() => browser?.close());

test('a tile a shard, in chunks that the browser can skip', async () => {
  await becomes(() => page.locator('[data-id]').count(), SIZE, 'tiles', 30);
  assert.equal(await page.locator('.chunk').count(), 40);
  assert.equal(
    await page
      .locator('.chunk')
      .nth(30)
      .evaluate((chunk) => getComputedStyle(chunk).contentVisibility),
    'auto',
  );
  assert.equal(await text('#headline'), '40 of 20,000 shards are not online');
});

test('rows never break, and say where they begin', async () => {
  for (const [width, expected] of [
    [1280, 50],
    [800, 25],
    [320, 10],
  ]) {
    await page.setViewportSize({ width, height: 800 });
    assert.equal(await columns(), expected);
    assert.equal(
      await tile(expected).evaluate((one) => getComputedStyle(one, '::before').content),
      `"${expected}"`,
    );
    assert.equal(
      await tile(expected + 1).evaluate((one) => getComputedStyle(one, '::before').content),
      'none',
    );
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('the height is there before the tiles are', async () => {
  const height = async () =>
    Math.round((await page.locator('.cluster-container').boundingBox()).height);
  await becomes(height, (SIZE / 50) * 24, 'height');
});

test('a search finds a tile far below, and a button brings it into view, uncut', async () => {
  await page.fill('#header-guild', '#19321');
  await page.click('#reveal');
  await becomes(
    () =>
      tile(19321).evaluate((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return (
          top >= 0 && bottom <= innerHeight && getComputedStyle(one.parentNode).contentVisibility
        );
      }),
    'visible',
    'in view',
  );
  await page.fill('#header-guild', '');
});

test('a filter hides chunks without a match, unless the keyboard goes there', async () => {
  await page.locator('#counts a', { hasText: 'offline' }).click();
  await becomes(() => page.locator('.chunk:visible').count(), 1, 'chunks');
  assert.ok(await tile(8000).isVisible());
  await page.fill('#header-guild', '#19321');
  await page.click('#reveal');
  await becomes(() => tile(19321).isVisible(), true, 'visible');
  await page.fill('#header-guild', '');
  await page.locator('#counts a', { hasText: 'offline' }).click();
  await becomes(() => page.locator('.chunk:visible').count(), 40, 'chunks');
});

test('the keyboard reaches the ends', async () => {
  await tile(0).focus();
  for (const [key, id] of [
    ['Control+End', 19999],
    ['ArrowUp', 19949],
    ['Control+Home', 0],
    ['ArrowDown', 50],
    ['PageDown', 550],
    ['PageUp', 50],
  ]) {
    await page.keyboard.press(key);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.id), String(id), key);
  }
});

test('a change of all shards is counted', async () => {
  await postAll(server, all(6));
  await becomes(() => text('#headline'), '20,000 of 20,000 shards are not online', 'headline', 30);
  assert.equal(await page.locator('[data-status="6"][data-id]').count(), SIZE);
  await post(server, 'status/main/12345/3');
  await becomes(() => tile(12345).getAttribute('data-status'), '3', 'state');
});

test('the list has the first 50 of them at most, and says so', async () => {
  assert.equal(await text('#more'), 'Show 50 of 19,999');
  await page.click('#more');
  await becomes(() => page.locator('#troubled li').count(), 50, 'lines');
  assert.equal(await text('#more'), 'Show fewer (50 of 19,999)');
  await page.click('#more');
});

test('the table shows the first 2,000 of them, and says so', async () => {
  await page.check('[name=table]');
  await becomes(() => page.locator('tbody tr').count(), 2000, 'rows', 30);
  assert.equal(await text('caption'), 'Shards, the worst first: 2,000 of 20,000');
  await page.uncheck('[name=table]');
});

test('no violation of accessibility rules, and no console message', async () => {
  await page.evaluate(() => scrollTo(0, 0));
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.said, []);
});
