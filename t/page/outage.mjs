// The page while its server is away: node outage.mjs <host:port> <httpd> <configuration>.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Mock } from './mock.mjs';
import { becomes, post, postAll } from './visit.mjs';

const [server, httpd, configuration] = process.argv.slice(2);
const shards = Array.from({ length: 12 }, (_, id) => `status/main/${id}/3`);
let browser, page;

const control = (order) => execFileSync(httpd, ['-f', configuration, '-k', order]);
const text = (selector) => page.locator(selector).textContent();
const pill = (expected, seconds) => becomes(() => text('.pill'), expected, 'pill', seconds);
const state = (id) => page.locator(`[data-id="${id}"]`).getAttribute('data-status');

const listening = () =>
  new Promise((resolve) => {
    const socket = net.connect(Number(server.split(':')[1]), '127.0.0.1');
    socket
      .on('connect', () => resolve(true))
      .on('error', () => resolve(false))
      .on('close', () => socket.destroy());
    socket.on('connect', () => socket.end());
  });

before(async () => {
  await postAll(server, shards);
  browser = await launch();
  page = await browser.newPage();
  await page.goto(`http://${server}/`);
  await pill('live');
});
after(() => browser?.close());

test('the server stops: reconnecting, then lost, and the grid stays', async () => {
  await post(server, 'status/main/4/2');
  await becomes(() => state(4), '2', 'state');
  control('stop');
  await becomes(listening, false, 'the server listens', 30);
  await pill('connection lost', 20);
  assert.match(await text('#banner'), /^connection lost, showing \d\d:\d\d:\d\d$/);
  assert.equal(await state(4), '2');
  assert.equal(await state(5), '3');
});

test('the grid is hatched and dulled', async () => {
  const look = await page
    .locator('[data-id="5"]')
    .evaluate((tile) => [
      getComputedStyle(tile).backgroundImage,
      getComputedStyle(tile.parentNode).filter,
    ]);
  assert.match(look[0], /repeating-linear-gradient/);
  assert.match(look[1], /saturate/);
});

test('the server starts: the page reconnects by itself and shows the new states', async () => {
  control('start');
  await becomes(listening, true, 'the server listens', 30);
  await becomes(
    () =>
      post(server, 'status/main/7/4').then(
        () => true,
        () => false,
      ),
    true,
    'a POST is accepted',
  );
  await pill('live', 60);
  await becomes(() => state(7), '4', 'state');
  assert.equal(await state(5), '3', 'what was known before the stop');
  assert.ok(await page.locator('#banner').isHidden());
});

test('after a graceful restart the page is live again, and nothing is lost', async () => {
  control('graceful');
  // A keep-alive connection may end at that moment.
  await becomes(
    () =>
      post(server, 'status/main/8/5').then(
        () => true,
        () => false,
      ),
    true,
    'a POST is accepted',
  );
  await becomes(() => state(8), '5', 'state', 60);
  await pill('live');
  assert.equal(await state(7), '4');
});

test('events change the page after the restart', async () => {
  await postAll(server, shards);
  await becomes(() => text('#headline'), 'All 12 shards are online', 'headline');
});

test('with a config.js of the original, the page uses the feed', async () => {
  await page.route('**/assets/config.js', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: `window.config = { url: 'ws://${server}/api/feed' };`,
    }),
  );
  const feeds = [];
  page.on('websocket', (socket) => feeds.push(socket));
  const streams = [];
  page.on(
    'request',
    (request) => /\/api\/stream/.test(request.url()) && streams.push(request.url()),
  );
  await page.reload();
  await pill('live');
  assert.equal(feeds.length, 1);
  await post(server, 'status/main/2/6');
  await becomes(() => state(2), '6', 'state');
  assert.deepEqual(streams, []);
});

test('a graceful restart ends the feed, and the page reconnects at once', async () => {
  const back = page.waitForEvent('websocket');
  control('graceful');
  assert.match((await back).url(), /\?last-event-id=/);
  await becomes(
    () =>
      post(server, 'status/main/2/3').then(
        () => true,
        () => false,
      ),
    true,
    'a POST is accepted',
  );
  await becomes(() => state(2), '3', 'state', 60);
  await pill('live');
});

test('the page from another host takes stream, feed and documents from config.js', async () => {
  const host = new Mock();
  const home = await host.open();
  const config = Object.fromEntries(
    ['stream', 'feed', 'status'].map((name) => [name, `http://${server}/api/${name}`]),
  );
  host.files.set('/assets/config.js', `window.config = ${JSON.stringify(config)};`);
  await page.unroute('**/assets/config.js');
  try {
    await page.goto(`${home}/#shard=main:3`);
    await pill('live');
    await post(server, 'status/main/2/6');
    await becomes(() => state(2), '6', 'state');
    await becomes(
      () => text('dialog dd >> nth=0'),
      'online',
      'what the bot last said, from the documents',
    );
    assert.deepEqual(host.asked, [], 'the host of the page is asked for files alone');
  } finally {
    host.close();
  }
});
