#!/usr/bin/env node
// page.mjs - what the page costs the reader's browser with 20,000 shards: first render,
// updates, memory. Debian's Chromium against a mock of the server.
// SPDX-License-Identifier: ISC
//
//   node bench/page.mjs
//
// First render: from the end of the download of the last module that it needs to the end of the
// frame that shows the first tiles. Script and task times are the browser's own counters.
import { launch } from '../t/page/browser.mjs';
import { Mock } from '../t/page/mock.mjs';
import { modules } from '../t/page/modules.mjs';

const SIZE = 20000;
const RUNS = 7;
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const worst = (values) => Math.max(...values);
const show = (what, values, limit) =>
  console.log(
    `${what}: median ${median(values).toFixed(1)}, worst ${worst(values).toFixed(1)} (${limit})`,
  );

const mock = new Mock();
const base = await mock.open();
mock.hello = { now: 0, timeout: 30, clusters: [{ name: 'main', states: '3'.repeat(SIZE) }] };
mock.files.set(
  '/assets/config.js',
  `window.config = { url: '${base.replace('http', 'ws')}/api/feed' };`,
);
const browser = await launch();

/** Notes the end of the frame after the first tile. */
function watch() {
  new MutationObserver((_, observer) => {
    if (!document.querySelector('[data-id]')) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        window.rendered = performance.now();
      };
      port2.postMessage(0);
    });
  }).observe(document, { childList: true, subtree: true });
}

async function open(slowdown = 1) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  await page.addInitScript(watch);
  await page.goto(base);
  await page.waitForFunction(() => window.rendered);
  return { page, devtools };
}

async function firstRender(slowdown) {
  const { page } = await open(slowdown);
  const took = await page.evaluate(
    (first) =>
      window.rendered -
      Math.max(
        ...performance
          .getEntriesByType('resource')
          .filter(({ name }) => first.includes(name.split('/').pop()))
          .map(({ responseEnd }) => responseEnd),
      ),
    modules('app.js'),
  );
  await page.close();
  return took;
}

const metrics = async (devtools) =>
  Object.fromEntries(
    (await devtools.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]),
  );

/** What one event costs, in milliseconds, until the page has shown it. */
async function cost({ page, devtools }, clusters) {
  const text = await page.textContent('#headline');
  const before = await metrics(devtools);
  mock.update(clusters);
  while ((await page.textContent('#headline')) === text);
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))),
  );
  const after = await metrics(devtools);
  return {
    script: (after.ScriptDuration - before.ScriptDuration) * 1e3,
    task: (after.TaskDuration - before.TaskDuration) * 1e3,
  };
}

async function updates() {
  const visit = await open();
  await visit.page.waitForFunction(
    (size) => document.querySelectorAll('[data-id]').length === size,
    SIZE,
  );
  const few = [],
    all = [];
  for (let run = 0; run < RUNS * 2; run++) {
    const ids = Array.from({ length: 200 }, (_, at) => (at * 97) % SIZE).join();
    few.push(await cost(visit, { main: { [run % 2 ? 3 : 2]: ids } }));
  }
  for (let run = 0; run < RUNS; run++)
    all.push(await cost(visit, { main: { [run % 2 ? 3 : 2]: `0-${SIZE - 1}` } }));
  show(
    'update of 200, script ms',
    few.map(({ script }) => script),
    '16',
  );
  show(
    'update of all 20,000, script ms',
    all.map(({ script }) => script),
    '',
  );
  show(
    'update of all 20,000, script, style, layout and paint ms',
    all.map(({ task }) => task),
    '250',
  );
  await visit.page.close();
}

/** An hour of events: each second the heartbeats of a thirtieth of the shards, and an update. */
async function memory() {
  const { page, devtools } = await open();
  await page.fill('#header-guild', '#17');
  await page.waitForFunction(
    (size) => document.querySelectorAll('[data-id]').length === size,
    SIZE,
  );
  const sample = async (minute) => {
    await page.waitForTimeout(500);
    await devtools.send('HeapProfiler.collectGarbage');
    const { JSHeapUsedSize, Nodes, JSEventListeners } = await metrics(devtools);
    console.log(
      `memory after ${minute} min: ${(JSHeapUsedSize / 2 ** 20).toFixed(2)} MiB of script, ` +
        `${Nodes} nodes, ${JSEventListeners} listeners`,
    );
  };
  await sample(0);
  for (let second = 1; second <= 3600; second++) {
    const first = (second * 667) % (SIZE - 667);
    mock.update({ main: `${first}-${first + 666}` }, 'health');
    mock.update({
      main: { [second % 2 ? 3 : 6]: `${second % 40}-${(second % 40) + 20},${second}` },
    });
    if (second % 20 === 0) await page.evaluate(() => 0);
    if (second % 900 === 0) await sample(second / 60);
  }
  await page.close();
}

for (const [slowdown, limit] of [
  [1, 200],
  [4, 1000],
]) {
  const took = [];
  for (let run = 0; run < RUNS; run++) took.push(await firstRender(slowdown));
  show(`first render at ${slowdown}x slowdown, ms`, took, limit);
}
await updates();
await memory();
await browser.close();
mock.close();
