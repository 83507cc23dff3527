/* viewer.h: one viewer: a client at the end of a connection, told the news by a transport,
 * with its place in the board's life and what it still has to be sent. Belongs to the child's hub
 * thread alone.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_VIEWER_H
#define GLANCE_LIVE_VIEWER_H

#include "apr_ring.h"

#include "core/dialect.h"
#include "core/websocket.h"
#include "live/connection.h"

/** How long a viewer may take nothing of what is pending, and how long it may take over one text,
 * before it is dropped, to come back and resume. */
#define GLANCE_VIEWER_PATIENCE apr_time_from_sec(30)
#define GLANCE_VIEWER_PATIENCE_IN_ALL apr_time_from_sec(300)

/** How long a client may take to close the connection after the WebSocket's end. */
#define GLANCE_VIEWER_LINGER apr_time_from_sec(5)

#define GLANCE_VIEWER_ADDRESS_MAX 46 /* an IPv6 address in text */

/** What every round touches comes first: a crowd is far larger than the processor's caches. */
typedef struct glance_viewer_t {
    APR_RING_ENTRY(glance_viewer_t) link; /* among the viewers of its board */
    glance_buffer_t *buffer;              /* not all of it is sent yet; NULL: nothing is pending */
    apr_uint64_t seq;                     /* all it was sent covers every change up to this one */
    glance_connection_t connection;
    apr_size_t offset; /* what is sent of the text */
    apr_uint64_t sent; /* bytes, for the log */
    glance_dialect_e dialect;
    int wants_health;         /* health events too */
    int resumes;              /* it knows the board up to `seq`; else it is to be told everything */
    glance_moment_t closing;  /* since when a WebSocket has said its last; 0: it has not */
    int is_shut;              /* the client has been told that nothing more comes */
    int is_new;               /* it came since the last tick */
    glance_moment_t received; /* when the client was last heard, or came */
    glance_websocket_t *ws;   /* what it is in the middle of saying, NULL: nothing */
    glance_moment_t pending;  /* since when the text is */
    glance_moment_t moved;    /* when some of it was last sent */
    glance_moment_t opened;
    struct glance_broadcast_t *broadcast;
    struct glance_store_t *store;
    char address[GLANCE_VIEWER_ADDRESS_MAX];
} glance_viewer_t;

APR_RING_HEAD(glance_viewers_t, glance_viewer_t);
typedef struct glance_viewers_t glance_viewers_t;

/** A viewer at the other end of the connection, or NULL if there is no memory; then the connection
 * is closed. */
glance_viewer_t *glance_viewer_make(const glance_connection_t *connection, glance_dialect_e dialect,
                                    const char *address, glance_moment_t now);

/** How many viewers this process holds, over connections of all kinds or of one. May be called by
 * any thread. */
apr_uint32_t glance_viewer_count(void);
apr_uint32_t glance_viewer_count_of(glance_connection_kind_e kind);

/** Whether it can be sent something: nothing is pending, and it has not been sent the last. */
int glance_viewer_is_idle(const glance_viewer_t *viewer);

/** Whether what the client sends is read: it speaks WebSocket, or its connection needs it. */
int glance_viewer_reads(const glance_viewer_t *viewer);

/** Sends a text to a viewer that is ready; what its window does not take stays pending.
 * @return APR_SUCCESS, or APR_ECONNABORTED if it is gone. */
apr_status_t glance_viewer_send(glance_viewer_t *viewer, glance_buffer_t *buffer,
                                glance_moment_t now);

/** Sends what is pending, as far as its window takes it. @return as glance_viewer_send(). */
apr_status_t glance_viewer_flush(glance_viewer_t *viewer, glance_moment_t now);

/** Reads what the client has sent, and answers what needs an answer: not before all that is pending
 * has been sent, so that a client cannot make answers pile up. @return as glance_viewer_send(). */
apr_status_t glance_viewer_receive(glance_viewer_t *viewer, glance_moment_t now);

/** Extends the client's deadlines by @a lost microseconds up to @a now, in which nobody has read
 * what it sent, nor asked it anything. */
void glance_viewer_extend_deadlines(glance_viewer_t *viewer, apr_interval_time_t lost,
                                    glance_moment_t now);

/** Whether it has had something pending for too long. */
int glance_viewer_is_stuck(const glance_viewer_t *viewer, glance_moment_t now);

/** Whether its client is gone without a word, or has closed or should have. */
int glance_viewer_is_over(const glance_viewer_t *viewer, glance_moment_t now);

/** Says when to return, as far as that can be sent now, and that nothing more comes. Needs no
 * memory. */
void glance_viewer_goodbye(glance_viewer_t *viewer, apr_uint32_t retry_ms);

/** Ends the connection and frees the viewer, which must be in no ring. */
void glance_viewer_free(glance_viewer_t *viewer);

#endif
