// Many viewers in one process. Each behaves like a browser's EventSource: it reconnects after
// `retry`, with Last-Event-ID, over the same connection if the server keeps that open.
// SPDX-License-Identifier: ISC
//
//   node crowd.mjs --port N [--host 127.0.0.1] [--tls] [--path /api/stream] [--feed]
//                  [--at-once 24] [--close]
//
// --feed opens WebSockets, which reconnect after 5 s, or Retry-After. --at-once bounds the viewers
// that wait for the head of their answer. --close asks the server to close after each answer.
//
// Reads commands from standard input, a line each:
//   open N     N more viewers
//   stay       no viewer reconnects any more
//   close      every viewer leaves
//   report     prints one line of JSON
import { connect as connectClear } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    path: { type: 'string' },
    tls: { type: 'boolean', default: false },
    feed: { type: 'boolean', default: false },
    close: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '24' },
  },
});
const PATH = options.path ?? (options.feed ? '/api/feed' : '/api/stream');
const AT_ONCE = Number(options['at-once']);
const FEED_RETRY = 5000;
const FIRST_RETRY = 3000; // EventSource's default
const TAIL = 65536; // at most so much of an event is kept: larger events are not parsed

const counts = {
  attempts: 0, // requests sent or attempted
  refused: 0, // connections that could not be made, or ended before the answer's head
  statuses: {},
  polls: 0, // complete answers
  incomplete: 0, // answers that ended early
  ended: 0, // held streams that the server ended
  told: 0, // of them, those that ended after a `retry:` line (a feed: a close frame)
  hellos: 0,
  updates: 0,
  lost: 0, // viewers that reconnected with an id and got hello
};
const errors = {}; // why connections were refused
const viewers = new Set();
const queue = [];
let waiting = 0;
let returning = true;

class Viewer {
  retry = FIRST_RETRY;
  last = null;
  served = false; // has received an event, or the head of a feed, at least once
  state = 'idle'; // idle, waiting, held, polling, gone
  socket = null;
  idle = null; // a connection to use again

  open() {
    counts.attempts++;
    waiting++;
    this.state = 'waiting';
    this.since = performance.now();
    this.head = null;
    this.text = '';
    this.left = null;
    this.isFirst = true;
    this.endsWithRetry = false;
    this.isReused = this.idle !== null;
    if (this.idle) {
      this.socket = this.idle;
      this.idle = null;
      this.ask();
      return;
    }
    const to = { host: options.host, port: Number(options.port) };
    const socket = options.tls
      ? connectTls({ ...to, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      : connectClear(to);
    this.socket = socket;
    socket.setNoDelay(true);
    socket.once(options.tls ? 'secureConnect' : 'connect', () => this.ask());
    socket.on('data', (data) => this.socket === socket && this.take(data));
    socket.on('error', (error) => {
      if (this.state === 'waiting') errors[error.code] = (errors[error.code] ?? 0) + 1;
    });
    socket.on('close', () => this.closed(socket));
  }

  ask() {
    const lines = [`GET ${PATH} HTTP/1.1`, 'Host: localhost'];
    if (options.feed) {
      lines.push('Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13');
      lines.push('Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==');
    } else {
      lines.push('Accept: text/event-stream', 'Cache-Control: no-cache');
      lines.push(`Connection: ${options.close ? 'close' : 'keep-alive'}`);
      if (this.last !== null) lines.push(`Last-Event-ID: ${this.last}`);
    }
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  take(data) {
    if (this.state === 'idle') return; // the server may close an idle connection
    this.text += data.toString('latin1');
    if (!this.head && !this.takeHead()) return;
    if (this.state === 'polling') this.takeBody();
    else if (options.feed) this.takeFrames();
    else this.takeBlocks();
  }

  takeHead() {
    const end = this.text.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [first, ...lines] = this.text.slice(0, end).split('\r\n');
    this.text = this.text.slice(end + 4);
    const status = first.split(' ')[1];
    counts.statuses[status] = (counts.statuses[status] ?? 0) + 1;
    this.head = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      this.head[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    this.answered();
    if (this.head['retry-after']) this.retry = 1000 * Number(this.head['retry-after']);
    const ends = status !== '200' || this.head['content-length'] !== undefined
      || this.head['transfer-encoding'] !== undefined;
    this.state = status === '101' || !ends ? 'held' : 'polling';
    if (status === '101') this.served = true;
    return true;
  }

  // The head has arrived, or the connection has ended without it.
  answered() {
    waiting--;
    next();
  }

  // The body of a complete answer: by length, or in chunks
  takeBody() {
    const length = this.head['content-length'];
    if (length !== undefined) {
      if (this.text.length < Number(length)) return;
      this.text = this.text.slice(0, Number(length));
    } else {
      let body = '';
      let rest = this.text;
      for (;;) {
        const match = /^([0-9A-Fa-f]+)[^\n]*\r\n/.exec(rest);
        if (!match) return;
        const size = parseInt(match[1], 16);
        if (rest.length < match[0].length + size + 2) return;
        if (!size) break;
        body += rest.slice(match[0].length, match[0].length + size);
        rest = rest.slice(match[0].length + size + 2);
      }
      this.text = body;
    }
    this.takeBlocks();
    counts.polls++;
    this.state = 'idle';
    this.idle = this.head.connection?.toLowerCase() === 'close' ? null : this.socket;
    if (!this.idle) this.socket.destroy();
    this.comeBack();
  }

  takeBlocks() {
    let end;
    while ((end = this.text.indexOf('\n\n')) >= 0) {
      this.takeBlock(this.text.slice(0, end));
      this.text = this.text.slice(end + 2);
    }
    if (this.state === 'held' && this.text.length > TAIL) this.text = this.text.slice(-TAIL);
  }

  takeBlock(text) {
    const block = {};
    for (const line of text.split('\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) block[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
    if (block.retry !== undefined) this.retry = Number(block.retry);
    this.endsWithRetry = block.retry !== undefined;
    if (block.event === 'hello') {
      counts.hellos++;
      if (this.isFirst && this.last !== null) counts.lost++;
    }
    if (block.event === 'update') counts.updates++;
    if (block.event) this.isFirst = false;
    if (block.event === 'hello' || block.event === 'update') this.served = true;
    if (block.id !== undefined) this.last = block.id;
  }

  takeFrames() {
    for (;;) {
      const length = this.text.charCodeAt(1) & 127;
      const more = length === 126 ? 2 : length === 127 ? 8 : 0;
      if (this.text.length < 2 + more) return;
      let size = more ? 0 : length;
      for (let i = 0; i < more; i++) size = size * 256 + this.text.charCodeAt(2 + i);
      if (this.text.length < 2 + more + size) return;
      this.endsWithRetry = (this.text.charCodeAt(0) & 15) === 8;
      this.text = this.text.slice(2 + more + size);
      if (this.endsWithRetry) this.socket.end();
    }
  }

  closed(socket) {
    if (this.idle === socket) this.idle = null;
    if (this.socket !== socket || this.state === 'idle' || this.state === 'gone') return;
    const state = this.state;
    this.state = 'idle';
    if (state === 'waiting') {
      this.answered();
      if (this.isReused) { // the server closed it meanwhile: a browser tries again at once
        queue.push(this);
        next();
        return;
      }
      counts.refused++;
    } else if (state === 'polling') {
      counts.incomplete++;
    } else {
      counts.ended++;
      if (this.endsWithRetry && !this.text) counts.told++;
    }
    if (options.feed && !this.head?.['retry-after']) this.retry = FEED_RETRY;
    this.comeBack();
  }

  comeBack() {
    if (!returning) return;
    setTimeout(() => {
      if (returning && this.state === 'idle') {
        queue.push(this);
        next();
      }
    }, this.retry);
  }

  leave() {
    this.state = 'gone';
    this.idle?.destroy();
    this.socket?.destroy();
    viewers.delete(this);
  }
}

function next() {
  while (waiting < AT_ONCE && queue.length) {
    const viewer = queue.shift();
    if (viewer.state === 'idle') viewer.open();
  }
}

function report() {
  const now = { held: 0, waiting: 0, polling: 0, idle: 0, served: 0 };
  let longest = 0;
  for (const viewer of viewers) {
    now[viewer.state]++;
    if (viewer.served) now.served++;
    if (viewer.state === 'waiting') longest = Math.max(longest, performance.now() - viewer.since);
  }
  console.log(JSON.stringify({ viewers: viewers.size, ...now, longest: longest / 1000, ...counts, errors }));
}

const commands = {
  open(count) {
    for (let i = 0; i < Number(count); i++) {
      const viewer = new Viewer();
      viewers.add(viewer);
      queue.push(viewer);
    }
    next();
  },
  stay() { returning = false; },
  close() {
    returning = false;
    queue.length = 0;
    waiting = 0;
    for (const viewer of viewers) viewer.leave();
  },
  report,
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, argument] = line.trim().split(' ');
    commands[command]?.(argument);
  })
  .on('close', () => process.exit(0));
