/* glance_socket.c: the raw channel.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

static apr_ssize_t write_raw(glance_channel_t *channel, const char *data, apr_size_t length)
{
    ssize_t written;

    do {
        written = send(channel->socket, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
    return written;
}

/* The kernel has it all. */
static int drain_raw(glance_channel_t *channel)
{
    (void)channel;
    return 1;
}

static void shutdown_raw(glance_channel_t *channel)
{
    (void)shutdown(channel->socket, SHUT_WR);
}

static void close_raw(glance_channel_t *channel)
{
    glance_channel_unwatch(channel);
    shutdown_raw(channel);
    (void)close(channel->socket);
}

static const glance_channel_kind_t raw = {"raw", 0, write_raw, drain_raw, shutdown_raw, close_raw};

apr_status_t glance_socket_take(glance_channel_t *channel, conn_rec *c)
{
    unsigned patience = UNANSWERED_MS;
    apr_os_sock_t socket;
    int copy;

    if (c->aborted || c->data_in_output_filters || !glance_socket_is_raw(c)
        || apr_os_sock_get(&socket, ap_get_conn_socket(c)) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        return apr_get_os_error();
    }
    (void)setsockopt(copy, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
    /* ap_start_lingering_close() now closes without shutdown(), which would end the copy too. The
     * request has been logged by then, as finished. */
    c->aborted = 1;
    *channel = (glance_channel_t){.kind = &raw, .socket = copy, .poll = -1};
    return APR_SUCCESS;
}
