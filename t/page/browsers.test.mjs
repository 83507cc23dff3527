// The page in browsers that lack something: storage, newer interfaces, one of its files. And on a
// phone.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch } from './browser.mjs';
import { Mock } from './mock.mjs';
import { becomes } from './visit.mjs';

const SHARDS = 120;
let browser, mock, base, page;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  mock = new Mock();
  mock.hello = {
    now: 0,
    timeout: 30,
    clusters: [{ name: 'main', states: `${'3'.repeat(SHARDS - 9)}222222222` }],
  };
  base = await mock.open();
  page = await browser.newPage();
});
afterEach(async () => {
  await page.close();
  mock.close();
});

const live = () =>
  page.locator('[data-connection=live] .cluster').first().waitFor({ state: 'attached' });
const theme = () => page.evaluate(() => document.documentElement.dataset.theme);

for (const area of ['localStorage', 'sessionStorage']) {
  test(`${area} is null`, async () => {
    await page.addInitScript((name) => {
      Object.defineProperty(window, name, { value: null });
    }, area);
    await page.goto(base);
    await live();
    await page.selectOption('[name=theme]', 'dark');
    assert.equal(await theme(), 'dark');
  });
}

test('storage is full: a choice is applied all the same', async () => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    Object.defineProperty(window, 'localStorage', {
      value: new Proxy(localStorage, {
        get: (target, name) => (name === 'setItem' ? Storage.prototype.setItem : target[name]),
        set: Storage.prototype.setItem,
      }),
    });
  });
  await page.goto(base);
  await live();
  await page.selectOption('[name=theme]', 'dark');
  assert.equal(await theme(), 'dark');
});

test("what is stored has a prefix, and other applications' keys are none of ours", async () => {
  await page.addInitScript(() => localStorage.setItem('theme', 'dark'));
  await page.goto(base);
  await live();
  assert.equal(await theme(), '');
  await page.selectOption('[name=theme]', 'light');
  await page.check('[name=table]');
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).sort()), [
    'glance.table',
    'glance.theme',
    'theme',
  ]);
  await page.reload();
  await live();
  assert.equal(await theme(), 'light');
});

/** Deletes what Chrome 109, Firefox 115 or Safari 16.4 lacks. */
const age = () =>
  page.addInitScript(() => {
    delete URLSearchParams.prototype.size;
    for (const name of Object.getOwnPropertyNames(Element.prototype)) {
      if (/^aria|^role$/.test(name)) delete Element.prototype[name];
    }
    for (const name of ['groupBy', 'fromAsync']) {
      delete Object[name];
      delete Array[name];
    }
    delete Map.groupBy;
    delete Promise.withResolvers;
    delete Promise.try;
    delete URL.canParse;
    delete URL.parse;
    delete Element.prototype.checkVisibility;
    delete AbortSignal.any;
    for (const name of ['toSorted', 'toSpliced', 'toReversed', 'with']) {
      delete Array.prototype[name];
    }
    for (const name of ['union', 'intersection', 'difference']) delete Set.prototype[name];
  });

test('an older browser: links, filters, details, "Show all"', async () => {
  await age();
  await page.goto(`${base}/#guild=main:17`);
  await page.locator('#answers', { hasText: 'main: shard 17' }).waitFor();
  await page.click('#more');
  await becomes(() => page.locator('#troubled li').count(), 9, 'lines');
  assert.equal(await page.getAttribute('#more', 'aria-expanded'), 'true');
  await page.locator('#counts a', { hasText: 'offline' }).click();
  await page.locator('#counts [aria-current=true]', { hasText: 'offline' }).waitFor();
  await page.goto(`${base}/#shard=main:115`);
  await becomes(() => page.locator('dialog h2').textContent(), /shard 115/, 'detail');
});

for (const name of ['app.js', 'grid.js', 'connection.js']) {
  test(`${name} does not load: a link to plain text and a form that works`, async () => {
    await page.route(`**/assets/${name}`, (route) => route.abort());
    mock.files.set('/plain', 'main: 17');
    await page.goto(base);
    await page.locator('#without').waitFor({ timeout: 5000 });
    assert.equal(await page.locator('.pill').textContent(), 'not live');
    assert.equal(await page.getAttribute('#without a', 'href'), '/plain');
    await page.fill('#header-guild', '1327614406976077726');
    await page.press('#header-guild', 'Enter');
    await page.waitForURL(`${base}/plain?guild=1327614406976077726`);
  });
}

test('a browser without modules does not say "loading" for ever', async () => {
  await page.clock.install();
  await page.route('**/assets/app.js', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: '' }),
  );
  await page.goto(base);
  await page.clock.fastForward(21e3);
  await page.locator('#without').waitFor();
});

test('without a config.js the page is live all the same', async () => {
  await page.route('**/assets/config.js', (route) => route.fulfill({ status: 404 }));
  await page.goto(base);
  await live();
  assert.ok(await page.locator('#without').isHidden());
});

test('on a phone, Enter leaves the answer in view; "Show on the grid" shows the tile', async () => {
  await page.setViewportSize({ width: 390, height: 600 });
  await page.goto(base);
  await live();
  const inView = (selector) =>
    page.locator(selector).evaluate((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });
  await page.fill('#header-guild', 'main:119');
  await page.press('#header-guild', 'Enter');
  await page.waitForTimeout(300);
  assert.ok(await inView('#answers'), 'the answer');
  await page.getByRole('button', { name: 'Show on the grid' }).click();
  await becomes(() => inView('[data-id="119"]'), true, 'the tile is in view');
});
