// A stream over HTTP/2 and TLS: h2-live.mjs port path; prints its lines as they arrive.
// SPDX-License-Identifier: ISC
import { connect } from 'node:http2';

const [port, path] = process.argv.slice(2);
const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
session.on('error', (error) => console.log(`error ${error}`));

const stream = session.request({ ':path': path });
stream.setEncoding('utf8');
stream.on('response', (headers) => console.log(`${session.alpnProtocol} ${headers[':status']}`));
stream.on('data', (text) => process.stdout.write(text));
stream.on('error', (error) => console.log(`error ${error}`));
stream.on('end', () => {
  console.log('end');
  session.close();
});
process.stdin.resume().on('end', () => process.exit(0));
