/* hub.h: the thread of each child that serves all its viewers.
 *
 * It sleeps in epoll until a board has changed, a viewer's connection has room, input or an end, or
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

/** On the child_init hook, after the store's: starts the thread, and returns when it runs. If it
 * cannot be had, that is logged, and streams are answered by polling. */
void glance_hub_start(apr_pool_t *pchild, server_rec *server,
                      const glance_hub_settings_t *settings);

/** Whether one more viewer may be held: the hub runs, and GlanceMaxViewers and the descriptors
 * allow it. */
int glance_hub_has_room(void);

/** Descriptors run short: has the hub send viewers away, and waits for that, at most for a second.
 * May be called by any thread but the hub's. */
void glance_hub_relieve(void);

/** Hands a viewer over, whose `store` says of which board. Takes it in any case: if the child is
 * stopping, it is freed. May be called by any thread. */
void glance_hub_adopt(glance_viewer_t *viewer);

/** On the child_stopping hook: ends all streams. Only stores a flag and writes to a descriptor,
 * since prefork calls it within a signal handler; may be called again and by any thread. */
void glance_hub_stop(apr_pool_t *pchild, int graceful);

#endif
