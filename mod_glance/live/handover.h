/* handover.h: takes connections over from httpd, for the child's hub.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_HANDOVER_H
#define GLANCE_LIVE_HANDOVER_H

#include "live/connection.h"

/** On register_hooks. */
void glance_handover_register(void);

/** Whether the hub can continue to write to this connection. It can if bytes reach the socket
 * unchanged or as mod_ssl's records, and not over HTTP/2. */
int glance_handover_is_possible(conn_rec *c);

/** Requests that the connection is taken over when httpd closes it. @a stream is the stream request
 * of its viewer, and must live as long as the connection. */
void glance_handover_await(conn_rec *c, const void *stream);

/** The stream request given to glance_handover_await(), or NULL. */
const void *glance_handover_awaited(conn_rec *c);

/** On the pre_close_connection hook: takes the connection over. It is marked as aborted, so httpd
 * closes its own descriptor without shutting the connection down.
 * @param keeps_input whether to keep what the client has sent after its request.
 * @return APR_SUCCESS; APR_EMFILE if too few descriptors would be left; APR_EINVAL if httpd has
 * output pending, the client has left, or it sends too much; else the system's or mod_ssl's error.
 * After an error the connection still belongs to httpd. */
apr_status_t glance_handover_take(glance_connection_t *connection, conn_rec *c, int keeps_input);

#endif
