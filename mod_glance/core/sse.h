/* sse.h: the framing of Server-Sent Events (WHATWG HTML, "Server-sent events").
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SSE_H
#define GLANCE_CORE_SSE_H

#include "core/buffer.h"

/** A viewer's place in the sequence of a board's changes: an event's id, `<epoch>-<seq>`. */
typedef struct {
    apr_uint64_t epoch;
    apr_uint64_t seq;
} glance_place_t;

/** Appends an event. @a json has no line breaks, and stays the caller's. */
void glance_sse_put_event(glance_buffer_t *buffer, const char *name, glance_place_t id,
                          const glance_buffer_t *json);

/** Appends an event's id. */
void glance_sse_put_id(glance_buffer_t *buffer, glance_place_t id);

/** Appends a `retry:` line: the milliseconds after which the client reconnects. */
void glance_sse_put_retry(glance_buffer_t *buffer, apr_uint32_t milliseconds);

/** A comment that only shows that the stream is alive. */
#define GLANCE_SSE_KEEPALIVE ":\n\n"

/** Parses an event's id. @return 1, or 0 if it does not have that form. */
int glance_sse_parse_id(glance_place_t *id, const char *text);

#endif
