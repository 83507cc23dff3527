// A server whose stream is the polling fallback, as mod_glance's is over HTTP/2, with or without a
// feed. It records the requests.
// SPDX-License-Identifier: ISC
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { once } from 'node:events';

const HTDOCS = process.env.GLANCE_HTDOCS
  ? pathToFileURL(`${process.env.GLANCE_HTDOCS}/`)
  : new URL('../../htdocs/', import.meta.url);
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
const HELLO = { now: 0, timeout: 30, clusters: [{ name: 'main', states: '333333' }] };

export class Mock {
  asked = []; // "stream" or "feed", with what it was resumed after
  feed = true; // whether there is one
  slow; // a promise that the feed's handshakes wait for
  stream = true; // 'mute' sends no event, 'hang' no answer
  quiet = false; // whether the feed opens and sends nothing
  retry = 3000; // milliseconds after which the stream is asked for again, as mod_glance has it
  hello = HELLO;
  files = new Map(); // path => text of files that differ from the page's own, or of documents
  #seq = 0;
  #sockets = new Set();
  #server = createServer((request, response) => this.#answer(request, response));

  /** Returns the address. */
  async open() {
    this.#server.on('upgrade', (request, socket) => this.#upgrade(request, socket));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** How many feeds are open. */
  get viewers() {
    return this.#sockets.size;
  }

  /** Sends an update, or another event of clusters, to every feed. */
  update(clusters, event = 'update') {
    this.#seq++;
    for (const socket of this.#sockets) this.#send(socket, event, { now: 0, clusters });
  }

  /** Ends every feed: with a goodbye, or as if the cable was cut. */
  drop(goodbye) {
    for (const socket of this.#sockets) {
      if (goodbye) socket.end(Buffer.from([0x88, 2, 1001 >> 8, 1001 & 255]));
      else socket.destroy();
    }
    this.#sockets.clear();
  }

  close() {
    this.drop(false);
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer({ url }, response) {
    const { pathname, searchParams } = new URL(url, 'http://mock');
    if (pathname === '/api/stream') return this.#poll(response, searchParams.get('last-event-id'));
    const path = pathname === '/' ? 'index.html' : pathname.slice(1);
    try {
      const body = this.files.get(pathname) ?? readFileSync(new URL(path, HTDOCS));
      response
        .writeHead(200, { 'content-type': TYPES[path.split('.').pop()] ?? 'application/json' })
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
    return undefined;
  }

  #poll(response, after) {
    this.asked.push(`stream ${after}`);
    if (this.stream === 'hang') return undefined;
    if (this.stream === 'mute') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      return undefined;
    }
    if (!this.stream) return response.writeHead(404).end();
    const [event, data] = after ? ['update', { now: 0, clusters: {} }] : ['hello', this.hello];
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const head = `retry: ${this.retry}\n\nid: e-${this.#seq}`;
    return response.end(`${head}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  async #upgrade({ url, headers }, socket) {
    const after = new URL(url, 'http://mock').searchParams.get('last-event-id');
    this.asked.push(`feed ${after} ${headers['sec-websocket-protocol']}`);
    if (!this.feed) return socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    await this.slow;
    // RFC 6455, section 4.2.2
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Protocol: glance-events\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    this.#sockets.add(socket);
    socket.on('error', () => {});
    // A close is answered.
    socket.on('data', ([first]) => first === 0x88 && socket.end(Buffer.from([0x88, 0])));
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.quiet) return undefined;
    if (after) this.#send(socket, 'update', { now: 0, clusters: {} });
    else this.#send(socket, 'hello', this.hello);
    return undefined;
  }

  #send(socket, event, data) {
    const text = Buffer.from(JSON.stringify({ event, id: `e-${this.#seq}`, data }));
    const head = Buffer.alloc(text.length < 126 ? 2 : text.length < 65536 ? 4 : 10);
    head[0] = 0x81;
    head[1] = { 2: text.length, 4: 126, 10: 127 }[head.length];
    if (head.length === 4) head.writeUInt16BE(text.length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(text.length), 2);
    socket.write(Buffer.concat([head, text]));
  }
}
