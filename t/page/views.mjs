// The page's views: node views.mjs <host:port>. The server there has the board
// "main:60 <img src=x onerror=alert(1)>:12 lone:1", the API at its default paths, the page
// at /, and no passphrase.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch } from './browser.mjs';
import { becomes, post as postTo, postAll, violations, watched } from './visit.mjs';

const server = process.argv[2];
const base = `http://${server}/`;
const HOSTILE = '<img src=x onerror=alert(1)>';
const range = (n) => Array.from({ length: n }, (_, id) => id);
const post = (path) => postTo(server, path);
let browser, context, page;

before(async () => {
  browser = await launch();
  const states = { 22: 2, 23: 2, 17: 1, 41: 6, 50: 4, 51: 5 };
  await postAll(
    server,
    range(59).map((id) => `status/main/${id}/${states[id] ?? 3}`),
  ); // 59 stays unknown
  await postAll(
    server,
    range(12).map((id) => `status/${encodeURIComponent(HOSTILE)}/${id}/3`),
  );
  await post('status/lone/0/3');
});
after(() => browser?.close());
beforeEach(() => fresh());
afterEach(async () => {
  assert.deepEqual(page.said, [], 'no console message, and nothing asked of anyone else');
  await context.close();
});

/** Another visitor, with nothing saved. */
async function fresh(options) {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  page = await watched(context, base);
}

async function open(hash = '') {
  await page.goto(base + hash);
  await page.locator('[data-connection=live] .cluster').first().waitFor();
}

const tile = (id, cluster = 0) =>
  page.locator('.cluster').nth(cluster).locator(`[data-id="${id}"]`);
const text = (selector) => page.locator(selector).textContent();
/** Walks to a tile of the first grid from its beginning, as a keyboard does. */
async function walk(id) {
  await tile(0).focus();
  for (let step = 0; step < id; step++) await page.keyboard.press('ArrowRight');
}
const hash = () => new URL(page.url()).hash;
const style = (locator, name) =>
  locator.evaluate((element, property) => getComputedStyle(element)[property], name);
const counts = (state) => page.locator('#counts a', { hasText: state });
const dialog = () => page.locator('dialog');
const facts = () =>
  page
    .locator('dialog dl div')
    .evaluateAll((all) =>
      all.map((one) => [...one.children].map((part) => part.textContent).join(': ')),
    );

// ---- the search, in all its forms ----------------------------------------------------------

const FOUND = [
  [
    '1327614406976077726',
    /^main: shard 5 of 60, Online, heard .* ago$/,
    'Look at the bot that was invited.',
  ],
  [' 1327 6144 0697 6077 726 ', /^main: shard 5 of 60/, 'Look at the bot that was invited.'],
  [
    'https://discord.com/channels/1327614406976077726/1',
    /^main: shard 5 of 60/,
    'Look at the bot that was invited.',
  ],
  [
    'https://canary.discord.com/channels/1327614406976077726',
    /^main: shard 5 of 60/,
    'Look at the bot that was invited.',
  ],
  [
    'discordapp.com/channels/@me/1',
    /^main: shard 0 of 60/,
    'Direct messages live on shard 0. Look at the bot that was invited.',
  ],
  ['12345678', /^main: shard 2 of 60/, 'This looks too short. Look at the bot that was invited.'],
  ['#17', /^main: shard 17 of 60, Unhealthy, silent \d+ s$/, ''],
  ['main:22', /^main: shard 22 of 60, Offline, for \d+ s$/, ''],
  ['main:59', /^main: shard 59 of 60, Unknown, never heard$/, ''],
];
for (const [typed, answer, hint] of FOUND) {
  test(`the search finds ${typed}`, async () => {
    await open();
    await page.fill('#header-guild', typed);
    await becomes(() => page.locator('#answers li').first().textContent(), answer, 'answer');
    assert.equal(await text('#hint'), hint);
    assert.equal(await page.getAttribute('#header-guild', 'aria-invalid'), 'false');
    assert.ok((await page.locator('.guild-tagged').count()) > 0);
  });
}

for (const typed of ['0x10', '1e18', '-5', 'abc', '18446744073709551616', 'main:60', 'other:1']) {
  test(`the search refuses ${typed}`, async () => {
    await open('#guild=%2317');
    await becomes(() => page.locator('.guild-tagged').count(), 1, 'marked before');
    await page.fill('#header-guild', typed);
    assert.equal(await page.getAttribute('#header-guild', 'aria-invalid'), 'true');
    assert.match(await text('#hint'), /Copy Server ID|^No such shard/);
    assert.equal(await page.locator('.guild-tagged, #answers li').count(), 0);
  });
}

test('no label covers another tile', async () => {
  await open('#guild=%2317');
  const covered = await page.locator('.flag').evaluate((flag) => {
    const box = flag.getBoundingClientRect();
    return [...document.querySelectorAll('[data-id]')].filter((other) => {
      const { left, right, top, bottom } = other.getBoundingClientRect();
      return (
        !other.contains(flag) &&
        left < box.right &&
        right > box.left &&
        top < box.bottom &&
        bottom > box.top
      );
    }).length;
  });
  assert.equal(covered, 0);
});

test('title and icon follow the shard that was searched for, which is announced once', async () => {
  await open('#guild=main:30');
  const icon = () => page.getAttribute('[rel=icon]', 'href');
  await becomes(() => page.title(), 'main: shard 30, Online · Glance', 'title');
  assert.equal(await icon(), 'assets/favicon.svg');
  await becomes(() => text('#status'), /^main: shard 30 of 60, Online/, 'what is said');
  await post('status/main/30/2');
  await becomes(() => page.title(), 'main: shard 30, Offline · Glance', 'title');
  assert.equal(await icon(), 'assets/favicon-offline.svg');
  await becomes(() => text('#status'), /^main: shard 30 of 60, Offline/, 'what is said');
  await post('status/main/30/6');
  await becomes(icon, 'assets/favicon-trouble.svg', 'icon');
  await post('status/main/30/3');
  await becomes(icon, 'assets/favicon.svg', 'icon');
});

test('a burst is announced in one sentence, the shard that was searched for once', async () => {
  await page.clock.install();
  await open('#guild=main:30');
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1e3));
  await page.clock.runFor(22e3); // what the opening says is said, and 10 s ago
  await page.evaluate(() => {
    const status = document.querySelector('#status');
    globalThis.announced = [];
    new MutationObserver(() => globalThis.announced.push(status.textContent)).observe(status, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  const announcedAfter = async (seconds) => {
    while (seconds-- > 0) await page.clock.runFor(1000);
    return page.evaluate(() => globalThis.announced.splice(0));
  };
  await post('status/main/33/4');
  await becomes(() => text('#headline'), '8 of 73 shards are not online', 'headline');
  assert.deepEqual(await announcedAfter(1), ['8 of 73 shards are not online']);
  for (const id of range(7)) await post(`status/main/${34 + id}/4`);
  await becomes(() => text('#headline'), '15 of 73 shards are not online', 'headline');
  assert.deepEqual(await announcedAfter(8), [], 'not within 10 s');
  assert.deepEqual(await announcedAfter(3), ['15 of 73 shards are not online']);
  await post('status/main/30/2');
  await becomes(() => page.title(), 'main: shard 30, Offline · Glance', 'title');
  assert.match(
    (await announcedAfter(22)).join('; '),
    /^main: shard 30 of 60, Offline, for \d+ s\. $/,
  );
  for (const id of [30, ...range(8).map((at) => 33 + at)]) await post(`status/main/${id}/3`);
});

test('without a search, title and icon tell of all shards', async () => {
  await open();
  assert.equal(await page.title(), '7 of 73 shards are not online · Glance');
  assert.equal(await page.getAttribute('[rel=icon]', 'href'), 'assets/favicon-trouble.svg');
});

test('every icon is there', async () => {
  for (const name of ['', '-offline', '-trouble']) {
    const answer = await fetch(`${base}assets/favicon${name}.svg`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^image\/svg\+xml/);
  }
});

// ---- filters -----------------------------------------------------------------------------

test('a count is a filter: in the address, in the list, in the grid', async () => {
  await open('#guild=%2317');
  const plain = await style(tile(3), 'backgroundColor');
  await counts('offline').click();
  assert.equal(hash(), '#guild=%2317&state=offline');
  await becomes(() => text('#attention h2'), 'Offline', 'heading');
  assert.deepEqual(
    (await page.locator('#troubled li').allTextContents()).map((line) => line.slice(0, 23)),
    ['main: shard 22, Offline', 'main: shard 23, Offline'],
  );
  assert.notEqual(await style(tile(3), 'backgroundColor'), plain, 'others step back');
  assert.equal(await style(tile(22), 'backgroundColor'), 'rgb(255, 90, 79)', 'these do not');
  assert.equal(await counts('offline').getAttribute('aria-current'), 'true');
});

test('a filter survives a reload, and a second click removes it', async () => {
  await open('#state=unhealthy');
  await page.reload();
  await becomes(() => counts('unhealthy').getAttribute('aria-current'), 'true', 'current');
  await counts('unhealthy').click();
  await becomes(() => text('#attention h2'), 'Needs attention', 'heading');
  assert.equal(await page.locator('[aria-current=true]').count(), 0);
});

test('Back removes a filter', async () => {
  await open();
  await counts('online').click();
  await becomes(() => text('#attention h2'), 'Online', 'heading');
  await page.goBack();
  await becomes(() => text('#attention h2'), 'Needs attention', 'heading');
});

test('a filter that is none of the states filters nothing', async () => {
  await open('#state=%3Cimg%3E');
  assert.equal(await text('#attention h2'), 'Needs attention');
});

test('the list is short, and opens', async () => {
  await open();
  assert.equal(await page.locator('#troubled li').count(), 6);
  await page.click('#more');
  assert.equal(await page.locator('#troubled li').count(), 7);
  assert.equal(await page.getAttribute('#more', 'aria-expanded'), 'true');
});

// ---- the detail --------------------------------------------------------------------------

test('Enter on a tile opens its detail, Esc closes it and returns to the tile', async () => {
  await open();
  await walk(17);
  await page.keyboard.press('Enter');
  await becomes(() => text('dialog h2'), 'main: shard 17 of 60', 'heading');
  assert.equal(hash(), '#shard=main%3A17');
  assert.equal(await text('dialog p'), 'Unhealthy Silent for longer than 10 min.');
  await becomes(
    async () => (await facts()).join('; '),
    /^The bot last said: unhealthy; Last sign of life: \d+ \w+ ago; In this state: for \d+ \w+$/,
    'facts',
  );
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => document.activeElement.dataset.id), '17');
  await becomes(() => page.url(), base, 'address');
});

test('a tap opens the detail, on a tile and on the lines of the lists', async () => {
  await fresh({ hasTouch: true, viewport: { width: 390, height: 844 } });
  await open('#guild=%233');
  await tile(22).tap();
  await becomes(() => text('dialog h2'), 'main: shard 22 of 60', 'heading');
  await page.getByRole('button', { name: 'Close' }).tap();
  await page.locator('#answers button').first().tap();
  await becomes(() => text('dialog h2'), 'main: shard 3 of 60', 'heading');
  await page.getByRole('button', { name: 'Close' }).tap();
  await page.locator('#troubled button').first().tap();
  await becomes(() => text('dialog h2'), 'main: shard 22 of 60', 'heading');
});

test('an address opens the detail, and Back closes it', async () => {
  await open();
  await tile(5).click();
  await becomes(() => text('dialog h2'), 'main: shard 5 of 60', 'heading');
  const address = page.url();
  await page.goBack();
  await dialog().waitFor({ state: 'hidden' });
  await page.goto(base);
  await page.goto(address);
  await becomes(() => text('dialog h2'), 'main: shard 5 of 60', 'heading');
  await page.reload();
  await becomes(() => text('dialog h2'), 'main: shard 5 of 60', 'heading after a reload');
});

test('an address of no shard opens nothing', async () => {
  for (const shard of ['main:60', 'main:-1', 'main:1e1', 'other:1', 'main', '%']) {
    await open(`#shard=${shard}`);
    assert.ok(await dialog().isHidden(), shard);
    await page.goto('about:blank');
  }
  page.said = []; // about:blank is not the server's
});

test('facts that are asked for are shown as pending', async () => {
  let answer;
  const answered = new Promise((resolve) => {
    answer = resolve;
  });
  await page.route('**/api/status/main/12', async (route) => {
    await answered;
    await route.continue();
  });
  await open('#shard=main:12');
  await becomes(() => text('dialog h2'), 'main: shard 12 of 60', 'heading');
  assert.deepEqual(await facts(), [
    'The bot last said: …',
    'Last sign of life: …',
    'In this state: …',
  ]);
  answer();
  await becomes(async () => (await facts()).join('; '), /online; .* ago; .*: for /, 'facts');
});

test('facts are pending again after a change', async () => {
  let answer;
  await open('#shard=main:13');
  await becomes(async () => (await facts())[0], 'The bot last said: online', 'facts');
  await page.route('**/api/status/main/13', async (route) => {
    await new Promise((resolve) => {
      answer = resolve;
    });
    await route.continue();
  });
  await post('status/main/13/4');
  await becomes(async () => (await facts())[0], 'The bot last said: …', 'facts');
  await becomes(() => Boolean(answer), true, 'asked');
  answer();
  await becomes(async () => (await facts())[0], 'The bot last said: starting', 'facts');
  await post('status/main/13/3');
});

test('facts without an answer are not known', async () => {
  await page.route('**/api/status/main/12', (route) => route.fulfill({ status: 204 }));
  await open('#shard=main:12');
  await becomes(
    async () => (await facts()).join('; '),
    'The bot last said: not known; Last sign of life: not known; In this state: not known',
    'facts',
  );
});

test('events change the detail', async () => {
  await open('#shard=main:31');
  await becomes(() => text('dialog b'), 'Online', 'state');
  await post('status/main/31/4');
  await becomes(() => text('dialog b'), 'Starting', 'state');
  await becomes(async () => (await facts())[0], 'The bot last said: starting', 'what the bot said');
  await post('status/main/31/3');
  await becomes(() => text('dialog b'), 'Online', 'state');
});

test('a shard that never reported says so', async () => {
  await open('#shard=main:59');
  await becomes(
    async () => (await facts()).slice(0, 2).join(),
    'The bot last said: nothing,Last sign of life: never',
    'facts',
  );
});

// ---- the table -----------------------------------------------------------------------------

const cells = (row) => page.locator('tbody tr').nth(row).locator('td').allTextContents();

test('as a table: all shards, the worst first, with times', async () => {
  await open();
  await page.check('[name=table]');
  await becomes(() => page.locator('tbody tr').count(), 73, 'rows');
  assert.ok(await page.locator('#app-cluster').isHidden());
  assert.match((await cells(0)).join('|'), /^main\|22\|Offline\|for \d+ (s|min)$/);
  assert.match((await cells(2)).join('|'), /^main\|17\|Unhealthy\|silent \d+ (s|min)$/);
  await becomes(
    async () => (await cells(30)).join('|'),
    /^main\|\d+\|Online\|heard \d+ (s|min) ago$/,
    'times of all',
  );
  assert.deepEqual(await page.getByRole('columnheader').allTextContents(), [
    'Cluster',
    'Shard',
    'State',
    'Time',
  ]);
});

test('the table keeps to the filter, and follows', async () => {
  await open('#state=offline');
  await page.check('[name=table]');
  await becomes(() => page.locator('tbody tr').count(), 2, 'rows');
  await post('status/main/32/2');
  await becomes(() => page.locator('tbody tr').count(), 3, 'rows');
  await post('status/main/32/3');
  await becomes(() => page.locator('tbody tr').count(), 2, 'rows');
});

test('a row opens the detail', async () => {
  await open();
  await page.check('[name=table]');
  await page.locator('tbody button').first().focus();
  await page.keyboard.press('Enter');
  await becomes(() => text('dialog h2'), 'main: shard 22 of 60', 'heading');
});

// ---- the extras -----------------------------------------------------------------------------

test('the page works without its extras, and loads them later', async () => {
  let missing = true;
  await page.addInitScript(() => {
    localStorage['glance.table'] = 'true';
  });
  await page.route('**/assets/table.js', (route) => (missing ? route.abort() : route.continue()));
  await page.clock.install();
  await open('#shard=main:22&guild=%2317');
  await page.locator('#app-cluster').waitFor();
  await page.locator('#troubled li').first().waitFor();
  await becomes(() => text('#answers'), /^main: shard 17 of 60, Unhealthy/, 'answer');
  assert.equal(await page.locator('table, dialog').count(), 0);
  missing = false;
  for (let seconds = 0; seconds < 11; seconds++) await page.clock.runFor(1000);
  await page.locator('dialog h2').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('tbody tr').first().waitFor();
  assert.ok(await page.locator('#app-cluster').isHidden());
  assert.deepEqual(
    page.said.splice(0),
    ['Failed to load resource: net::ERR_FAILED'],
    'the browser alone said so',
  );
});

test('the style sheet of the extras is loaded before them, and comes before a theme', async () => {
  await configured({ theme: '/theme.css' }, 'dialog { color: rgb(1, 2, 3); }');
  let dress;
  const dressed = new Promise((resolve) => {
    dress = resolve;
  });
  await page.route('**/assets/extras.css', (route) => dressed.then(() => route.continue()));
  await open('#shard=main:22');
  assert.equal(await page.locator('table, dialog, .cluster-key').count(), 0);
  dress();
  await page.locator('dialog h2').waitFor();
  assert.equal(await style(dialog(), 'borderRadius'), '12.8px');
  assert.equal(await style(dialog(), 'color'), 'rgb(1, 2, 3)');
});

// ---- display settings ------------------------------------------------------------------------

test('settings are kept', async () => {
  await open();
  await page.selectOption('[name=theme]', 'dark');
  await page.selectOption('[name=tiles]', 'many');
  await page.check('[name=pulse]');
  await page.check('[name=table]');
  await page.reload();
  assert.deepEqual(
    await page
      .locator('[name]:not(meta, [name=guild])')
      .evaluateAll((all) => all.map((one) => (one.type === 'checkbox' ? one.checked : one.value))),
    [true, true, 'many', 'dark'],
  );
});

test('the theme follows the system, or the choice', async () => {
  await open();
  const colour = () => style(page.locator('body'), 'backgroundColor');
  assert.equal(await colour(), 'rgb(255, 255, 255)');
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.equal(await colour(), 'rgb(15, 20, 22)');
  await page.selectOption('[name=theme]', 'light');
  assert.equal(await colour(), 'rgb(255, 255, 255)');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.selectOption('[name=theme]', 'dark');
  assert.equal(await colour(), 'rgb(15, 20, 22)');
});

test('three densities: one large, numbered, small', async () => {
  await open();
  const height = async (id, cluster) => (await tile(id, cluster).boundingBox()).height;
  assert.deepEqual([await height(3), await height(0, 2)], [28, 120]);
  await page.selectOption('[name=tiles]', 'many');
  assert.deepEqual([await height(3), await height(0, 2)], [24, 120]);
  await page.selectOption('[name=tiles]', '');
  assert.equal(await height(3), 28);
});

test('without storage, settings last as long as the page', async () => {
  await page.addInitScript(() =>
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    }),
  );
  await open();
  await page.selectOption('[name=theme]', 'dark');
  assert.equal(await style(page.locator('body'), 'backgroundColor'), 'rgb(15, 20, 22)');
});

test('nothing moves under reduced motion', async () => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await open();
  await page.check('[name=pulse]');
  await post('health/main/9');
  await page.waitForSelector('[data-id="9"].health-ping');
  assert.equal(await style(tile(9), 'animationName'), 'none');
});

// ---- everyone ----------------------------------------------------------------------------------

test('names for a screen reader', async () => {
  await open('#guild=%2322');
  await page
    .getByRole('grid', { name: 'main' })
    .getByRole('gridcell', { name: 'Shard 22, offline, yours' })
    .waitFor();
  assert.equal(
    await page.getByRole('gridcell', { name: 'Shard 3, online', exact: true }).count(),
    2,
  );
  await walk(17);
  assert.match(
    await tile(17).getAttribute('aria-label'),
    /^Shard 17, unhealthy, silent \d+ (s|min)$/,
  );
  await page.getByRole('searchbox', { name: 'Is the bot down in your server?' }).waitFor();
  await page
    .getByRole('navigation', { name: 'Filter by state' })
    .getByRole('link', { name: '2 offline', exact: true })
    .waitFor();
  await page.getByRole('checkbox', { name: 'View as table' }).waitFor();
  await page.getByRole('combobox', { name: 'Theme' }).waitFor();
});

test('what can be tapped is 24 pixels or more', async () => {
  await fresh({ viewport: { width: 320, height: 640 } });
  await open('#guild=%2317');
  const small = await page
    .locator('a, button, input, select, summary, [data-id]')
    .evaluateAll((all) =>
      all
        .map((one) => [one.outerHTML.slice(0, 60), one.getBoundingClientRect()])
        .filter(([, { width, height }]) => width && (width < 24 || height < 24))
        .map(([html]) => html),
    );
  assert.deepEqual(small, []);
});

test('every state has a sign, and no colours are needed', async () => {
  await page.emulateMedia({ forcedColors: 'active' });
  await open('#guild=%2317');
  const signs = ['22 "✕"', '17 "!"', '41 "↻"', '50 "▲"', '51 "▼"', '59 "?"', '3 none'];
  for (const sign of signs) {
    const id = sign.split(' ')[0];
    assert.equal(
      `${id} ${await tile(id).evaluate((element) => getComputedStyle(element, '::after').content)}`,
      sign,
    );
  }
  assert.equal(
    await style(tile(3), 'borderTopColor'),
    await style(tile(3), 'color'),
    'tiles have an edge',
  );
  assert.notEqual(
    await style(tile(17), 'outlineColor'),
    await style(tile(3), 'backgroundColor'),
    'the marked one has a ring',
  );
  assert.deepEqual(await violations(page), []);
});

const LOOKS = { light: 'light', dark: 'dark' };
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 320, height: 640 } };
const VIEWS = {
  'the board': ['', () => {}],
  'an answer': ['#guild=1327614406976077726', () => {}],
  'a refusal': ['#guild=1e18', () => {}],
  'a filter': ['#state=offline', () => {}],
  'a detail': ['#shard=main:17', () => dialog().waitFor()],
  'the table': ['', () => page.check('[name=table]')],
  'small tiles': ['#guild=%2317', () => page.selectOption('[name=tiles]', 'many')],
};
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of Object.values(LOOKS)) {
    for (const [name, [at, act]] of Object.entries(VIEWS)) {
      test(`${name}, ${colorScheme}, ${size}: no violation, no scrolling sideways`, async () => {
        await fresh({ viewport, colorScheme });
        await open(at);
        await act();
        assert.deepEqual(await violations(page), []);
        assert.equal(
          await page.evaluate(() => document.documentElement.scrollWidth),
          viewport.width,
        );
      });
    }
  }
}

// ---- hostile names, branding and themes ---------------------------------------------------

test('a cluster of a hostile name is text wherever it appears', async () => {
  page.on('dialog', () => page.said.push('alert'));
  await open(`#guild=${encodeURIComponent(`${HOSTILE}:3`)}`);
  assert.equal(await page.locator('.cluster-title').nth(1).textContent(), HOSTILE);
  await becomes(
    () => text('#answers li'),
    /^<img src=x onerror=alert\(1\)>: shard 3 of 12, Online/,
    'answer',
  );
  await tile(4, 1).click();
  await becomes(() => text('dialog h2'), `${HOSTILE}: shard 4 of 12`, 'heading');
  await becomes(async () => (await facts())[0], 'The bot last said: online', 'what the bot said');
  await page.keyboard.press('Escape');
  await page.check('[name=table]');
  await becomes(() => page.locator('td', { hasText: HOSTILE }).count(), 12, 'rows');
  assert.equal(await page.locator('img').count(), 0);
});

/** Serves another config.js, and a theme. */
async function configured(config, theme = '') {
  await context.route('**/assets/config.js', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: `window.config = ${JSON.stringify(config)};`,
    }),
  );
  await context.route('**/theme.css', (route) =>
    route.fulfill({ contentType: 'text/css', body: theme }),
  );
}

test('branding, links: text, wherever they lead', async () => {
  await configured({
    branding: '<b>Example</b> Bot',
    brandingLink: '/bot',
    support: '/help',
    source: '/source',
  });
  await open();
  assert.equal(await text('#header-brand'), '<b>Example</b> Bot');
  assert.equal(await page.getAttribute('#header-brand a', 'href'), '/bot');
  assert.equal(await page.title(), '7 of 73 shards are not online · <b>Example</b> Bot');
  assert.deepEqual(await page.locator('#links a').allTextContents(), ['Support', 'JSON', 'Source']);
});

// With properties, ids and classes as themes of the original use them.
const THEME = `
  :root { --bg: #1b1030; --fg: #f4eeff; --header-bg: #120822; --header-accent: #4b3a70; }
  :root { --status-online: #2e7d4f; --status-offline: #d84a6b; }
  .header { height: 22px; border-bottom: 1px solid var(--header-accent); }
  .header { display: flex; flex-wrap: nowrap; }
  #header-guild { flex: 1; text-align: center; background-color: var(--bg); color: var(--fg); }
  .cluster-title::before { content: 'cluster: '; }
  .cluster-container { display: flex; flex-wrap: wrap; margin: 0 5px; border: 1px solid #aaa; }
  .shard { width: 58px; height: 40px; flex-grow: 1; }
  i.shard { margin: 0 5px 0 0; }
  .shard[data-status="4"] { background-color: #1f9d92; color: #fff; }
  .guild-tagged { border: 2px solid cyan; }
  .health-ping { animation-duration: 2500ms; }`;

test("a theme of the original's carries over", async () => {
  await configured({ theme: '/theme.css' }, THEME);
  await open('#guild=%2317');
  await becomes(
    () => style(page.locator('body'), 'backgroundColor'),
    'rgb(27, 16, 48)',
    'background',
  );
  assert.equal(await style(tile(3), 'backgroundColor'), 'rgb(46, 125, 79)');
  assert.equal(await style(tile(22), 'backgroundColor'), 'rgb(216, 74, 107)');
  assert.equal(await style(tile(50), 'backgroundColor'), 'rgb(31, 157, 146)');
  assert.equal(await style(tile(17), 'borderTopColor'), 'rgb(0, 255, 255)');
  assert.equal((await tile(3).boundingBox()).height, 40);
  const crowded = await page
    .locator('.cluster')
    .first()
    .locator('[data-id]')
    .evaluateAll(
      (all) =>
        all.filter((one, at) => {
          const box = one.getBoundingClientRect();
          const next = all[at + 1]?.getBoundingClientRect();
          return next && next.top === box.top && next.left < box.right - 0.5;
        }).length,
    );
  assert.equal(crowded, 0, 'no tile overlaps the next');
  assert.deepEqual(
    (await violations(page)).filter((one) => !/cyan|1f9d92/.test(one)),
    [],
    'and all is readable',
  );
});
