/* glance_socket.h: the raw channel: a client's socket, taken over from httpd.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_SOCKET_H
#define GLANCE_SOCKET_H

#include "glance_private.h"

/** Whether the bytes written to this connection reach its socket as they are, so that somebody
 * else may go on writing there: not over TLS or HTTP/2. */
int glance_socket_is_raw(const conn_rec *c);

/** On the pre_close_connection hook: takes the socket over. httpd then closes its own descriptor
 * without shutting the connection down, since it takes the client for gone.
 * @return the descriptor, now ours, or -1 if httpd has not sent all or the client has left. */
int glance_socket_take(conn_rec *c);

/** Writes without waiting.
 * @return the number of bytes taken, 0 if the client's window is full, -1 if it is gone. */
apr_ssize_t glance_socket_write(int socket, const char *data, apr_size_t length);

/** Has epoll report, edge by edge and with @a data, that the client's window has opened or that
 * it has left. @return APR_SUCCESS or the system's error. */
apr_status_t glance_socket_watch(int socket, int poll, void *data);

/** Tells the client that nothing more comes. What was written still arrives. */
void glance_socket_shutdown(int socket);

/** Ends the connection, and the watch of @a poll unless that is -1. */
void glance_socket_close(int socket, int poll);

#endif
