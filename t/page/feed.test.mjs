// The page where the stream is the polling fallback: it opens the feed and keeps it. And the page
// in a hidden tab.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch } from './browser.mjs';
import { Mock } from './mock.mjs';

let browser, mock, base, page;

before(async () => {
  browser = await launch();
});
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

/** Waits until the page receives events by the feed, which it has asked for so many times. */
async function fed(times = 1) {
  await asked(times);
  const state = times % 2 ? 2 : 5;
  mock.update({ main: { [state]: '2' } });
  await shows(state);
}

test('after the polling fallback the page opens the feed, which resumes', async () => {
  await page.goto(base);
  await asked(1);
  assert.deepEqual(mock.asked, ['stream null', 'feed e-0 glance-events']);
  await pill('live');
  mock.update({ main: { 2: '2' } });
  await shows(2);
  assert.equal(mock.asked.length, 2, 'and the stream is left alone');
});

test('a feed that is slow to open is asked for once, while the page polls the stream', async () => {
  let answer;
  mock.slow = new Promise((resolve) => {
    answer = resolve;
  });
  mock.retry = 300;
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

test('a goodbye: back to the feed, and the reader sees no change', async () => {
  await page.goto(base);
  await fed();
  const seen = page.evaluate(
    () =>
      new Promise((resolve) => {
        const views = [];
        new MutationObserver(() => views.push(document.body.dataset.connection)).observe(
          document.body,
          { attributeFilter: ['data-connection'] },
        );
        addEventListener('seen', () => resolve(views));
      }),
  );
  mock.drop(true);
  await asked(2);
  assert.equal(mock.asked.at(-1), 'feed e-1 glance-events');
  mock.update({ main: { 3: '2' } });
  await shows(3);
  await page.evaluate(() => dispatchEvent(new Event('seen')));
  assert.deepEqual(await seen, []);
});

test('a cut connection: reconnecting, then live again', async () => {
  await page.goto(base);
  await fed();
  const { length } = mock.asked;
  mock.drop(false);
  await pill('reconnecting');
  await asked(2);
  await pill('live');
  assert.deepEqual(mock.asked.slice(length), ['feed e-1 glance-events'], 'not by the stream');
});

test('no feed: tried once, then polling goes on', async () => {
  mock.feed = false;
  mock.retry = 300;
  await page.goto(base);
  await asked(5, 'stream');
  assert.equal(feeds().length, 1);
  await pill('live');
});

test('an old url names the feed, which is opened first', async () => {
  mock.files.set(
    '/assets/config.js',
    `window.config = { url: 'ws://${base.slice(7)}/api/feed', branding: '<b>My</b> Bot' };`,
  );
  mock.stream = false;
  await page.goto(base);
  await pill('live');
  assert.deepEqual(mock.asked, ['feed null glance-events']);
  assert.equal(await page.locator('#header-brand').textContent(), '<b>My</b> Bot');
  assert.equal(await page.locator('#header-brand b').count(), 0, 'text, not markup');
});

test('a server with the feed only: the page connects once the feed is back', async () => {
  mock.files.set(
    '/assets/config.js',
    `window.config = { url: '${base.replace('http', 'ws')}/api/feed' };`,
  );
  mock.stream = mock.feed = false;
  await page.goto(base);
  await asked(1);
  await asked(1, 'stream');
  mock.feed = true;
  await asked(2);
  await pill('live');
});

test('the polling fallback has no heartbeats, so the page asks when the last one was', async () => {
  const silent = (seconds) =>
    mock.files.set(
      '/api/status/main/2',
      JSON.stringify({ id: 2, state: 3, silent: seconds, since: 600, reported: 3 }),
    );
  mock.feed = false;
  silent(1);
  await page.clock.install();
  await page.goto(`${base}/#guild=%232`);
  await page
    .locator('#answers', { hasText: /^main: shard 2 of 6, Online, heard [1-9] s ago$/ })
    .waitFor();
  silent(20);
  await page.clock.fastForward(60e3);
  await page.locator('#answers', { hasText: /, Online, heard 2\d s ago$/ }).waitFor();
});

// ---- a hidden tab ----------------------------------------------------------------------------

/** Hides or shows the tab, as a browser does. */
const hide = (yes) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, yes);

/** Opens the page on the feed, with a clock that the test sets. */
async function timed() {
  await page.clock.install();
  await page.goto(base);
  await fed();
}

async function viewers(count) {
  const end = Date.now() + 60000;
  while (mock.viewers !== count) {
    assert.ok(Date.now() < end, `${mock.viewers} feeds are open`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

test('a hidden tab closes its feed after 5 minutes, and opens it when it is shown', async () => {
  await timed();
  await hide(true);
  await page.clock.fastForward(270e3);
  await fed(2);
  await page.clock.fastForward(30e3);
  await viewers(0);
  await page.waitForFunction(() => document.title === 'Paused · Glance');
  const { length } = mock.asked;
  await page.clock.fastForward(3600e3);
  assert.equal(mock.asked.length, length, 'and asks for nothing');
  await hide(false);
  await viewers(1);
  await pill('live');
  await page.waitForFunction(() => document.title === '1 of 6 shards is not online · Glance');
});

test('a tab that is shown again in time keeps its feed', async () => {
  await timed();
  await hide(true);
  await page.clock.fastForward(10e3);
  await hide(false);
  await page.clock.fastForward(5e3);
  assert.equal(mock.asked.length, 2, 'the stream, and the feed that is open');
  await page.clock.fastForward(300e3);
  await fed(2);
});

test('without an event for 40 s it is opened anew, and the reader sees no change', async () => {
  await timed();
  await page.clock.fastForward(41e3);
  await fed(2);
  assert.equal(mock.asked.at(-1), 'feed e-1 glance-events');
  await viewers(1);
  assert.equal(await page.getAttribute('body', 'data-connection'), 'live');
});
