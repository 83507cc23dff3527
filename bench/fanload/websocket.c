/* websocket.c: the client's side of a WebSocket (RFC 6455).
 *
 * SPDX-License-Identifier: ISC
 */
#include "websocket.h"

#include <err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base.h"

enum { BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

void websocket_begin(websocket_t *websocket)
{
    uint8_t key[16];

    if (getrandom(key, sizeof key, 0) != sizeof key) {
        errx(2, "no random bytes");
    }
    EVP_EncodeBlock((uint8_t *)websocket->key, key, sizeof key);
}

int websocket_is_accepted(const websocket_t *websocket, const char *accept)
{
    char text[128];
    uint8_t digest[SHA_DIGEST_LENGTH];
    char wanted[32];
    int length;

    length = snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", websocket->key);
    SHA1((const uint8_t *)text, (size_t)length, digest);
    length = EVP_EncodeBlock((uint8_t *)wanted, digest, sizeof digest);
    return accept && !strncmp(accept, wanted, (size_t)length);
}

static int opcode(const websocket_t *websocket)
{
    return websocket->header[0] & 15;
}

static void make_pong(websocket_t *websocket)
{
    uint8_t *pong = websocket->pong;
    int i;

    pong[0] = 0x80 | PONG;
    pong[1] = 0x80 | (uint8_t)websocket->control_length;
    if (getrandom(pong + 2, 4, 0) != 4) {
        errx(2, "no random bytes");
    }
    for (i = 0; i < websocket->control_length; i++) {
        pong[6 + i] = websocket->control[i] ^ pong[2 + i % 4];
    }
    websocket->pong_length = 6 + (size_t)websocket->control_length;
}

static const char *end_frame(websocket_t *websocket, scanner_t *scanner)
{
    static char why[64];
    const uint8_t *control = websocket->control;

    if (opcode(websocket) <= BINARY && websocket->header[0] & 0x80) {
        scanner_reset(scanner);
    }
    else if (opcode(websocket) == PING) {
        tally.websocket_pings++;
        make_pong(websocket);
    }
    else if (opcode(websocket) == CLOSE) {
        tally.websocket_closes++;
        snprintf(why, sizeof why, "close frame with code %d",
                 websocket->control_length >= 2 ? control[0] * 256 + control[1] : 0);
        return why;
    }
    return NULL;
}

/* Bytes of a server's header: two, and the extended length */
static int header_size(const websocket_t *websocket)
{
    int length = websocket->header[1] & 127;

    return length == 126 ? 4 : length == 127 ? 10 : 2;
}

static const char *begin_frame(websocket_t *websocket, scanner_t *scanner)
{
    const uint8_t *header = websocket->header;
    uint64_t length = 0;
    int i;

    if (header[1] & 0x80 || header[0] & 0x70) {
        tally.websocket_errors++;
        return "masked or RSV frame from the server";
    }
    for (i = 2; i < websocket->header_length; i++) {
        length = length << 8 | header[i];
    }
    websocket->left = websocket->header_length == 2 ? header[1] : length;
    websocket->header_length = 0;
    websocket->control_length = 0;
    return websocket->left ? NULL : end_frame(websocket, scanner);
}

static size_t take_payload(websocket_t *websocket, scanner_t *scanner, const uint8_t *bytes,
                           size_t length, int64_t now)
{
    size_t part = length < websocket->left ? length : (size_t)websocket->left;
    size_t i;

    if (opcode(websocket) <= BINARY) {
        scanner_feed(scanner, bytes, part, now);
    }
    for (i = 0;
         opcode(websocket) > BINARY && i < part && websocket->control_length < WEBSOCKET_CONTROL;
         i++) {
        websocket->control[websocket->control_length++] = bytes[i];
    }
    websocket->left -= part;
    return part;
}

const char *websocket_feed(websocket_t *websocket, scanner_t *scanner, const uint8_t *bytes,
                           size_t length, int64_t now)
{
    const char *why = NULL;
    size_t i = 0;

    while (i < length && !why) {
        if (websocket->left) {
            i += take_payload(websocket, scanner, bytes + i, length - i, now);
            why = websocket->left ? NULL : end_frame(websocket, scanner);
            continue;
        }
        websocket->header[websocket->header_length++] = bytes[i++];
        if (websocket->header_length >= 2 && websocket->header_length == header_size(websocket)) {
            why = begin_frame(websocket, scanner);
        }
    }
    return why;
}
