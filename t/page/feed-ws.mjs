// The feed by npm's ws: feed-ws.mjs url [subprotocol]. Prints what happens, a line each; takes the
// commands "close", "ping" and "send <text>". SPDX-License-Identifier: ISC
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

const [url, ...protocols] = process.argv.slice(2);
const socket = new WebSocket(url, protocols, { rejectUnauthorized: false });
socket.on('open', () => console.log(`open ${socket.protocol || '-'} ${socket.extensions || '-'}`));
socket.on('message', (data, isBinary) => console.log(isBinary ? 'binary' : `message ${data}`));
socket.on('pong', (data) => console.log(`pong ${data}`));
socket.on('error', (error) => console.log(`error ${error.message}`));
socket.on('close', (code) => console.log(`close ${code}`));

const commands = {
  close: () => socket.close(1000, 'bye'),
  ping: () => socket.ping('from ws'),
  send: (text) => socket.send(text),
};
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [, command, text] = /^(\w+) ?(.*)/.exec(line);
    commands[command](text);
  })
  .on('close', () => process.exit(0));
