// Takes the pictures of the README from a running server with the board "main:60 patron:6"
// and no passphrase: node scripts/screenshots.mjs http://localhost:3000
// SPDX-License-Identifier: ISC
import { launch } from '../t/page/browser.mjs';

const base = process.argv[2] ?? 'http://localhost:3000';
const images = new URL('../docs/img/', import.meta.url).pathname;
const shards = [['main', 60], ['patron', 6]].flatMap(([name, size]) => Array.from({ length: size }, (_, id) => `${name}/${id}`));
const silent = 'main/17';
const states = { 'main/22': 2, 'main/23': 2, 'main/41': 6, 'main/50': 4 };
const guild = ((5275475166n * 60n + 17n) << 22n) + 77726n;

async function post(path) {
  const response = await fetch(`${base}/api/${path}`, { method: 'POST' });
  if (response.status !== 204) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

async function shoot(browser, name, options) {
  const page = await browser.newPage(options);
  await page.goto(`${base}/#guild=${guild}`);
  await page.getByText(/^main: shard 17 of 60, Unhealthy, silent (3[2-9]|[4-9]\d) s/).waitFor({ timeout: 90000 });
  await page.getByText(/^patron: .*heard/).waitFor();
  await page.screenshot({ path: `${images}${name}.png` });
  await page.close();
}

for (const shard of shards) await post(`status/${shard}/${states[shard] ?? 3}`);
// One of them falls silent, as a real one would.
const bot = setInterval(() => {
  for (const shard of shards) if (shard !== silent) post(`health/${shard}`).catch(console.error);
}, 5000);
const browser = await launch();
await shoot(browser, 'desktop', { viewport: { width: 1280, height: 832 }, deviceScaleFactor: 1.4 });
await shoot(browser, 'phone', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.75, colorScheme: 'dark' });
await browser.close();
clearInterval(bot);
