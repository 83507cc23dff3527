/* shard.c: one shard of a bot.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/shard.h"

#include <string.h>

static const char *const state_names[GLANCE_STATES] = {
    "unknown", "unhealthy", "offline", "online", "starting", "stopping", "resuming",
};

const char *glance_state_name(int state)
{
    return state >= 0 && state < GLANCE_STATES ? state_names[state] : "invalid";
}

glance_state_e glance_shard_state(const glance_shard_t *shard)
{
    apr_byte_t state = __atomic_load_n(&shard->state, __ATOMIC_RELAXED);

    return state < GLANCE_STATES && glance_shard_is_known(shard) ? (glance_state_e)state
                                                                 : GLANCE_UNKNOWN;
}

apr_byte_t glance_shard_reported(const glance_shard_t *shard)
{
    apr_byte_t reported = __atomic_load_n(&shard->reported, __ATOMIC_RELAXED);

    return reported < GLANCE_STATES ? reported : GLANCE_NEVER;
}

void glance_shard_repair(glance_shard_t *shard)
{
    shard->state = (apr_byte_t)glance_shard_state(shard);
    shard->reported = glance_shard_reported(shard);
}

static int enter(glance_shard_t *shard, glance_state_e state, glance_moment_t now)
{
    if (shard->state == state) {
        return 0;
    }
    shard->state = (apr_byte_t)state;
    shard->since = now;
    shard->recovered = 0;
    return 1;
}

void glance_shard_init(glance_shard_t *shard, glance_moment_t now)
{
    memset(shard, 0, sizeof *shard);
    shard->last_heartbeat = now;
    shard->since = now;
    shard->state = GLANCE_UNKNOWN;
    shard->reported = GLANCE_NEVER;
}

int glance_shard_is_known(const glance_shard_t *shard)
{
    return glance_shard_reported(shard) != GLANCE_NEVER;
}

void glance_shard_restore(glance_shard_t *shard, glance_state_e state, glance_state_e reported,
                          glance_moment_t now)
{
    glance_shard_init(shard, now);
    shard->state = (apr_byte_t)state;
    shard->reported = (apr_byte_t)reported;
    shard->heartbeat_is_change = 1;
}

int glance_shard_report(glance_shard_t *shard, glance_state_e state, glance_moment_t now)
{
    shard->last_heartbeat = now;
    shard->reported = (apr_byte_t)state;
    shard->heartbeat_is_change = (apr_byte_t)enter(shard, state, now);
    return shard->heartbeat_is_change;
}

int glance_shard_heartbeat(glance_shard_t *shard, glance_moment_t now)
{
    shard->last_heartbeat = now;
    shard->heartbeat_is_change = shard->state == GLANCE_UNHEALTHY;
    if (shard->heartbeat_is_change) {
        (void)enter(shard, GLANCE_ONLINE, now);
        shard->recovered = 1;
    }
    return shard->heartbeat_is_change;
}

glance_moment_t glance_shard_deadline(const glance_shard_t *shard, apr_int64_t timeout)
{
    if (!glance_shard_is_known(shard) || shard->state == GLANCE_UNHEALTHY) {
        return GLANCE_NO_MOMENT;
    }
    return glance_clock_after(shard->last_heartbeat, timeout);
}

void glance_shard_grant_grace(glance_shard_t *shard, glance_moment_t now)
{
    if (shard->state != GLANCE_UNHEALTHY || shard->last_heartbeat > now) {
        shard->last_heartbeat = now;
    }
    if (shard->since > now) {
        shard->since = now;
    }
}

void glance_shard_mark_unhealthy(glance_shard_t *shard, glance_moment_t now)
{
    (void)enter(shard, GLANCE_UNHEALTHY, now);
}
