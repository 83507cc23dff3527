/* broadcast.h: one board's viewers in this child, and what they have all been told.
 *
 * Belongs to the child's hub thread. Each text is made once for each transport that somebody uses,
 * and written to every viewer. A viewer that cannot take it keeps one text pending, is passed over
 * until that is sent, and then gets all it missed in one update: it is never waited for, and
 * nothing queues up.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_BROADCAST_H
#define GLANCE_LIVE_BROADCAST_H

#include "live/event.h"
#include "live/viewer.h"

#define GLANCE_BROADCAST_BUFFERS 8

/** A text that brings viewers up to date. */
typedef struct {
    glance_dialect_e dialect;
    apr_uint64_t since; /* what they know; the largest number: nothing, so it is a hello */
    int is_new;         /* it begins a stream */
    apr_uint64_t upto;
    glance_moment_t made;
    glance_buffer_t *buffer;
} glance_broadcast_buffer_t;

/** When viewers who are sent away may come back, in milliseconds: after the least time, spread over
 * that again, and over so much for each of them. */
typedef struct {
    apr_uint32_t least;
    apr_uint32_t each;
} glance_return_t;

typedef struct glance_broadcast_t {
    glance_store_t *store;
    apr_interval_time_t interval; /* the shortest time between two rounds */
    glance_return_t returns;      /* when those who are sent away may come back */
    const int *stopping;          /* set by any thread: nothing more is to be sent */
    glance_viewers_t viewers;
    apr_uint32_t count;
    apr_uint32_t count_of[GLANCE_DIALECTS];
    apr_uint32_t health_count;  /* how many of them want health events */
    apr_uint64_t seq;           /* every viewer that is ready knows the board up to here */
    apr_uint64_t heartbeat;     /* health events have told up to here */
    apr_uint32_t new_count;     /* how many have come since the last tick */
    apr_uint64_t new_heartbeat; /* the latest beat when the first of them came */
    glance_moment_t next_round;
    glance_moment_t next_tick;
    glance_moment_t next_keepalive;
    unsigned heartbeats; /* so far */
    /* For viewers who come or catch up, so that a crowd that returns shares them. */
    glance_broadcast_buffer_t buffers[GLANCE_BROADCAST_BUFFERS];
    int next_buffer;
    apr_size_t hello_length;  /* of the largest hello so far */
    glance_changes_t changes; /* used again and again */
} glance_broadcast_t;

/** @param stopping set once the streams are to end. */
void glance_broadcast_init(glance_broadcast_t *broadcast, glance_store_t *store,
                           apr_interval_time_t interval, glance_return_t returns,
                           const int *stopping);

/** Takes the viewer in and sends it what it does not know yet. Frees it if it is gone already. */
void glance_broadcast_join(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                           glance_moment_t now);

/** The viewer's window has opened, or its client has spoken.
 * @return 1, or 0 if it is gone and freed. */
int glance_broadcast_handle_ready(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                                  glance_moment_t now);

/** The client has left: takes the viewer out and frees it. */
void glance_broadcast_leave(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                            glance_moment_t now);

/** Does what is due. */
void glance_broadcast_run(glance_broadcast_t *broadcast, glance_moment_t now);

/** When glance_broadcast_run() must next be called. Asks for the bell, should that become earlier:
 * call it before going to sleep. */
glance_moment_t glance_broadcast_sleep_until(const glance_broadcast_t *broadcast);

/** Sends up to @a count viewers away. They come back elsewhere, or are answered by polling.
 * @return how many there were. */
apr_uint32_t glance_broadcast_shed(glance_broadcast_t *broadcast, apr_uint32_t count,
                                   glance_moment_t now);

/** Bytes that the texts of slow viewers may use: enough for a few of the largest, or the viewers of
 * a large board would lock each other out. @param broadcasts all of a child's, @a count of them. */
apr_size_t glance_broadcast_buffer_limit(const glance_broadcast_t *broadcasts, int count);

/** Drops those who have had a text pending for longest, with all who hold the same text: its memory
 * is free then. @param broadcasts all of a child's, @a count of them.
 * @return how many were dropped. */
apr_uint32_t glance_broadcast_drop_slowest(glance_broadcast_t *broadcasts, int count,
                                           glance_moment_t now);

/** Tells every viewer when to return, spread at random, and that nothing more comes. Frees nothing,
 * so it can be done while another thread of a dying process sits in the allocator's lock.
 * @param is_abandoned asked before each viewer whether to stop; NULL: never. */
void glance_broadcast_goodbye(glance_broadcast_t *broadcast, int (*is_abandoned)(void));

/** Logs the end of every viewer, and frees nothing. @param is_abandoned as above. */
void glance_broadcast_log_end(glance_broadcast_t *broadcast, int (*is_abandoned)(void));

/** Frees all viewers. */
void glance_broadcast_end(glance_broadcast_t *broadcast, glance_moment_t now);

#endif
