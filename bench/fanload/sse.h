/* sse.h: a stream of Server-Sent Events, chunked or not.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_SSE_H
#define FANLOAD_SSE_H

#include <stddef.h>
#include <stdint.h>

#include "scanner.h"

typedef struct {
    int is_chunked;
    int chunk_state;
    uint64_t chunk_left;
    /* only with --restart: */
    int is_unanswered;  /* the server has not yet shown whether it resumes */
    size_t line_length; /* of the current line; what is longer than the buffer is cut off */
    char line[64];
    char id[48];      /* of the last complete event; empty: none */
    char next_id[48]; /* of the current event */
    uint32_t retry_ms;
} sse_t;

/* With the retry time of browsers */
void sse_make(sse_t *sse);

/* Another response begins. The id and the retry time stay. */
void sse_restart(sse_t *sse);

/* Takes bytes of the response's body. */
void sse_feed(sse_t *sse, scanner_t *scanner, const uint8_t *bytes, size_t length, int64_t now);

#endif
