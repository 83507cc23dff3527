/* glance_socket.c: the raw channel.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apr_portable.h"

#include "http_connection.h"
#include "http_core.h"
#include "util_filter.h"

/* How long the kernel waits for a client that acknowledges nothing, heartbeats included, before it
 * calls it gone. Its own measure is a quarter of an hour. */
#define UNANSWERED_MS 60000

int glance_socket_is_raw(const conn_rec *c)
{
    const ap_filter_t *filter;

    if (c->master) {
        return 0;
    }
    for (filter = c->output_filters; filter; filter = filter->next) {
        /* mod_reqtimeout's output filter only watches for the end of a request. Any other may
         * change the bytes, as mod_ssl's does. */
        if (filter->frec != ap_core_output_filter_handle
            && strcmp(filter->frec->name, "reqtimeout") != 0) {
            return 0;
        }
    }
    return 1;
}

int glance_socket_take(conn_rec *c)
{
    unsigned patience = UNANSWERED_MS;
    apr_os_sock_t socket;
    int copy;

    if (c->aborted || c->data_in_output_filters || !glance_socket_is_raw(c)
        || apr_os_sock_get(&socket, ap_get_conn_socket(c)) != APR_SUCCESS) {
        return -1;
    }
    copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        return -1;
    }
    (void)setsockopt(copy, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
    /* ap_start_lingering_close() now closes without shutdown(), which would end the copy too. The
     * request has been logged by then, as finished. */
    c->aborted = 1;
    return copy;
}

apr_ssize_t glance_socket_write(int socket, const char *data, apr_size_t length)
{
    ssize_t written;

    do {
        written = send(socket, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
    return written;
}

apr_status_t glance_socket_watch(int socket, int poll, void *data)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = data}};

    return epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event) ? apr_get_os_error() : APR_SUCCESS;
}

void glance_socket_shutdown(int socket)
{
    (void)shutdown(socket, SHUT_WR);
}

void glance_socket_close(int socket, int poll)
{
    if (poll >= 0) {
        /* Not left to close(): a process that some module just forked may still share the socket,
         * and epoll would go on reporting it. */
        (void)epoll_ctl(poll, EPOLL_CTL_DEL, socket, NULL);
    }
    glance_socket_shutdown(socket);
    (void)close(socket);
}
