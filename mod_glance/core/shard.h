/* shard.h: one shard of a bot: its record, its states, and the transitions between them.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SHARD_H
#define GLANCE_CORE_SHARD_H

#include "core/clock.h"

/** The states of the HTTP contract, with their numbers there. */
typedef enum {
    GLANCE_UNKNOWN = 0,
    GLANCE_UNHEALTHY = 1,
    GLANCE_OFFLINE = 2,
    GLANCE_ONLINE = 3,
    GLANCE_STARTING = 4,
    GLANCE_STOPPING = 5,
    GLANCE_RESUMING = 6
} glance_state_e;

#define GLANCE_STATES 7

/** In glance_shard_t.reported: the bot has never reported a state of this shard. */
#define GLANCE_NEVER 0xff

/** The board numbers changes of state and heartbeats, each in a sequence of its own. */
typedef enum { GLANCE_CHANGE, GLANCE_HEARTBEAT } glance_sequence_e;

#define GLANCE_SEQUENCES 2

/** The record of one shard. It lies in shared memory: no pointers. */
typedef struct {
    apr_uint64_t sequences[GLANCE_SEQUENCES]; /* of its last change and heartbeat, 0: none yet */
    glance_moment_t last_heartbeat;
    glance_moment_t since;          /* when it entered its state */
    apr_byte_t state;               /* a glance_state_e */
    apr_byte_t reported;            /* what its bot last reported, or GLANCE_NEVER */
    apr_byte_t recovered;           /* a heartbeat brought it from unhealthy to its state */
    apr_byte_t heartbeat_is_change; /* its last heartbeat changed its state */
} glance_shard_t;

/** The lower-case English name of a state, or "invalid" for any other number. */
const char *glance_state_name(int state);

/** The shard's state; unknown if the shard never reported or the byte is invalid: any process of
 * the server can write to shared memory. */
glance_state_e glance_shard_state(const glance_shard_t *shard);

/** What its bot last reported: a glance_state_e, or GLANCE_NEVER, also if the byte is invalid. */
apr_byte_t glance_shard_reported(const glance_shard_t *shard);

/** Replaces invalid bytes, so that state and report are what the two functions above return. */
void glance_shard_repair(glance_shard_t *shard);

/** Makes a shard that has never reported, unknown since @a now. */
void glance_shard_init(glance_shard_t *shard, glance_moment_t now);

/** Makes a shard as the state file has it, in its state and with a heartbeat since @a now. */
void glance_shard_restore(glance_shard_t *shard, glance_state_e state, glance_state_e reported,
                          glance_moment_t now);

/** Whether the bot has reported a status of this shard yet. */
int glance_shard_is_known(const glance_shard_t *shard);

/** Sets the state that the bot reports, which counts as a heartbeat.
 * @return 1 if the shard's state changed, 0 if it had that state already. */
int glance_shard_report(glance_shard_t *shard, glance_state_e state, glance_moment_t now);

/** Records a heartbeat: an unhealthy shard becomes online, whatever it was before.
 * @return 1 if the shard's state changed, 0 if not. */
int glance_shard_heartbeat(glance_shard_t *shard, glance_moment_t now);

/** When the shard becomes unhealthy without another heartbeat, or GLANCE_NO_MOMENT if it never
 * reported or is unhealthy already. @a timeout is in microseconds. */
glance_moment_t glance_shard_deadline(const glance_shard_t *shard, apr_int64_t timeout);

/** Gives a shard that an earlier server left one full timeout from @a now, unless it is unhealthy
 * already. */
void glance_shard_grant_grace(glance_shard_t *shard, glance_moment_t now);

/** Marks the shard unhealthy. */
void glance_shard_mark_unhealthy(glance_shard_t *shard, glance_moment_t now);

#endif
