/* connection.c: what clear and TLS connections have in common.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/connection.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes discarded with one call, and how many calls at once. */
#define DISCARD_CHUNK 4096
#define DISCARDS_AT_ONCE 16

static int control(glance_connection_t *connection, int operation, int reads, void *data)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLRDHUP | EPOLLET | (reads ? EPOLLIN : 0),
                                .data = {.ptr = data}};

    return epoll_ctl(connection->poll, operation, connection->socket, &event);
}

apr_status_t glance_connection_watch(glance_connection_t *connection, int poll, int reads,
                                     void *data)
{
    connection->poll = poll;
    if (control(connection, EPOLL_CTL_ADD, reads, data)) {
        connection->poll = -1;
        return apr_get_os_error();
    }
    return APR_SUCCESS;
}

void glance_connection_watch_again(glance_connection_t *connection, void *data)
{
    (void)control(connection, EPOLL_CTL_MOD, 1, data);
}

static apr_ssize_t read_early(glance_connection_t *connection, char *data, apr_size_t size)
{
    apr_size_t left = connection->early->length - connection->early_offset;

    size = size < left ? size : left;
    memcpy(data, connection->early->data + connection->early_offset, size);
    connection->early_offset += size;
    if (size == left) {
        glance_buffer_release(connection->early);
        connection->early = NULL;
    }
    return (apr_ssize_t)size;
}

apr_ssize_t glance_connection_read(glance_connection_t *connection, char *data, apr_size_t size)
{
    return connection->early ? read_early(connection, data, size)
                             : connection->ops->read(connection, data, size);
}

/* One call discards a limited number of bytes. The next event brings the rest, or close() discards
 * it. */
int glance_connection_discard(glance_connection_t *connection)
{
    char chunk[DISCARD_CHUNK];
    ssize_t length;
    int i;

    for (i = 0; i < DISCARDS_AT_ONCE; i++) {
        length = recv(connection->socket, chunk, sizeof chunk, MSG_DONTWAIT);
        if (length <= 0) {
            return length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        }
    }
    return 1;
}

/* close() does not remove the socket from epoll if another process shares it, such as one that some
 * module has just forked. epoll would continue to report the socket. */
void glance_connection_close(glance_connection_t *connection)
{
    if (connection->poll >= 0) {
        (void)epoll_ctl(connection->poll, EPOLL_CTL_DEL, connection->socket, NULL);
    }
    connection->ops->shutdown(connection);
    /* If input is unread at close(), the kernel sends a reset, and the client may lose what it has
     * not read yet. */
    (void)glance_connection_discard(connection);
    connection->ops->free(connection);
    (void)close(connection->socket);
    glance_buffer_release(connection->early);
}
