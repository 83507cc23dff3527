/* sse.h: the framing of Server-Sent Events (WHATWG HTML, "Server-sent events").
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SSE_H
#define GLANCE_CORE_SSE_H

#include "core/event_id.h"

/** Appends an event. @a json has no line breaks, and stays the caller's. */
void glance_sse_put_event(glance_buffer_t *buffer, const char *name, glance_place_t id,
                          const glance_buffer_t *json);

/** Appends a `retry:` line: the milliseconds after which the client reconnects. */
void glance_sse_put_retry(glance_buffer_t *buffer, apr_uint32_t milliseconds);

/** A comment that only shows that the stream is alive. */
#define GLANCE_SSE_KEEPALIVE ":\n\n"

#endif
