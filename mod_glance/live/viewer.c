/* viewer.c: one viewer.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/viewer.h"

#include <stdlib.h>

#include "apr_strings.h"

#include "live/process.h"

/* Bytes per read, and reads from one client before other clients have their turn. */
#define READ_CHUNK 4096
#define CHUNKS_AT_ONCE 8

apr_uint32_t glance_viewer_count_of(glance_connection_kind_e kind)
{
    return __atomic_load_n(&glance_live_process.held[kind], __ATOMIC_RELAXED);
}

apr_uint32_t glance_viewer_count(void)
{
    return glance_viewer_count_of(GLANCE_CLEAR) + glance_viewer_count_of(GLANCE_TLS);
}

glance_viewer_t *glance_viewer_make(const glance_connection_t *connection, glance_dialect_e dialect,
                                    const char *address, glance_moment_t now)
{
    glance_viewer_t *viewer = calloc(1, sizeof *viewer);

    if (!viewer) {
        glance_connection_t lost = *connection;

        glance_connection_close(&lost);
        return NULL;
    }
    __atomic_add_fetch(&glance_live_process.held[connection->ops->kind], 1, __ATOMIC_RELAXED);
    APR_RING_ELEM_INIT(viewer, link);
    viewer->connection = *connection;
    viewer->dialect = dialect;
    viewer->opened = now;
    viewer->received_at = now;
    apr_cpystrn(viewer->address, address, sizeof viewer->address);
    return viewer;
}

int glance_viewer_is_idle(const glance_viewer_t *viewer)
{
    return !viewer->buffer && !viewer->closing_since;
}

static const glance_dialect_t *dialect_of(const glance_viewer_t *viewer)
{
    return &glance_dialects[viewer->dialect];
}

int glance_viewer_reads(const glance_viewer_t *viewer)
{
    return dialect_of(viewer)->has_input || viewer->connection.ops->must_be_read;
}

/* Sends from `offset` on until the connection has no room. epoll reports when it has room again.
 * Returns APR_SUCCESS if everything is sent, APR_EAGAIN or APR_ECONNABORTED. */
static apr_status_t push(glance_viewer_t *viewer, const glance_buffer_t *buffer)
{
    glance_connection_t *connection = &viewer->connection;

    while (viewer->offset < buffer->length) {
        apr_ssize_t written = connection->ops->write(connection, buffer->data + viewer->offset,
                                                     buffer->length - viewer->offset);

        if (written <= 0) {
            return written ? APR_ECONNABORTED : APR_EAGAIN;
        }
        viewer->offset += (apr_size_t)written;
        viewer->sent += (apr_uint64_t)written;
    }
    return APR_SUCCESS;
}

apr_status_t glance_viewer_send(glance_viewer_t *viewer, glance_buffer_t *buffer,
                                glance_moment_t now)
{
    apr_status_t rv;

    viewer->offset = 0;
    rv = push(viewer, buffer);
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    viewer->buffer = glance_buffer_ref(buffer);
    viewer->pending_since = now;
    viewer->progress_at = now;
    return APR_SUCCESS;
}

apr_status_t glance_viewer_flush(glance_viewer_t *viewer, glance_moment_t now)
{
    apr_size_t before = viewer->offset;
    apr_status_t rv = viewer->buffer ? push(viewer, viewer->buffer) : APR_SUCCESS;

    if (!viewer->buffer) {
        return APR_SUCCESS;
    }
    if (APR_STATUS_IS_EAGAIN(rv)) {
        viewer->progress_at = viewer->offset > before ? now : viewer->progress_at;
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        glance_buffer_release(viewer->buffer);
        viewer->buffer = NULL;
        viewer->received_at = now; /* nothing was read while the buffer was pending */
    }
    return rv;
}

/* ---- what the client sends ---- */

static apr_status_t take_input(glance_viewer_t *viewer, const char *data, apr_size_t length,
                               glance_moment_t now)
{
    glance_buffer_t *reply;
    apr_status_t received = dialect_of(viewer)->receive(&viewer->conversation, data, length,
                                                        &reply);
    apr_status_t rv = received == APR_SUCCESS || received == APR_EOF ? APR_SUCCESS
                                                                     : APR_ECONNABORTED;

    if (rv == APR_SUCCESS && reply) {
        rv = glance_viewer_send(viewer, reply, now);
    }
    if (received == APR_EOF) {
        viewer->closing_since = now;
    }
    glance_buffer_release(reply);
    return rv;
}

/* After the close frame the client closes the connection (RFC 6455, 7.1.1). A close() on this side
 * with unread bytes would make the kernel send a reset, and the client could lose that frame. */
static apr_status_t await_close(glance_viewer_t *viewer)
{
    if (!viewer->buffer && !viewer->is_shut) {
        viewer->is_shut = 1;
        viewer->connection.ops->shutdown(&viewer->connection);
    }
    return glance_connection_discard(&viewer->connection) ? APR_SUCCESS : APR_ECONNABORTED;
}

apr_status_t glance_viewer_receive(glance_viewer_t *viewer, glance_moment_t now)
{
    glance_connection_t *connection = &viewer->connection;
    char data[READ_CHUNK];
    int i;

    if (!glance_viewer_reads(viewer)) {
        return APR_SUCCESS;
    }
    for (i = 0; i < CHUNKS_AT_ONCE && glance_viewer_is_idle(viewer); i++) {
        apr_ssize_t length = glance_connection_read(connection, data, sizeof data);

        if (!length && connection->has_more) {
            break;
        }
        if (length <= 0) {
            return length ? APR_ECONNABORTED : APR_SUCCESS;
        }
        viewer->received_at = now;
        if (take_input(viewer, data, (apr_size_t)length, now) != APR_SUCCESS) {
            return APR_ECONNABORTED;
        }
    }
    if (viewer->closing_since) {
        return await_close(viewer);
    }
    if (i == CHUNKS_AT_ONCE || connection->has_more) {
        glance_connection_watch_again(connection, viewer);
    }
    return APR_SUCCESS;
}

/* ---- the end ---- */

static glance_moment_t later(glance_moment_t moment, apr_interval_time_t by, glance_moment_t now)
{
    return moment + by < now ? moment + by : now;
}

void glance_viewer_extend_deadlines(glance_viewer_t *viewer, apr_interval_time_t lost,
                                    glance_moment_t now)
{
    viewer->received_at = later(viewer->received_at, lost, now);
    viewer->progress_at = later(viewer->progress_at, lost, now);
    viewer->pending_since = later(viewer->pending_since, lost, now);
    if (viewer->closing_since) {
        viewer->closing_since = later(viewer->closing_since, lost, now);
    }
}

int glance_viewer_is_stuck(const glance_viewer_t *viewer, glance_moment_t now)
{
    return viewer->buffer
           && (now - viewer->progress_at > GLANCE_VIEWER_PATIENCE
               || now - viewer->pending_since > GLANCE_VIEWER_PATIENCE_IN_ALL);
}

int glance_viewer_is_over(const glance_viewer_t *viewer, glance_moment_t now)
{
    apr_uint32_t limit = glance_dialects[viewer->dialect].silence_max;

    return (viewer->closing_since && now - viewer->closing_since > GLANCE_VIEWER_LINGER)
           || (limit && !viewer->buffer && now - viewer->received_at > apr_time_from_sec(limit));
}

void glance_viewer_goodbye(glance_viewer_t *viewer, apr_uint32_t retry_ms)
{
    glance_connection_t *connection = &viewer->connection;
    char goodbye[GLANCE_GOODBYE_MAX];

    if (glance_viewer_is_idle(viewer)) {
        apr_size_t length = glance_dialects[viewer->dialect].put_goodbye(goodbye, retry_ms);

        (void)connection->ops->write(connection, goodbye, length);
    }
    connection->ops->shutdown(connection);
}

void glance_viewer_free(glance_viewer_t *viewer)
{
    glance_connection_kind_e kind = viewer->connection.ops->kind;

    glance_connection_close(&viewer->connection);
    glance_buffer_release(viewer->buffer);
    glance_websocket_free(viewer->conversation);
    free(viewer);
    __atomic_sub_fetch(&glance_live_process.held[kind], 1, __ATOMIC_RELAXED);
}
