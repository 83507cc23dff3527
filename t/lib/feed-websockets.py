# The feed by Python's websockets: feed-websockets.py url [subprotocol]. Prints what happens, a line
# each; takes the commands "close", "ping" and "send <text>". SPDX-License-Identifier: ISC
import asyncio
import ssl
import sys

import websockets


def tell(line):
    print(line, flush=True)


async def ping(socket):
    await (await socket.ping(b'from websockets'))
    tell('pong from websockets')


async def obey(socket):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode():
        command, _, text = line.strip().partition(' ')
        if command == 'close':
            await socket.close(1000, 'bye')
        elif command == 'ping':
            asyncio.ensure_future(ping(socket))
        elif command == 'send':
            await socket.send(text)


async def listen(socket):
    tell(f'open {socket.subprotocol or "-"} {",".join(e.name for e in socket.extensions) or "-"}')
    try:
        while True:
            message = await socket.recv()
            tell(f'message {message}' if isinstance(message, str) else 'binary')
    except websockets.ConnectionClosed:
        tell(f'close {socket.close_code}')


async def main(url, *protocols):
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    try:
        socket = await websockets.connect(
            url, ssl=anybody if url.startswith('wss:') else None,
            subprotocols=protocols or None, max_size=None)
    except Exception as error:  # whatever it is, the test reads it
        tell(f'error {error}')
        return
    commands = asyncio.ensure_future(obey(socket))
    await listen(socket)
    await commands


asyncio.run(main(*sys.argv[1:]))
