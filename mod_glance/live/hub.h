/* hub.h: the thread of each child that serves all its viewers.
 *
 * It sleeps in epoll until a board changes, a viewer's connection has room or input or ends, or
 * something is due.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_HUB_H
#define GLANCE_LIVE_HUB_H

#include "live/limits.h"

/** The settings for viewers. */
typedef struct {
    int max_viewers; /* how many streams one child may hold, or GLANCE_MAX_VIEWERS_AUTO */
    apr_interval_time_t stream_interval; /* the shortest time between two broadcasts */
} glance_hub_settings_t;

/** On the child_init hook, after glance_store_child_init(): starts the thread, and returns when it
 * runs. If the thread cannot start, this is logged, and streams are answered by polling. */
void glance_hub_start(apr_pool_t *pchild, server_rec *server,
                      const glance_hub_settings_t *settings);

/** Whether one more viewer may be held: the hub runs, and GlanceMaxViewers and the descriptors
 * allow it. */
int glance_hub_has_room(void);

/** Makes the hub send viewers away because descriptors run short, and waits for that, at most for a
 * second. May be called by any thread but the hub's. */
void glance_hub_relieve(void);

/** Hands a viewer over to the hub, which frees it if the child is stopping. The viewer's `store`
 * must be set. May be called by any thread. */
void glance_hub_adopt(glance_viewer_t *viewer);

/** On the child_stopping hook: ends all streams. Only stores a flag and writes to a descriptor,
 * since prefork calls it within a signal handler. May be called again and by any thread. */
void glance_hub_stop(apr_pool_t *pchild, int graceful);

#endif
