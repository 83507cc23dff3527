// The page where the stream comes in the brief form: it turns to the feed, and stays.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch } from './browser.mjs';
import { Mock } from './mock.mjs';

let browser, mock, base, page;

before(async () => { browser = await launch(); });
after(() => browser?.close());
beforeEach(async () => {
  mock = new Mock();
  base = await mock.open();
  page = await browser.newPage();
});
afterEach(async () => {
  await page.close();
  mock.close();
});

const shows = (status) => page.locator(`[data-id="2"][data-status="${status}"]`).waitFor();
const pill = (text) => page.locator('.pill', { hasText: text }).waitFor();
const feeds = () => mock.asked.filter((one) => one.startsWith('feed'));

async function asked(count, what = 'feed') {
  const end = Date.now() + 60000;
  const found = () => mock.asked.filter((one) => one.startsWith(what));
  while (found().length < count) {
    assert.ok(Date.now() < end, `asked ${JSON.stringify(mock.asked)}`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

test('the brief form turns the page to the feed, which goes on where it ended', async () => {
  await page.goto(base);
  await asked(1);
  assert.deepEqual(mock.asked, ['stream null', 'feed e-0 glance-events']);
  await pill('live');
  mock.update({ main: { 2: '2' } });
  await shows(2);
  assert.equal(mock.asked.length, 2, 'and the stream is left alone');
});

test('a feed that is slow to open is asked for once, and meanwhile the stream serves', async () => {
  let answer;
  mock.slow = new Promise((resolve) => { answer = resolve; });
  await page.goto(base);
  await asked(4, 'stream');
  assert.equal(feeds().length, 1);
  answer();
  await page.locator('[data-connection=live]').waitFor();
  while (!mock.viewers) await page.evaluate(() => new Promise(requestAnimationFrame));
  mock.update({ main: { 2: '2' } });
  await shows(2);
  assert.equal(mock.viewers, 1);
});

test('a goodbye: back to the feed, without a word to the reader', async () => {
  await page.goto(base);
  await asked(1);
  mock.update({ main: { 2: '2' } });
  await shows(2);
  const seen = page.evaluate(() => new Promise((resolve) => {
    const views = [];
    new MutationObserver(() => views.push(document.body.dataset.connection)).observe(document.body, { attributeFilter: ['data-connection'] });
    addEventListener('seen', () => resolve(views));
  }));
  mock.drop(true);
  await asked(2);
  assert.equal(mock.asked.at(-1), 'feed e-1 glance-events');
  mock.update({ main: { 3: '2' } });
  await shows(3);
  await page.evaluate(() => dispatchEvent(new Event('seen')));
  assert.deepEqual(await seen, []);
});

test('a cut: reconnecting, and back', async () => {
  await page.goto(base);
  await asked(1);
  await pill('live');
  mock.drop(false);
  await pill('reconnecting');
  await asked(2);
  await pill('live');
  assert.ok(!mock.asked.slice(1).some((one) => one.startsWith('stream')));
});

test('no feed: tried once, then on with the brief form', async () => {
  mock.feed = false;
  await page.goto(base);
  await asked(5, 'stream');
  assert.equal(feeds().length, 1);
  await pill('live');
});

test('an old url names the feed, which is opened first', async () => {
  mock.files.set('/assets/config.js', `window.config = { url: 'ws://${base.slice(7)}/api/feed', branding: '<b>My</b> Bot' };`);
  mock.stream = false;
  await page.goto(base);
  await pill('live');
  assert.deepEqual(mock.asked, ['feed null glance-events']);
  assert.equal(await page.locator('#header-brand').textContent(), '<b>My</b> Bot');
  assert.equal(await page.locator('#header-brand b').count(), 0, 'text, not markup');
});

test('and where that is all there is, it is found again', async () => {
  mock.files.set('/assets/config.js', `window.config = { url: '${base.replace('http', 'ws')}/api/feed' };`);
  mock.stream = mock.feed = false;
  await page.goto(base);
  await asked(1);
  await asked(1, 'stream');
  mock.feed = true;
  await asked(2);
  await pill('live');
});
