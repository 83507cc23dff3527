/* websocket.h: the client's side of a WebSocket (RFC 6455).
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_WEBSOCKET_H
#define FANLOAD_WEBSOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "scanner.h"

#define WEBSOCKET_CONTROL 125 /* longest payload of a control frame */

typedef struct {
    char key[25];       /* Sec-WebSocket-Key */
    uint8_t header[14]; /* of the current frame */
    int header_length;
    uint64_t left; /* of the current frame's payload */
    uint8_t control[WEBSOCKET_CONTROL];
    int control_length;
    uint8_t pong[6 + WEBSOCKET_CONTROL]; /* to be sent by the caller, who then clears its length */
    size_t pong_length;
} websocket_t;

/* Makes a new key. */
void websocket_begin(websocket_t *websocket);

/* Whether a Sec-WebSocket-Accept is the answer to the key */
int websocket_is_accepted(const websocket_t *websocket, const char *accept);

/* Takes what the server sends. Returns NULL, or why the connection must end, in a buffer that the
 * next call overwrites. */
const char *websocket_feed(websocket_t *websocket, scanner_t *scanner, const uint8_t *bytes,
                           size_t length, int64_t now);

#endif
