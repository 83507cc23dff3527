/* viewer.h: one viewer: a client at the other end of a connection, its dialect, what it knows of
 * the board, and what is still to be sent to it. Belongs to the child's hub thread.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_VIEWER_H
#define GLANCE_LIVE_VIEWER_H

#include "apr_ring.h"

#include "core/dialect.h"
#include "core/websocket.h"
#include "live/connection.h"

/** A viewer is dropped that takes nothing of a pending buffer for so long, or needs so long for all
 * of it. It may come back and resume. */
#define GLANCE_VIEWER_PATIENCE apr_time_from_sec(30)
#define GLANCE_VIEWER_PATIENCE_IN_ALL apr_time_from_sec(300)

/** How long a client may take to close the connection after the WebSocket's close frame. */
#define GLANCE_VIEWER_LINGER apr_time_from_sec(5)

#define GLANCE_VIEWER_ADDRESS_MAX 46 /* an IPv6 address as text */

/** The members that every round uses come first: the viewers of a crowd do not fit into the
 * processor's caches. */
typedef struct glance_viewer_t {
    APR_RING_ENTRY(glance_viewer_t) link; /* among the viewers of its board */
    glance_buffer_t *buffer;              /* pending: partly sent; NULL: nothing is */
    apr_uint64_t seq;                     /* it knows every change up to this one */
    glance_connection_t connection;
    apr_size_t offset; /* what is sent of the last buffer */
    apr_uint64_t sent; /* bytes, for the log */
    glance_dialect_e dialect;
    int wants_health;                 /* it gets health events */
    int resumes;                      /* it joined with an event's id: `seq` */
    glance_moment_t closing_since;    /* the WebSocket's close frame; 0: none was sent */
    int is_shut;                      /* the client was told that nothing more comes */
    int is_new;                       /* no health event since it joined */
    glance_moment_t received_at;      /* when the client last sent something, or joined */
    glance_websocket_t *conversation; /* what the client has sent in part; NULL: nothing */
    glance_moment_t pending_since;    /* of the buffer */
    glance_moment_t progress_at;      /* when some of the buffer was last sent */
    glance_moment_t opened;
    struct glance_broadcast_t *broadcast;
    struct glance_store_t *store;
    char address[GLANCE_VIEWER_ADDRESS_MAX];
} glance_viewer_t;

APR_RING_HEAD(glance_viewers_t, glance_viewer_t);
typedef struct glance_viewers_t glance_viewers_t;

/** A viewer at the other end of the connection. If there is no memory, the connection is closed.
 * @return NULL then. */
glance_viewer_t *glance_viewer_make(const glance_connection_t *connection, glance_dialect_e dialect,
                                    const char *address, glance_moment_t now);

/** How many viewers this process holds, in all or over one kind of connection. Any thread may call
 * these. */
apr_uint32_t glance_viewer_count(void);
apr_uint32_t glance_viewer_count_of(glance_connection_kind_e kind);

/** Whether it can be sent something: nothing is pending, and no close frame was sent. */
int glance_viewer_is_idle(const glance_viewer_t *viewer);

/** Whether the client's bytes are read: its dialect has input, or its connection needs it. */
int glance_viewer_reads(const glance_viewer_t *viewer);

/** Sends a buffer to an idle viewer. What the connection has no room for stays pending.
 * @return APR_SUCCESS, or APR_ECONNABORTED if the client has left. */
apr_status_t glance_viewer_send(glance_viewer_t *viewer, glance_buffer_t *buffer,
                                glance_moment_t now);

/** Sends what is pending, as far as there is room. @return as glance_viewer_send(). */
apr_status_t glance_viewer_flush(glance_viewer_t *viewer, glance_moment_t now);

/** Reads what the client has sent, and replies where its dialect says so. Reads nothing while
 * something is pending, so that a client cannot make replies pile up.
 * @return as glance_viewer_send(). */
apr_status_t glance_viewer_receive(glance_viewer_t *viewer, glance_moment_t now);

/** Extends the client's deadlines by @a lost microseconds, at most to @a now: the hub did not run
 * for so long. */
void glance_viewer_extend_deadlines(glance_viewer_t *viewer, apr_interval_time_t lost,
                                    glance_moment_t now);

/** Whether something has been pending for too long. */
int glance_viewer_is_stuck(const glance_viewer_t *viewer, glance_moment_t now);

/** Whether its client is silent for too long, or has not closed the connection in time. */
int glance_viewer_is_over(const glance_viewer_t *viewer, glance_moment_t now);

/** Sends the goodbye, if there is room, and tells the client that nothing more comes. Allocates
 * nothing. */
void glance_viewer_goodbye(glance_viewer_t *viewer, apr_uint32_t retry_ms);

/** Ends the connection and frees the viewer, which must be in no list. */
void glance_viewer_free(glance_viewer_t *viewer);

#endif
