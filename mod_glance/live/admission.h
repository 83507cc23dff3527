/* admission.h: takes a viewer from its request to the hub.
 *
 * The handler sends only the head of the response, and tells httpd to close the connection after
 * the request. Just before httpd closes it, on the pre_close_connection hook, the child's hub takes
 * the connection over, clear or TLS, on every MPM. For httpd the connection has then ended: the
 * request is logged, httpd's memory for the connection is freed, and no limit of the MPM counts it.
 *
 * A connection that cannot be taken over gets the polling fallback. This is the case for HTTP/2,
 * and for a connection with an unknown filter, which may change the bytes.
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

/** Whether the hub can hold this viewer. It cannot hold a subrequest or an internal redirect, whose
 * response is a part of the first request's. */
int glance_admission_is_possible(const request_rec *r);

/** Makes the hub take the viewer over once httpd has finished the request. The head of the response
 * must have been sent, and the connection must be marked for closing. */
void glance_admission_grant(request_rec *r, const glance_stream_request_t *stream);

#endif
