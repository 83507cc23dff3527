/* limits.h: how many viewers a child may hold, and how much memory their pending buffers may use.
 *
 * The configuration sets the first limit, descriptors the second. Descriptors and memory change
 * while the child lives, so the hub checks them several times a second and drops viewers where they
 * run short.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_LIMITS_H
#define GLANCE_LIVE_LIMITS_H

#include "httpd_private.h"

#include "core/rate.h"
#include "live/broadcast.h"

#define GLANCE_MAX_VIEWERS_AUTO (-1)

/** Belongs to the hub's thread, except `room`. */
typedef struct {
    const server_rec *server;
    glance_broadcast_t *broadcasts; /* of all boards */
    int broadcast_count;
    apr_uint32_t most;       /* viewers that the configuration allows */
    apr_uint32_t room;       /* viewers that are allowed now: any thread reads it */
    glance_moment_t next;    /* when to check again */
    apr_size_t peak;         /* of the buffers' bytes, since memory was last given back */
    glance_rate_t shed_rate; /* GL0046 */
    glance_rate_t slow_rate; /* GL0047 */
} glance_limits_t;

/** On the post_config hook: warns if this server has too few descriptors for GlanceMaxViewers.
 * @param max_viewers the setting, or GLANCE_MAX_VIEWERS_AUTO. */
void glance_limits_check(const server_rec *server, int max_viewers);

/** In a child, before it accepts connections. @param broadcasts outlive the limits. */
void glance_limits_init(glance_limits_t *limits, const server_rec *server, int max_viewers,
                        glance_broadcast_t *broadcasts, int broadcast_count);

/** Whether one more viewer may be held. Any thread may call it. */
int glance_limits_have_room(const glance_limits_t *limits);

/** Counts the free descriptors, and sends viewers away if httpd might lack some. */
void glance_limits_check_descriptors(glance_limits_t *limits, glance_moment_t now);

/** Checks descriptors and memory, if that is due. */
void glance_limits_run(glance_limits_t *limits, glance_moment_t now);

/** When glance_limits_run() must be called next, or GLANCE_NO_MOMENT. */
glance_moment_t glance_limits_due(const glance_limits_t *limits);

/** MaxConnectionsPerChild, or 0 without a limit. */
apr_uint32_t glance_limits_connections_per_child(void);

#endif
