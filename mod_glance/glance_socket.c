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

#define PIECE 8000      /* bytes, as httpd reads them */
#define EARLY_MAX 65536 /* bytes that a client may send before it has an answer */

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

static apr_ssize_t read_early(glance_channel_t *channel, char *data, apr_size_t size)
{
    apr_size_t left = channel->early->length - channel->early_offset;

    size = size < left ? size : left;
    memcpy(data, channel->early->data + channel->early_offset, size);
    channel->early_offset += size;
    if (size == left) {
        glance_text_release(channel->early);
        channel->early = NULL;
    }
    return (apr_ssize_t)size;
}

static apr_ssize_t read_raw(glance_channel_t *channel, char *data, apr_size_t size)
{
    ssize_t length;

    if (channel->early) {
        return read_early(channel, data, size);
    }
    do {
        length = recv(channel->socket, data, size, MSG_DONTWAIT);
    } while (length < 0 && errno == EINTR);
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return 0;
    }
    return length > 0 ? length : -1;
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
    glance_text_release(channel->early);
}

static const glance_channel_kind_t raw = {"raw",        0,        write_raw, drain_raw, read_raw,
                                          shutdown_raw, close_raw};

/* Moves a piece of what the client has sent into `early`.
 * Returns APR_SUCCESS, or APR_EAGAIN when there is nothing more now. */
static apr_status_t move_piece(conn_rec *c, apr_bucket_brigade *brigade, glance_text_t *early)
{
    char data[PIECE];
    apr_size_t length = sizeof data;
    apr_status_t rv = ap_get_brigade(c->input_filters, brigade, AP_MODE_READBYTES,
                                     APR_NONBLOCK_READ, PIECE);

    if (rv == APR_SUCCESS) {
        rv = apr_brigade_flatten(brigade, data, &length);
    }
    if (rv == APR_SUCCESS) {
        glance_text_put(early, data, length);
        rv = length ? APR_SUCCESS : APR_EAGAIN;
    }
    apr_brigade_cleanup(brigade);
    return rv;
}

/* httpd reads in large pieces: what lies behind the request is in its filters, not in the socket.
 */
static apr_status_t take_early(glance_channel_t *channel, conn_rec *c)
{
    apr_bucket_brigade *brigade = apr_brigade_create(c->pool, c->bucket_alloc);
    glance_text_t *early = glance_text_make(0);
    apr_status_t rv = early ? APR_SUCCESS : APR_ENOMEM;

    while (rv == APR_SUCCESS && early->length <= EARLY_MAX) {
        rv = move_piece(c, brigade, early);
    }
    if (!APR_STATUS_IS_EAGAIN(rv) || early->failed) {
        glance_text_release(early);
        return rv == APR_SUCCESS ? APR_EINVAL : rv;
    }
    if (!early->length) {
        glance_text_release(early);
        early = NULL;
    }
    channel->early = early;
    return APR_SUCCESS;
}

static apr_status_t take_socket(glance_channel_t *channel, apr_os_sock_t socket)
{
    unsigned patience = UNANSWERED_MS;

    channel->socket = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (channel->socket < 0) {
        return apr_get_os_error();
    }
    (void)setsockopt(channel->socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
    return APR_SUCCESS;
}

apr_status_t glance_socket_take(glance_channel_t *channel, conn_rec *c, int hears)
{
    apr_os_sock_t socket;
    apr_status_t rv = APR_SUCCESS;

    if (c->aborted || c->data_in_output_filters || !glance_socket_is_raw(c)
        || apr_os_sock_get(&socket, ap_get_conn_socket(c)) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    *channel = (glance_channel_t){.kind = &raw, .poll = -1};
    if (hears) {
        rv = take_early(channel, c);
    }
    if (rv == APR_SUCCESS) {
        rv = take_socket(channel, socket);
    }
    if (rv != APR_SUCCESS) {
        glance_text_release(channel->early);
        return rv;
    }
    /* ap_start_lingering_close() now closes without shutdown(), which would end the copy too. The
     * request has been logged by then, as finished. */
    c->aborted = 1;
    return APR_SUCCESS;
}
