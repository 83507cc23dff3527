/* broadcast.h: the viewers of one board in this child, and what they have been told.
 *
 * Belongs to the child's hub thread. Each event is encoded once, framed once for each dialect in
 * use, and written to every viewer. A viewer whose connection has no room keeps one buffer pending
 * and misses what follows. As soon as that buffer is sent, it gets everything that it missed in one
 * update. So nobody waits for a slow viewer, and nothing queues up.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_BROADCAST_H
#define GLANCE_LIVE_BROADCAST_H

#include "live/event_cache.h"
#include "live/viewer.h"

/** When the viewers that a child sends away reconnect. Each waits `least` milliseconds, and a
 * random time of up to `least` plus `each` times the number of viewers. */
typedef struct {
    apr_uint32_t least;
    apr_uint32_t each;
} glance_return_t;

typedef struct glance_broadcast_t {
    glance_store_t *store;
    apr_interval_time_t interval; /* the shortest time between two rounds */
    glance_return_t returns;      /* when viewers that are sent away reconnect */
    const int *stopping;          /* set by another thread: no more events may be sent */
    glance_viewers_t viewers;
    apr_uint32_t count;
    apr_uint32_t count_of[GLANCE_DIALECTS];
    apr_uint32_t health_count;  /* viewers that want health events */
    apr_uint64_t seq;           /* every idle viewer knows the changes up to this one */
    apr_uint64_t heartbeat;     /* the last heartbeat in a health event */
    apr_uint32_t new_count;     /* viewers without a health event since they joined */
    apr_uint64_t new_heartbeat; /* the last heartbeat that all of them know from their hello */
    glance_moment_t next_round;
    glance_moment_t next_tick;
    glance_moment_t next_keepalive;
    unsigned keepalives; /* sent so far */
    glance_event_cache_t cache;
    glance_changes_t changes; /* scratch memory */
} glance_broadcast_t;

/** @param stopping is set when the streams must end. */
void glance_broadcast_init(glance_broadcast_t *broadcast, glance_store_t *store,
                           apr_interval_time_t interval, glance_return_t returns,
                           const int *stopping);

/** Adds the viewer and sends it everything that it does not know yet. Frees it if its client has
 * left. */
void glance_broadcast_join(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                           glance_moment_t now);

/** The viewer's connection has room again, or its client has sent something.
 * @return 1, or 0 if the viewer was dropped and freed. */
int glance_broadcast_handle_ready(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                                  glance_moment_t now);

/** The client has left: removes the viewer and frees it. */
void glance_broadcast_leave(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                            glance_moment_t now);

/** Does what is due. */
void glance_broadcast_run(glance_broadcast_t *broadcast, glance_moment_t now);

/** When glance_broadcast_run() must be called next. Requests a change notification, since a change
 * may make that earlier: call it before going to sleep. */
glance_moment_t glance_broadcast_sleep_until(const glance_broadcast_t *broadcast);

/** Sends up to @a count viewers away. They return to another child, or are answered by polling.
 * @return how many were sent away. */
apr_uint32_t glance_broadcast_shed(glance_broadcast_t *broadcast, apr_uint32_t count,
                                   glance_moment_t now);

/** How many bytes the pending buffers of slow viewers may use. The limit has room for several of
 * the largest hellos. With less, each viewer that joins a huge board would cause another to be
 * dropped.
 * @param broadcasts all of a child's, @a count of them. */
apr_size_t glance_broadcast_pending_limit(const glance_broadcast_t *broadcasts, int count);

/** Drops the viewer whose buffer has been pending for longest, and all viewers with the same
 * buffer, so that its memory is freed. @param broadcasts all of a child's, @a count of them.
 * @return how many were dropped. */
apr_uint32_t glance_broadcast_drop_slowest(glance_broadcast_t *broadcasts, int count,
                                           glance_moment_t now);

/** Sends every viewer the goodbye, which says when to reconnect. Allocates and frees nothing:
 * another thread of a process that ends may hold the allocator's lock.
 * @param is_abandoned called before each viewer: whether to stop. NULL: never. */
void glance_broadcast_goodbye(glance_broadcast_t *broadcast, int (*is_abandoned)(void));

/** Logs the end of every viewer, and frees nothing. @param is_abandoned as for the goodbye. */
void glance_broadcast_log_end(glance_broadcast_t *broadcast, int (*is_abandoned)(void));

/** Frees all viewers. */
void glance_broadcast_end(glance_broadcast_t *broadcast, glance_moment_t now);

#endif
