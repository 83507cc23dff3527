/* glance_socket.h: the raw channel: a client's socket, taken over from httpd.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_SOCKET_H
#define GLANCE_SOCKET_H

#include "glance_channel.h"

/** Whether the bytes written to this connection reach its socket as they are, so that somebody
 * else may go on writing there: not over TLS or HTTP/2. */
int glance_socket_is_raw(const conn_rec *c);

/** On the pre_close_connection hook: takes the socket over. httpd then closes its own descriptor
 * without shutting the connection down, since it takes the client for gone.
 * @param hears also takes over what httpd has read already of what the client sends after its
 * request.
 * @return APR_SUCCESS; APR_EINVAL if httpd has not sent all or the client has left. */
apr_status_t glance_socket_take(glance_channel_t *channel, conn_rec *c, int hears);

#endif
