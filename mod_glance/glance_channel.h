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
#include "glance_shard.h"

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
    /** Says that nothing more comes. What was written still arrives. */
    void (*shutdown)(glance_channel_t *channel);
    /** Frees all of the channel that is not the channel itself. */
    void (*close)(glance_channel_t *channel);
} glance_channel_kind_t;

struct glance_channel_t {
    const glance_channel_kind_t *kind;
    int socket;       /* the client's */
    int poll;         /* the epoll descriptor that watches it, or -1 */
    void *connection; /* the filtered kind's own */
};

/** Has epoll report, edge by edge and with @a data, that there may be room again, or that the
 * client has left. @return APR_SUCCESS or the system's error. */
apr_status_t glance_channel_watch(glance_channel_t *channel, int poll, void *data);

/** Ends the watch, if there is one. */
void glance_channel_unwatch(glance_channel_t *channel);

#endif
