// The feed by a browser's own WebSocket: feed-chromium.mjs url [subprotocol]. Prints what
// happens, a line each; takes the commands "close" and "send <text>". SPDX-License-Identifier: ISC
import { createInterface } from 'node:readline';
import { launch } from './browser.mjs';

const [url, ...protocols] = process.argv.slice(2);
const browser = await launch('--ignore-certificate-errors');
const page = await browser.newPage();
await page.exposeFunction('tell', (line) => console.log(line));
await page.evaluate(
  ([address, names]) => {
    const socket = new WebSocket(address, names);
    globalThis.socket = socket;
    socket.onopen = () =>
      globalThis.tell(`open ${socket.protocol || '-'} ${socket.extensions || '-'}`);
    socket.onmessage = ({ data }) =>
      globalThis.tell(typeof data === 'string' ? `message ${data}` : 'binary');
    socket.onerror = () => globalThis.tell('error');
    socket.onclose = ({ code }) => globalThis.tell(`close ${code}`);
  },
  [url, protocols],
);

const commands = {
  close: () => page.evaluate(() => globalThis.socket.close(1000, 'bye')),
  send: (text) => page.evaluate((line) => globalThis.socket.send(line), text),
};
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [, command, text] = /^(\w+) ?(.*)/.exec(line);
    commands[command](text);
  })
  .on('close', () => browser.close());
