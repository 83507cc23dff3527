// The page never looks fresher than it is: without a connection, after a step of the clock, and
// where something on the way holds the stream back.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch } from './browser.mjs';
import { Mock } from './mock.mjs';
import { becomes } from './visit.mjs';

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

const text = (selector) => page.locator(selector).first().textContent();
const connection = (view, seconds) =>
  becomes(() => page.getAttribute('body', 'data-connection'), view, 'connection', seconds);

/** Takes the server away, as far as the page can see. */
function away() {
  mock.stream = mock.feed = false;
  mock.drop(false);
}

async function back() {
  mock.stream = mock.feed = true;
  await connection('live', 30);
}

async function fed() {
  await becomes(() => mock.viewers, 1, 'feeds');
  mock.update({ main: { 2: '4' } });
  await page.locator('[data-id="4"][data-status="2"]').waitFor();
}

test('a lost connection: answers, counts, totals and titles are old, with the time', async () => {
  await page.goto(`${base}/#guild=main:2`);
  await fed();
  mock.update({ main: '2' }, 'health');
  await becomes(
    () => text('#answers li'),
    /^main: shard 2 of 6, Online, heard \d s ago$/,
    'answer',
  );
  away();
  await connection('lost', 20);
  const OLD = /as of \d\d:\d\d:\d\d, connection lost$/;
  await becomes(() => text('#answers li'), OLD, 'answer');
  assert.match(await text('#troubled li'), OLD);
  assert.match(await text('#headline'), OLD);
  assert.match(await text('.cluster summary span'), OLD);
  assert.equal(await page.title(), 'Connection lost · Glance');
  assert.equal(await page.getAttribute('[rel=icon]', 'href'), 'assets/favicon-lost.svg');
  assert.equal((await fetch(`${base}/assets/favicon-lost.svg`)).status, 200);
  for (const selector of ['#answers li', '#counts a', '#troubled li']) {
    const image = await page
      .locator(selector)
      .first()
      .evaluate((one) => getComputedStyle(one).backgroundImage);
    assert.match(image, /repeating-linear-gradient/, `${selector} is hatched`);
  }
  await page.check('[name=table]');
  await becomes(() => text('caption'), OLD, 'the table');
  await page.uncheck('[name=table]');
  await page.locator('#answers button').first().click();
  await becomes(() => text('dialog p'), OLD, 'the detail');
  await page.keyboard.press('Escape');
  await back();
  await becomes(() => text('#answers li'), /^main: shard 2 of 6, Online/, 'answer');
  assert.doesNotMatch(await page.locator('body').innerText(), /as of \d/);
});

/** Sets the clock of the reader, which nothing else notices. */
const step = (seconds) =>
  page.evaluate((by) => {
    const { now } = Date;
    Date.now = () => now() + by * 1e3;
  }, seconds);

for (const seconds of [-3600, 3600]) {
  test(`the clock is set by ${seconds} s while disconnected: lost, then live again`, async () => {
    await page.goto(base);
    await fed();
    away();
    await connection('reconnecting');
    await step(seconds);
    await connection('lost', 12);
    await back();
  });

  test(`the clock is set by ${seconds} s: the page stays live, and no age is wrong`, async () => {
    const document = { id: 4, state: 2, silent: 5, since: 5, reported: 2 };
    await page.goto(`${base}/#guild=main:4`);
    await fed();
    mock.files.set('/api/status/main/4', JSON.stringify(document));
    await step(seconds);
    await page.waitForTimeout(2500);
    assert.match(await text('#answers li'), /^main: shard 4 of 6, Offline(, for \d+ s)?$/);
    await becomes(() => text('#answers li'), /Offline, for \d+ s$/, 'the age', 12);
    await connection('live');
    assert.equal(mock.viewers, 1);
  });
}

for (const how of ['mute', 'hang']) {
  test(`a stream that is ${how}: the feed brings the events`, async () => {
    mock.stream = how;
    await page.goto(base);
    await connection('live');
    await fed();
    const { length } = mock.asked;
    await page.reload();
    await connection('live', 2);
    assert.deepEqual(mock.asked.slice(length), ['feed null glance-events'], 'it is remembered');
  });
}

test('a stream that falls silent for good: the feed takes over', async () => {
  mock.stream = 'mute';
  mock.feed = false;
  await page.clock.install();
  await page.goto(base);
  await becomes(() => mock.asked.some((one) => one.startsWith('feed')), true, 'tried', 20);
  await connection('lost');
  mock.feed = true;
  await page.clock.fastForward(41e3);
  await connection('live');
});

test('a feed that is mute does not end a stream that brings events', async () => {
  mock.quiet = true;
  mock.retry = 300;
  await page.goto(base);
  await becomes(() => mock.viewers, 1, 'feeds');
  const { length } = mock.asked;
  await becomes(() => mock.asked.length > length + 3, true, 'the stream goes on');
  await connection('live');
});

test('a feed that is named and mute: the stream brings the events', async () => {
  mock.quiet = true;
  mock.files.set(
    '/assets/config.js',
    `window.config = { url: '${base.replace('http', 'ws')}/api/feed' };`,
  );
  await page.goto(base);
  await connection('live');
});
