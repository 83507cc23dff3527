// Takes pictures of a running server's page in all its looks, whatever its board, to be judged by
// eye: phone and desktop, light and dark, healthy and in an outage, the table, a detail, 320 px.
//
//   GLANCE_BOTS=main:20000 GLANCE_HEALTH_TIMEOUT=3600 GLANCE_DEMO=no make -f Makefile.apxs run
//   node scripts/looks.mjs FOLDER [http://localhost:3000]
//
// The server must take POSTs without a passphrase.
//
// SPDX-License-Identifier: ISC
import { mkdirSync } from 'node:fs';
import { launch } from '../t/page/browser.mjs';

const [folder, base = 'http://localhost:3000'] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node scripts/looks.mjs FOLDER [URL]');
  process.exit(1);
}
mkdirSync(folder, { recursive: true });

const online = 3;
const troubles = [2, 2, 2, 4, 5, 6, 0];
const widths = {
  desktop: { width: 1280, height: 860 },
  phone: { width: 390, height: 844 },
  narrow: { width: 320, height: 640 },
};

const { clusters } = await (await fetch(new URL('/api/status', base))).json();
const shards = clusters.flatMap(({ name, shards: size }) =>
  Array.from({ length: size }, (_, id) => ({
    path: `${encodeURIComponent(name)}/${id}`,
    id,
    size,
  })),
);

async function post({ path }, state) {
  const request = () => fetch(new URL(`/api/status/${path}/${state}`, base), { method: 'POST' });
  // The first request can meet the end of a keep-alive connection.
  const response = await request().catch(request);
  if (response.status !== 204)
    throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** Gives every shard its state, eight at a time. */
async function report(stateOf) {
  for (let i = 0; i < shards.length; i += 8) {
    await Promise.all(shards.slice(i, i + 8).map((shard) => post(shard, stateOf(shard))));
  }
}

/** A tenth of each cluster is down in one piece; one shard in 40 elsewhere is in some trouble. */
function troubled({ id, size }) {
  if (id > size / 4 && id < size * 0.35) return 2;
  return id % 40 === 7 ? troubles[((id - 7) / 40) % troubles.length] : online;
}

/** Legend and times come a moment after the tiles. */
async function complete(page) {
  await page.locator('[data-connection=live] .cluster').first().waitFor({ state: 'attached' });
  await page.getByText('What the signs mean').waitFor();
  await page.waitForFunction(() =>
    [...document.querySelectorAll('#answers li, #troubled li, dialog[open] dl, tbody tr')].every(
      ({ textContent }) => /(for|silent|heard)( |$)/.test(textContent),
    ),
  );
}

async function shoot(browser, name, { width, colorScheme = 'light', hash = '', prepare }) {
  const page = await browser.newPage({ viewport: widths[width], colorScheme });
  await page.goto(new URL(hash, base).href);
  await complete(page);
  await prepare?.(page);
  await complete(page);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.close();
}

const { name, shards: size } = clusters[0];
const last = size - 1;
const guild = (((1899171059760n / BigInt(size)) * BigInt(size) + BigInt(last)) << 22n) + 77726n;

const browser = await launch();
await report(() => online);
await shoot(browser, 'healthy-desktop', { width: 'desktop' });
await shoot(browser, 'healthy-phone-dark', { width: 'phone', colorScheme: 'dark' });
await report(troubled);
await shoot(browser, 'trouble-desktop', { width: 'desktop' });
await shoot(browser, 'trouble-desktop-dark', { width: 'desktop', colorScheme: 'dark' });
await shoot(browser, 'trouble-phone', { width: 'phone' });
await shoot(browser, 'offline-desktop', { width: 'desktop', hash: '#state=offline' });
await shoot(browser, 'guild-phone', { width: 'phone', hash: `#guild=${guild}` });
await shoot(browser, 'detail-phone-dark', {
  width: 'phone',
  colorScheme: 'dark',
  hash: `#shard=${encodeURIComponent(name)}:${last}`,
});
await shoot(browser, 'table-desktop', {
  width: 'desktop',
  prepare: (page) => page.check('[name=table]'),
});
await shoot(browser, 'narrow', { width: 'narrow' });
await browser.close();
