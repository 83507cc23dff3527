// A WebSocket over HTTP/2 (RFC 8441), without TLS: h2-connect.mjs port path; prints the answer as JSON.
// SPDX-License-Identifier: ISC
import { connect } from 'node:http2';

const [port, path] = process.argv.slice(2);

function end(answer) {
  console.log(JSON.stringify(answer));
  process.exit(0);
}

setTimeout(() => end({ error: 'no answer in time' }), 30000);

const session = connect(`http://127.0.0.1:${port}`);
session.on('error', (error) => end({ error: String(error) }));
session.on('remoteSettings', ({ enableConnectProtocol }) => {
  const answer = { offered: enableConnectProtocol, body: '' };
  const stream = session.request({
    ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13',
  });
  stream.setEncoding('utf8');
  stream.on('response', (headers) => { answer.status = headers[':status']; });
  stream.on('data', (text) => { answer.body += text; });
  stream.on('error', (error) => end({ ...answer, error: String(error) }));
  stream.on('end', () => end(answer));
});
