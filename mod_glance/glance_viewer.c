/* glance_viewer.c: one viewer of a stream.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_viewer.h"

#include <stdlib.h>

#include "apr_strings.h"

#include "glance_socket.h"

static apr_uint32_t held;

apr_uint32_t glance_viewer_count(void)
{
    return __atomic_load_n(&held, __ATOMIC_RELAXED);
}

glance_viewer_t *glance_viewer_make(int socket, const char *address, glance_moment_t now)
{
    glance_viewer_t *viewer = calloc(1, sizeof *viewer);

    if (viewer) {
        __atomic_add_fetch(&held, 1, __ATOMIC_RELAXED);
        APR_RING_ELEM_INIT(viewer, link);
        viewer->socket = socket;
        viewer->poll = -1;
        viewer->opened = now;
        apr_cpystrn(viewer->address, address, sizeof viewer->address);
    }
    return viewer;
}

apr_status_t glance_viewer_watch(glance_viewer_t *viewer, int poll)
{
    apr_status_t rv = glance_socket_watch(viewer->socket, poll, viewer);

    if (rv == APR_SUCCESS) {
        viewer->poll = poll;
    }
    return rv;
}

int glance_viewer_is_ready(const glance_viewer_t *viewer)
{
    return !viewer->text;
}

/* Sends from `offset` of the text on, until the client's window is full: epoll tells of the edge
 * at which it opens again. */
static apr_status_t push(glance_viewer_t *viewer, const glance_text_t *text)
{
    while (viewer->offset < text->length) {
        apr_ssize_t written = glance_socket_write(viewer->socket, text->data + viewer->offset,
                                                  text->length - viewer->offset);

        if (written < 0) {
            return APR_ECONNABORTED;
        }
        if (written == 0) {
            break;
        }
        viewer->offset += (apr_size_t)written;
        viewer->sent += (apr_uint64_t)written;
    }
    return APR_SUCCESS;
}

apr_status_t glance_viewer_send(glance_viewer_t *viewer, glance_text_t *text, glance_moment_t now)
{
    apr_status_t rv;

    viewer->offset = 0;
    rv = push(viewer, text);
    if (rv == APR_SUCCESS && viewer->offset < text->length) {
        viewer->text = glance_text_keep(text);
        viewer->pending = now;
        viewer->moved = now;
    }
    return rv;
}

apr_status_t glance_viewer_flush(glance_viewer_t *viewer, glance_moment_t now)
{
    apr_size_t before = viewer->offset;
    apr_status_t rv = APR_SUCCESS;

    if (viewer->text) {
        rv = push(viewer, viewer->text);
        viewer->moved = viewer->offset > before ? now : viewer->moved;
        if (rv == APR_SUCCESS && viewer->offset == viewer->text->length) {
            glance_text_release(viewer->text);
            viewer->text = NULL;
        }
    }
    return rv;
}

int glance_viewer_is_stuck(const glance_viewer_t *viewer, glance_moment_t now)
{
    return viewer->text
           && (now - viewer->moved > GLANCE_VIEWER_PATIENCE
               || now - viewer->pending > GLANCE_VIEWER_PATIENCE_IN_ALL);
}

void glance_viewer_farewell(glance_viewer_t *viewer, apr_uint32_t retry_ms)
{
    char retry[32];
    int length = apr_snprintf(retry, sizeof retry, "retry: %u\n\n", retry_ms);

    if (glance_viewer_is_ready(viewer)) {
        (void)glance_socket_write(viewer->socket, retry, (apr_size_t)length);
    }
    glance_socket_shutdown(viewer->socket);
}

void glance_viewer_free(glance_viewer_t *viewer)
{
    glance_socket_close(viewer->socket, viewer->poll);
    glance_text_release(viewer->text);
    free(viewer);
    __atomic_sub_fetch(&held, 1, __ATOMIC_RELAXED);
}
