// Takes the pictures of the documents from a running server with the board
// "main:360 europe:360 patron:6" and no passphrase:
//
//   GLANCE_BOTS='main:360 europe:360 patron:6' GLANCE_DEMO=no make -f Makefile.apxs run
//   node scripts/screenshots.mjs http://localhost:3000
//
// SPDX-License-Identifier: ISC
import { launch } from '../t/page/browser.mjs';
import { Wire } from '../t/page/wire.mjs';

const base = new URL(process.argv[2] ?? 'http://localhost:3000');
const images = new URL('../docs/img/', import.meta.url).pathname;
const shards = [
  ['main', 360],
  ['europe', 360],
  ['patron', 6],
].flatMap(([name, size]) => Array.from({ length: size }, (_, id) => `${name}/${id}`));
const silent = 'main/17';
const states = { 'main/201': 2, 'main/202': 2, 'europe/41': 6, 'patron/2': 4 };
const guild = ((5275475166n * 360n + 17n) << 22n) + 77726n;
const wide = { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1.4 };
const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 1.75,
  colorScheme: 'dark',
};

async function post(path) {
  const response = await fetch(new URL(`/api/${path}`, base), { method: 'POST' });
  if (response.status !== 204)
    throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** Opens the page, prepares its look, takes the picture. */
async function shoot(browser, name, options, hash, prepare) {
  const page = await browser.newPage(options);
  await page.goto(new URL(hash, options.base ?? base).href);
  await page.locator('[data-connection=live] .cluster').first().waitFor();
  await prepare(page);
  await page.screenshot({ path: `${images}${name}.png` });
  await page.close();
}

const answered = (page) =>
  page
    .getByText(/^main: shard 17 of 360, Unhealthy, silent (3[2-9]|[4-9]\d) s/)
    .waitFor({ timeout: 90000 });
const shows = (text) => (page) => page.getByText(text).first().waitFor();

for (const shard of shards) await post(`status/${shard}/${states[shard] ?? 3}`);
// One shard falls silent, as a real one would. A request can meet the end of a keep-alive
// connection; the next one replaces it.
const bot = setInterval(() => {
  for (const shard of shards) if (shard !== silent) post(`health/${shard}`).catch(() => {});
}, 4000);
const browser = await launch();
await shoot(browser, 'desktop', wide, `#guild=${guild}`, answered);
await shoot(browser, 'phone', phone, `#guild=${guild}`, answered);
await shoot(browser, 'detail', phone, '#shard=main:17', shows('The bot last said'));

for (let id = 120; id < 160; id++) await post(`status/main/${id}/2`);
await shoot(browser, 'outage', wide, '#state=offline', shows('42'));
const wire = new Wire(base.host);
await shoot(
  browser,
  'lost',
  { ...wide, colorScheme: 'dark', base: await wire.open() },
  '',
  async (page) => {
    wire.cut();
    await shows('connection lost, showing')(page);
  },
);
wire.close();
await browser.close();
clearInterval(bot);
