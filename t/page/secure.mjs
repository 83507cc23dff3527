// The page over TLS and HTTP/2: node secure.mjs <host:port> <mpm>. The server there has the
// board "main:60", API, feed and page at their default paths, and no passphrase.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { becomes } from './visit.mjs';

const [server, mpm] = process.argv.slice(2);
const base = `https://${server}/`;
let browser, context, page, asked;

const post = (path) =>
  new Promise((resolve, reject) => {
    https
      .request(`${base}api/${path}`, { method: 'POST', rejectUnauthorized: false }, (answer) => {
        answer.resume();
        answer.on('end', () =>
          answer.statusCode === 204
            ? resolve()
            : reject(new Error(`${path}: ${answer.statusCode}`)),
        );
      })
      .on('error', reject)
      .end();
  });

const state = (id) => page.locator(`[data-id="${id}"]`).getAttribute('data-status');
const pill = () => page.locator('.pill').textContent();

/** A visitor whose requests and sockets are noted in `asked`. */
async function visit() {
  await page?.close();
  page = await context.newPage();
  asked = { streams: 0, feeds: [] };
  page.on('request', (request) => {
    asked.streams += /\/api\/stream/.test(request.url());
  });
  page.on('websocket', (socket) => asked.feeds.push(socket));
  await page.goto(base);
}

before(async () => {
  for (let id = 0; id < 60; id++) await post(`status/main/${id}/3`);
  browser = await launch();
  context = await browser.newContext({ ignoreHTTPSErrors: true });
});
after(() => browser?.close());

test('the page comes over HTTP/2, where httpd has it', async () => {
  await visit();
  assert.equal(
    await page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol),
    mpm === 'prefork' ? 'http/1.1' : 'h2',
  );
  await becomes(pill, 'live', 'pill');
});

// Over HTTP/2 the server holds no stream. It holds the feed, which browsers open over HTTP/1.1.
// Without HTTP/2 it holds the stream.
test('the page is live by the feed over HTTP/2, else by the stream', async () => {
  if (mpm === 'prefork') {
    await post('status/main/17/2');
    await becomes(() => state(17), '2', 'state');
    assert.equal(asked.feeds.length, 0, 'no feed is needed');
    return;
  }
  await becomes(() => asked.feeds.length, 1, 'feeds');
  assert.match(asked.feeds[0].url(), /^wss:.*\/api\/feed\?last-event-id=/);
  const { streams } = asked;
  await post('status/main/17/2');
  await becomes(() => state(17), '2', 'state');
  assert.equal(asked.streams, streams, 'and asks for no more streams');
  assert.ok(!asked.feeds[0].isClosed());
});

test('without a feed the page polls the stream', async () => {
  await context.route('**/assets/config.js', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: "window.config = { feed: '/api/none' };",
    }),
  );
  await visit();
  await becomes(() => asked.streams >= 3, true, 'the stream is asked for again and again', 40);
  await post('status/main/17/3');
  await becomes(() => state(17), '3', 'state', 20);
  assert.equal(asked.feeds.length, 1, 'the feed was tried once');
});

test('polling is no lost connection', async () => {
  assert.equal(await pill(), 'live');
  assert.ok(await page.locator('#banner').isHidden());
});
