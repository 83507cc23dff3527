/* sse.h: the framing of Server-Sent Events (WHATWG HTML, "Server-sent events").
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SSE_H
#define GLANCE_CORE_SSE_H

#include "core/buffer.h"

/** Where a viewer is in the life of a board: an event's id, `<epoch>-<seq>`. */
typedef struct {
    apr_uint64_t epoch;
    apr_uint64_t seq;
} glance_place_t;

/** Frames @a json, which has no line breaks and is released, as an event.
 * @return a text with one reference, or NULL if memory ran out or @a json is NULL. */
glance_buffer_t *glance_sse_event(const char *name, glance_place_t id, glance_buffer_t *json);

/** Writes an event's id. */
void glance_sse_put_id(glance_buffer_t *text, glance_place_t id);

/** Writes a `retry:` line (milliseconds until the client reconnects) into @a text. */
void glance_sse_put_retry(glance_buffer_t *text, apr_uint32_t milliseconds);

/** A comment that only shows that the stream lives. */
#define GLANCE_SSE_KEEPALIVE ":\n\n"

/** Parses an event's id. @return 1, or 0 if it is not of our form. */
int glance_sse_parse_id(glance_place_t *id, const char *text);

#endif
