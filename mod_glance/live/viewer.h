/* viewer.h: one viewer: its connection, its dialect, which changes it knows, and the buffer that is
 * still being sent to it. Belongs to the child's hub thread.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_VIEWER_H
#define GLANCE_LIVE_VIEWER_H

#include "apr_ring.h"

#include "core/dialect.h"
#include "core/websocket.h"
#include "live/connection.h"

/** A viewer is dropped if it takes no byte of a pending buffer for the first of these times, or has
 * not taken all of the buffer after the second. It may reconnect and resume. */
#define GLANCE_VIEWER_PATIENCE apr_time_from_sec(30)
#define GLANCE_VIEWER_PATIENCE_IN_ALL apr_time_from_sec(300)

/** How long a client may take to close the connection after the WebSocket's close frame. */
#define GLANCE_VIEWER_LINGER apr_time_from_sec(5)

#define GLANCE_VIEWER_ADDRESS_MAX 46 /* an IPv6 address as text */

/** The members that every round uses come first and share cache lines, since thousands of viewers
 * do not fit into the processor's caches. */
typedef struct glance_viewer_t {
    APR_RING_ENTRY(glance_viewer_t) link; /* among the viewers of its board */
    glance_buffer_t *buffer;              /* pending, partly sent; NULL: none */
    apr_uint64_t seq;                     /* it knows every change up to this one */
    glance_connection_t connection;
    apr_size_t offset; /* how much of the last buffer is sent, in bytes */
    apr_uint64_t sent; /* bytes, for the log */
    glance_dialect_e dialect;
    int wants_health;                 /* it gets health events */
    int resumes;                      /* it joined with an event's id, whose number is `seq` */
    glance_moment_t closing_since;    /* when the close frame was sent; 0: none was sent */
    int is_shut;                      /* the sending side is closed */
    int is_new;                       /* no health event since it joined */
    glance_moment_t received_at;      /* when the client last sent something, or joined */
    glance_websocket_t *conversation; /* the client's incomplete input; NULL: none */
    glance_moment_t pending_since;    /* when the buffer became pending */
    glance_moment_t progress_at;      /* when some of the buffer was last sent */
    glance_moment_t opened;
    struct glance_broadcast_t *broadcast;
    struct glance_store_t *store;
    char address[GLANCE_VIEWER_ADDRESS_MAX];
} glance_viewer_t;

APR_RING_HEAD(glance_viewers_t, glance_viewer_t);
typedef struct glance_viewers_t glance_viewers_t;

/** Makes a viewer of this connection.
 * @return NULL if there is no memory: then the connection is closed. */
glance_viewer_t *glance_viewer_make(const glance_connection_t *connection, glance_dialect_e dialect,
                                    const char *address, glance_moment_t now);

/** How many viewers this process holds, in all or over one kind of connection. Any thread may call
 * these. */
apr_uint32_t glance_viewer_count(void);
apr_uint32_t glance_viewer_count_of(glance_connection_kind_e kind);

/** Whether a buffer can be sent now: none is pending, and no close frame was sent. */
int glance_viewer_is_idle(const glance_viewer_t *viewer);

/** Whether the client's bytes are read: its dialect has input, or its connection needs it. */
int glance_viewer_reads(const glance_viewer_t *viewer);

/** Sends a buffer to an idle viewer. What the connection has no room for stays pending.
 * @return APR_SUCCESS, or APR_ECONNABORTED if the client has left. */
apr_status_t glance_viewer_send(glance_viewer_t *viewer, glance_buffer_t *buffer,
                                glance_moment_t now);

/** Sends what is pending, as far as there is room. @return as glance_viewer_send(). */
apr_status_t glance_viewer_flush(glance_viewer_t *viewer, glance_moment_t now);

/** Reads what the client has sent, and sends the dialect's reply. Reads nothing while a buffer is
 * pending, so that replies to a client cannot accumulate.
 * @return as glance_viewer_send(). */
apr_status_t glance_viewer_receive(glance_viewer_t *viewer, glance_moment_t now);

/** Extends the client's deadlines by @a lost microseconds, for which the hub did not run. No time
 * moves beyond @a now. */
void glance_viewer_extend_deadlines(glance_viewer_t *viewer, apr_interval_time_t lost,
                                    glance_moment_t now);

/** Whether something has been pending for too long. */
int glance_viewer_is_stuck(const glance_viewer_t *viewer, glance_moment_t now);

/** Whether its client is silent for too long, or has not closed the connection in time. */
int glance_viewer_is_over(const glance_viewer_t *viewer, glance_moment_t now);

/** Sends the goodbye, if there is room, and closes the sending side. Allocates nothing. */
void glance_viewer_goodbye(glance_viewer_t *viewer, apr_uint32_t retry_ms);

/** Ends the connection and frees the viewer, which must be in no list. */
void glance_viewer_free(glance_viewer_t *viewer);

#endif
