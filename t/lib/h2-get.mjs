// One GET over HTTP/2 and TLS: h2-get.mjs port path [header value]…; prints the answer as JSON.
// SPDX-License-Identifier: ISC
import { connect } from 'node:http2';

const [port, path, ...pairs] = process.argv.slice(2);
const request = { ':path': path };
for (let i = 0; i < pairs.length; i += 2) request[pairs[i]] = pairs[i + 1];

function end(answer) {
  console.log(JSON.stringify(answer));
  process.exit(0);
}

setTimeout(() => end({ error: 'the response did not end in time' }), 30000);

const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
session.on('error', (error) => end({ error: String(error) }));

const stream = session.request(request);
const answer = { body: '' };
stream.setEncoding('utf8');
stream.on('response', (headers) => {
  answer.alpn = session.alpnProtocol;
  answer.status = headers[':status'];
  answer.headers = { ...headers };
});
stream.on('data', (text) => { answer.body += text; });
stream.on('error', (error) => end({ ...answer, error: String(error) }));
stream.on('end', () => end(answer));
