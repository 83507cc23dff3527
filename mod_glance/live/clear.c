/* clear.c: a connection without TLS.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/clear.h"

#include <errno.h>
#include <sys/socket.h>

static apr_ssize_t write_clear(glance_connection_t *connection, const char *data, apr_size_t length)
{
    ssize_t written;

    do {
        written = send(connection->socket, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
    return written;
}

static apr_ssize_t read_clear(glance_connection_t *connection, char *data, apr_size_t size)
{
    ssize_t length;

    do {
        length = recv(connection->socket, data, size, MSG_DONTWAIT);
    } while (length < 0 && errno == EINTR);
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return 0;
    }
    return length > 0 ? length : -1;
}

static void shutdown_clear(glance_connection_t *connection)
{
    (void)shutdown(connection->socket, SHUT_WR);
}

static void free_clear(glance_connection_t *connection)
{
    (void)connection;
}

const glance_connection_ops_t glance_clear_ops = {
    .kind = GLANCE_CLEAR,
    .write = write_clear,
    .read = read_clear,
    .shutdown = shutdown_clear,
    .free = free_clear,
};
