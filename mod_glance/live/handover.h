/* handover.h: from httpd's connection to one of the child's hub.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_HANDOVER_H
#define GLANCE_LIVE_HANDOVER_H

#include "live/connection.h"

/** On register_hooks. */
void glance_handover_register(void);

/** Whether the bytes written to this connection reach its socket as they are, or as mod_ssl's
 * records, so that somebody else may go on writing there: not over HTTP/2. */
int glance_handover_is_possible(conn_rec *c);

/** Notes for whom the connection is to be taken over when httpd closes it. @a stream lives as long
 * as the connection. */
void glance_handover_await(conn_rec *c, const void *stream);

/** What was noted, or NULL. */
const void *glance_handover_awaited(conn_rec *c);

/** On the pre_close_connection hook: takes the connection over. httpd then closes its own
 * descriptor without shutting the connection down, since it takes the client for gone.
 * @param keeps_input also takes over what httpd has read already of what the client sent after its
 * request.
 * @return APR_SUCCESS; APR_EMFILE if httpd would lack descriptors; APR_EINVAL if httpd has not sent
 * all, or the client has left or sends without end; else the system's or mod_ssl's error. After an
 * error the connection is httpd's as before. */
apr_status_t glance_handover_take(glance_connection_t *connection, conn_rec *c, int keeps_input);

#endif
