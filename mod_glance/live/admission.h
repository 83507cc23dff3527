/* admission.h: the way of a viewer from its request to the hub.
 *
 * A stream is answered like any request, with nothing but its head yet, and httpd is told to close
 * the connection after it. Just before httpd does, on the pre_close_connection hook, the child's
 * hub takes the connection over, clear or TLS, on every MPM. httpd has then finished with it: the
 * request is logged, the connection's memory is freed, no limit of the MPM counts it.
 *
 * A connection that cannot be taken over gets the polling fallback: one over HTTP/2, and one with a
 * filter that may change the bytes and that we do not know.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_ADMISSION_H
#define GLANCE_LIVE_ADMISSION_H

#include "live/stream_request.h"

/** On register_hooks. */
void glance_admission_register(apr_pool_t *pool);

/** Reads what the request asks for: `?pulse=0`, and Last-Event-ID or `?last-event-id=`. */
glance_stream_request_t glance_admission_read(request_rec *r, glance_store_t *store,
                                              glance_dialect_e dialect);

/** Whether the viewer can be held: not for a part of another page, nor after an internal redirect,
 * whose first request has an answer of its own. */
int glance_admission_is_possible(const request_rec *r);

/** Has the hub take the viewer over once httpd is done with the request. The answer's head must
 * have left, and the connection be told to close. */
void glance_admission_grant(request_rec *r, const glance_stream_request_t *stream);

#endif
