// The page in a browser: node live.mjs <host:port>. The server there has the board
// "main:60 patron:6", the API at its default paths, the page at /, and no passphrase.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { becomes, passed, post as postTo, violations, watched } from './visit.mjs';
import { Wire } from './wire.mjs';

const server = process.argv[2];
const wire = new Wire(server);
const shards = [
  ...Array.from({ length: 60 }, (_, id) => `main/${id}`),
  ...Array.from({ length: 6 }, (_, id) => `patron/${id}`),
];
let browser, page, base, reloaded, bot;

const GUILD = '1327614406976077726'; // shard 5 of 60, and of 6

const post = (path) => postTo(server, path);
const tile = (id, cluster = 0) =>
  page.locator('.cluster').nth(cluster).locator(`[data-id="${id}"]`);
const text = (selector) => page.locator(selector).textContent();

before(async () => {
  for (const shard of shards) await post(`status/${shard}/3`);
  // Keeps all shards healthy in a slow run.
  bot = setInterval(
    () =>
      shards.forEach((shard) =>
        fetch(`http://${server}/api/health/${shard}`, { method: 'POST' }).catch(() => {}),
      ),
    10000,
  );
  base = await wire.open();
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  // The strictest policy under which the page must work, where the server sends none.
  await context.route(`${base}/`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      headers: { 'content-security-policy': "default-src 'self'", ...response.headers() },
    });
  });
  page = await watched(context, base);
});

after(async () => {
  clearInterval(bot);
  await browser?.close();
  wire.close();
});

test('the page opens and is live', async () => {
  await page.goto(base);
  await becomes(() => text('.pill'), 'live', 'pill');
});

test('a grid for each cluster, a tile for each shard', async () => {
  assert.deepEqual(await page.locator('.cluster-title').allTextContents(), ['main', 'patron']);
  assert.equal(await page.locator('.cluster').nth(0).getByRole('gridcell').count(), 60);
  assert.equal(await page.locator('.cluster').nth(1).getByRole('gridcell').count(), 6);
  await becomes(() => text('#headline'), 'All 66 shards are online', 'headline');
});

test('a POST changes the tile and its name', async () => {
  assert.equal(await tile(17).getAttribute('data-status'), '3');
  await post('status/main/17/2');
  await becomes(() => tile(17).getAttribute('data-status'), '2', 'state');
  assert.equal(await tile(17).getAttribute('aria-label'), 'Shard 17, offline');
  assert.equal(await tile(16).getAttribute('data-status'), '3', 'and no other tile');
});

test('the counts, the headline and the title follow', async () => {
  assert.equal(await text('#headline'), '1 of 66 shards is not online');
  assert.equal(await page.title(), '1 of 66 shards is not online · Glance');
  assert.deepEqual(await page.locator('#counts li:visible').allTextContents(), [
    '65 online',
    '1 offline',
  ]);
  assert.equal(await text('.cluster summary span >> nth=0'), '59 of 60 online');
});

test('what needs attention is said in words', async () => {
  assert.match(await text('#troubled'), /^main: shard 17, Offline, for \d s$/);
});

test('a guild is found, in BigInt, in every cluster', async () => {
  await page.fill('#header-guild', GUILD);
  await becomes(() => page.locator('#answers li').count(), 2, 'answers');
  const answers = () =>
    page
      .locator('#answers li')
      .allTextContents()
      .then((all) => all.join('; '));
  await becomes(
    answers,
    /^main: shard 5 of 60, Online, heard \d+ s ago; patron: shard 5 of 6, Online, heard \d+ s ago$/,
    'answers',
  );
  assert.equal(await text('#hint'), 'Look at the bot that was invited.');
});

test('its tiles are marked, with a label', async () => {
  assert.equal(await page.locator('.guild-tagged').count(), 2);
  assert.match(await tile(5).getAttribute('class'), /guild-tagged/);
  assert.equal(await tile(5).textContent(), 'yours');
});

test('the search stays in the fragment', async () => {
  assert.equal(new URL(page.url()).hash, `#guild=${GUILD}`);
  await page.reload();
  reloaded = Date.now();
  await becomes(() => page.locator('.guild-tagged').count(), 2, 'marks after a reload');
  assert.equal(await page.inputValue('#header-guild'), GUILD);
});

test('"Show on the grid" brings the tile into view, typing moves nothing', async () => {
  await page.setViewportSize({ width: 390, height: 400 });
  await page.fill('#header-guild', '#50');
  assert.equal(await page.evaluate(() => scrollY), 0);
  await page.click('#reveal');
  const seen = () =>
    tile(50).evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });
  await becomes(seen, true, 'in view');
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('an invalid search is refused and clears the marks', async () => {
  await page.fill('#header-guild', '1e18');
  assert.equal(await page.getAttribute('#header-guild', 'aria-invalid'), 'true');
  assert.match(await text('#hint'), /Copy Server ID/);
  assert.equal(await page.locator('.guild-tagged').count(), 0);
  await page.fill('#header-guild', '');
  assert.equal(await page.getAttribute('#header-guild', 'aria-invalid'), 'false');
  assert.equal(await text('#hint'), '');
});

test('each grid is one stop for Tab, and arrows lead through it', async () => {
  assert.equal(await page.locator('[role=gridcell][tabindex="0"]').count(), 2);
  const focused = () => page.evaluate(() => document.activeElement.dataset.id);
  await tile(0).focus();
  const columns = await tile(0).evaluate(
    (element) => getComputedStyle(element.parentNode).gridTemplateColumns.split(' ').length,
  );
  const steps = [
    ['ArrowRight', 1],
    ['ArrowDown', 1 + columns],
    ['ArrowLeft', columns],
    ['ArrowUp', 0],
    ['ArrowUp', 0],
    ['End', columns - 1],
    ['Home', 0],
    ['PageDown', 59],
    ['PageUp', 59 % columns],
    ['Control+Home', 0],
    ['Control+End', 59],
    ['ArrowRight', 59],
  ];
  for (const [key, id] of steps) {
    await page.keyboard.press(key);
    assert.equal(await focused(), String(id), key);
  }
  assert.equal(await page.locator('.cluster').nth(0).locator('[tabindex="0"]').count(), 1);
});

test('a heartbeat animates the tile where the reader has chosen so', async () => {
  await page.check('#settings-pulse-health');
  await post('health/main/9');
  await page.waitForSelector('[data-id="9"].health-ping');
  await page.uncheck('#settings-pulse-health');
});

test('no violation of accessibility rules, in light', async () => {
  await page.fill('#header-guild', GUILD);
  assert.deepEqual(await violations(page), []);
});

test('no violation of accessibility rules, in dark', async () => {
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await violations(page), []);
});

test('320 pixels are enough', async () => {
  await page.setViewportSize({ width: 320, height: 640 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('without JavaScript there is a way to the plain text', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const bare = await context.newPage();
  await bare.goto(base);
  await bare.getByRole('link', { name: 'plain text' }).click();
  assert.match(await bare.textContent('body'), /^As of .*\n\nmain: 59 of 60 online\n/);
  await context.close();
});

test('no console message, and nothing asked of anyone else', () => {
  assert.deepEqual(page.said, []);
});

test('a broken connection: reconnecting, then lost, and the grid stays', async () => {
  await passed(reloaded + 2000); // a stream that ends sooner counts as the polling fallback
  wire.cut();
  await becomes(() => text('.pill'), 'reconnecting', 'pill');
  assert.ok(await page.locator('#banner').isHidden());
  await becomes(() => text('.pill'), 'connection lost', 'pill');
  assert.match(await text('#banner'), /^connection lost, showing \d\d:\d\d:\d\d$/);
  assert.ok(await page.locator('#banner').isVisible());
  assert.ok(await tile(17).isVisible());
  assert.equal(await tile(17).getAttribute('data-status'), '2');
  await becomes(() => text('#status'), 'Connection lost', 'what is said', 20);
});

test('a lost connection breaks no rule of accessibility', async () => {
  assert.deepEqual(await violations(page), []);
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(await violations(page), []);
});

test('the title says that the connection is lost', async () => {
  assert.equal(await page.title(), 'Connection lost · Glance');
});

test('ages do not grow while the connection is lost', async () => {
  const shown = await text('#troubled');
  const age = () =>
    tile(17).evaluate((one) => {
      one.click();
      return one.ariaLabel;
    });
  const name = await age();
  assert.match(name, /^Shard 17, offline, for \d+ (s|min)$/);
  await passed(Date.now() + 1000); // the page's clock ticks once a second
  assert.equal(await text('#troubled'), shown);
  assert.equal(await age(), name, 'nor does that of a tile that is looked at');
  await page.keyboard.press('Escape');
});

test('the page resumes after the last event and shows what has changed', async () => {
  await post('status/main/3/4');
  await post('status/main/17/3');
  assert.equal(await tile(3).getAttribute('data-status'), '3');
  wire.repair();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await becomes(() => text('.pill'), 'live', 'pill');
  await becomes(() => tile(3).getAttribute('data-status'), '4', 'state');
  await becomes(() => tile(17).getAttribute('data-status'), '3', 'state');
  assert.ok(await page.locator('#banner').isHidden());
});

test('the new state is announced', async () => {
  await becomes(() => text('#status'), '1 of 66 shards is not online', 'what is said', 20);
});

test('the stream resumes with one update and no hello', () => {
  assert.ok(/\/api\/stream\?last-event-id=|^last-event-id: /im.test(wire.sent), 'the id is sent');
  assert.ok(/^event: ?update$/m.test(wire.received), 'an update is received');
  assert.ok(!/^event: ?hello$/m.test(wire.received), 'a hello is not');
});

test('events change the page again', async () => {
  await post('status/main/3/3');
  await becomes(() => tile(3).getAttribute('data-status'), '3', 'state');
  await becomes(() => text('#headline'), 'All 66 shards are online', 'headline');
});
