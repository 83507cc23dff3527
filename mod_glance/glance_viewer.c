/* glance_viewer.c: one viewer of a stream.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_viewer.h"

#include <stdlib.h>

#include "apr_strings.h"

static apr_uint32_t held;

apr_uint32_t glance_viewer_count(void)
{
    return __atomic_load_n(&held, __ATOMIC_RELAXED);
}

glance_viewer_t *glance_viewer_make(glance_channel_t *channel, const char *address,
                                    glance_moment_t now)
{
    glance_viewer_t *viewer = calloc(1, sizeof *viewer);

    if (!viewer) {
        channel->kind->close(channel);
        return NULL;
    }
    __atomic_add_fetch(&held, 1, __ATOMIC_RELAXED);
    APR_RING_ELEM_INIT(viewer, link);
    viewer->channel = *channel;
    viewer->opened = now;
    apr_cpystrn(viewer->address, address, sizeof viewer->address);
    return viewer;
}

int glance_viewer_is_ready(const glance_viewer_t *viewer)
{
    return !viewer->text;
}

/* Sends from `offset` of the text on, until the channel has no room: epoll tells of the edge at
 * which there is some again.
 * Returns APR_SUCCESS when all is on its way, APR_EAGAIN or APR_ECONNABORTED. */
static apr_status_t push(glance_viewer_t *viewer, const glance_text_t *text)
{
    glance_channel_t *channel = &viewer->channel;
    int drained;

    while (viewer->offset < text->length) {
        apr_ssize_t written = channel->kind->write(channel, text->data + viewer->offset,
                                                   text->length - viewer->offset);

        if (written <= 0) {
            return written ? APR_ECONNABORTED : APR_EAGAIN;
        }
        viewer->offset += (apr_size_t)written;
        viewer->sent += (apr_uint64_t)written;
    }
    drained = channel->kind->drain(channel);
    if (drained < 0) {
        return APR_ECONNABORTED;
    }
    return drained ? APR_SUCCESS : APR_EAGAIN;
}

apr_status_t glance_viewer_send(glance_viewer_t *viewer, glance_text_t *text, glance_moment_t now)
{
    apr_status_t rv;

    viewer->offset = 0;
    rv = push(viewer, text);
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    viewer->text = glance_text_keep(text);
    viewer->pending = now;
    viewer->moved = now;
    return APR_SUCCESS;
}

apr_status_t glance_viewer_flush(glance_viewer_t *viewer, glance_moment_t now)
{
    apr_size_t before = viewer->offset;
    apr_status_t rv = viewer->text ? push(viewer, viewer->text) : APR_SUCCESS;

    if (APR_STATUS_IS_EAGAIN(rv)) {
        viewer->moved = viewer->offset > before ? now : viewer->moved;
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        glance_text_release(viewer->text);
        viewer->text = NULL;
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
    glance_channel_t *channel = &viewer->channel;
    char retry[32];
    int length = apr_snprintf(retry, sizeof retry, "retry: %u\n\n", retry_ms);

    if (glance_viewer_is_ready(viewer)) {
        (void)channel->kind->write(channel, retry, (apr_size_t)length);
    }
    channel->kind->shutdown(channel);
}

void glance_viewer_free(glance_viewer_t *viewer)
{
    viewer->channel.kind->close(&viewer->channel);
    glance_text_release(viewer->text);
    free(viewer);
    __atomic_sub_fetch(&held, 1, __ATOMIC_RELAXED);
}
