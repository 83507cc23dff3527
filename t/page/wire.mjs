// A TCP relay between the browser and the server, which a test can cut.
// SPDX-License-Identifier: ISC
import net from 'node:net';

export class Wire {
  sent = ''; // what the browser has asked, since the last cut
  received = ''; // what the server has answered, since the last cut
  #sockets = new Set();
  #broken = false;
  #server = net.createServer((browser) => this.#connect(browser));
  #target;

  /** @param {string} target host:port of the server */
  constructor(target) {
    const [, host, port] = /^(.*):(\d+)$/.exec(target);
    this.#target = { host, port: Number(port) };
  }

  /** Returns the address for the browser. */
  async open() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  cut() {
    this.#broken = true;
    this.sent = this.received = '';
    for (const socket of this.#sockets) socket.destroy();
  }

  repair() {
    this.#broken = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #connect(browser) {
    if (this.#broken) return browser.destroy();
    const server = net.connect(this.#target);
    for (const [from, to] of [
      [browser, server],
      [server, browser],
    ]) {
      this.#sockets.add(from);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
    browser.on('data', (data) => {
      this.sent += data;
    });
    server.on('data', (data) => {
      this.received += data;
    });
    return undefined;
  }
}
