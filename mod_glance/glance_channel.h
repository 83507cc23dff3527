/* glance_channel.h: how bytes reach a client without anybody waiting: one of two kinds.
 *
 * glance_socket is the raw kind, a socket that httpd has let go of; glance_suspend is the filtered
 * one, a connection that httpd keeps, written through its filters.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CHANNEL_H
#define GLANCE_CHANNEL_H

#include "glance_private.h"

#include "glance_clock.h"
#include "glance_text.h"

typedef struct glance_channel_t glance_channel_t;

/** What a kind of channel can do. */
typedef struct {
    const char *name;
    int burdens_mpm; /* whether it counts among the connections that the MPM may hold */
    /** Takes up to @a length bytes. @return how many, 0 if there is no room now, -1 if the client
     * is gone. */
    apr_ssize_t (*write)(glance_channel_t *channel, const char *data, apr_size_t length);
    /** Sends what was taken and is still here. @return 1 if all is on its way, 0 if there is no
     * room now, -1 if the client is gone. */
    int (*drain)(glance_channel_t *channel);
    /** Takes what the client has sent, at most @a size bytes. @return how many, 0 if there are none
     * now, -1 if the client is gone. */
    apr_ssize_t (*read)(glance_channel_t *channel, char *data, apr_size_t size);
    /** Says that nothing more comes. What was written still arrives. */
    void (*shutdown)(glance_channel_t *channel);
    /** Frees all of the channel that is not the channel itself. */
    void (*close)(glance_channel_t *channel);
} glance_channel_kind_t;

struct glance_channel_t {
    const glance_channel_kind_t *kind;
    int socket;           /* the client's */
    int poll;             /* the epoll descriptor that watches it, or -1 */
    void *connection;     /* the filtered kind's own */
    glance_text_t *early; /* the raw kind's: what httpd had read already, NULL if nothing */
    apr_size_t early_offset;
};

/** Has epoll report, edge by edge and with @a data, that there may be room again, that the client
 * has left or, if @a hears, that it has sent something.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_channel_watch(glance_channel_t *channel, int poll, int hears, void *data);

/** Has epoll report the present state once more, for a reader who did not read all. */
void glance_channel_watch_again(glance_channel_t *channel, void *data);

/** Throws away what the client has sent, whatever it means.
 * @return 1, or 0 if the client is gone. */
int glance_channel_discard(glance_channel_t *channel);

/** Ends the watch, if there is one. */
void glance_channel_unwatch(glance_channel_t *channel);

#endif
