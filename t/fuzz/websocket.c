/* websocket.c: fuzzes what a client of the feed sends.
 *
 * The first byte of an input says how the others are cut into pieces.
 *
 * SPDX-License-Identifier: ISC
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/websocket.h"

/* A context of wslay's, a message of the greatest length in the smallest fragments, and the
 * answers to a piece. */
#define MEMORY_MAX (1024 * 1024)

#define CLOSE_FRAME_MAX 127

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* AddressSanitizer's own count, where there is one. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t memory_used(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
                                                   : mallinfo2().uordblks;
}

/* How to cut: what is heard ends in front of `pieces`. */
typedef struct {
    unsigned int seed; /* 0: in one piece, 1: byte by byte, else at random */
    int renews;        /* a conversation at rest is taken up with a new one */
} cut_t;

static size_t next_piece(cut_t *cut, size_t left)
{
    size_t length = left;

    if (cut->seed == 1) {
        length = 1;
    }
    else if (cut->seed) {
        cut->seed = cut->seed * 1103515245 + 12345;
        length = 1 + (cut->seed >> 16) % 37;
        cut->seed |= 2;
    }
    return length < left ? length : left;
}

/* The reply to the whole input, and how the conversation stands. */
static apr_status_t hear_all(const uint8_t *data, size_t size, cut_t cut, glance_buffer_t *reply)
{
    size_t before = memory_used();
    glance_websocket_t *ws = glance_websocket_make();
    apr_status_t rv = APR_SUCCESS;
    size_t at = 0;

    while (at < size && rv == APR_SUCCESS) {
        size_t length = next_piece(&cut, size - at);
        size_t room = reply->room;
        size_t said = reply->length;

        rv = glance_websocket_receive(ws, (const char *)data + at, length, reply);
        at += length;
        if (reply->length - said > at + CLOSE_FRAME_MAX
            || memory_used() > before + MEMORY_MAX + reply->room - room + size) {
            abort();
        }
        if (rv == APR_SUCCESS && cut.renews && glance_websocket_is_idle(ws)) {
            glance_websocket_free(ws);
            ws = glance_websocket_make();
        }
    }
    glance_websocket_free(ws);
    return rv;
}

static void check_close(const uint8_t *payload, size_t length)
{
    int code = length < 2 ? 0 : payload[0] << 8 | payload[1];

    if (length == 1 || (length && (code < 1000 || code > 4999))) {
        abort();
    }
}

/* Whole frames, unmasked: pongs, and a close frame if and only if that is the end. */
static void check_reply(const glance_buffer_t *reply, apr_status_t rv)
{
    const uint8_t *at = (const uint8_t *)reply->data;
    const uint8_t *end = at + reply->length;
    int closed = 0;

    while (at < end) {
        size_t length = end - at < 2 ? 126 : at[1];

        if (closed || (at[0] != 0x88 && at[0] != 0x8a) || length > 125
            || length > (size_t)(end - at - 2)) {
            abort();
        }
        closed = at[0] == 0x88;
        if (closed) {
            check_close(at + 2, length);
        }
        at += 2 + length;
    }
    if (closed != (rv == APR_EOF)) {
        abort();
    }
}

static void check_same(const glance_buffer_t *one, const glance_buffer_t *other)
{
    if (one->length != other->length || memcmp(one->data, other->data, one->length) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int seed = size ? data[0] | 2 : 2;
    const cut_t cuts[] = {{1, 0}, {seed, 0}, {0, 1}, {1, 1}, {seed, 1}};
    glance_buffer_t *whole = glance_buffer_make(0);
    apr_status_t rv;
    size_t i;

    data += size ? 1 : 0;
    size -= size ? 1 : 0;
    rv = hear_all(data, size, (cut_t){0, 0}, whole);
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        abort();
    }
    check_reply(whole, rv);
    for (i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        glance_buffer_t *reply = glance_buffer_make(0);

        if (hear_all(data, size, cuts[i], reply) != rv) {
            abort();
        }
        check_same(whole, reply);
        glance_buffer_release(reply);
    }
    glance_buffer_release(whole);
    return 0;
}
