/* shard.h: one shard of a bot: its record, its states, how it moves between them.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SHARD_H
#define GLANCE_CORE_SHARD_H

#include "core/clock.h"

/** The states of the HTTP contract, by their numbers there. */
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

/** What the board counts, each with a sequence of numbers of its own. */
typedef enum {
    GLANCE_CHANGE,   /* a change of state */
    GLANCE_HEARTBEAT /* a sign of life */
} glance_sequence_e;

#define GLANCE_SEQUENCES 2

/** What the board keeps of one shard. Lies in shared memory: no pointers. */
typedef struct {
    apr_uint64_t
        sequences[GLANCE_SEQUENCES]; /* the numbers of its last change and beat, 0: none yet */
    glance_moment_t seen;            /* the last sign of life */
    glance_moment_t since;           /* when it entered its state */
    apr_byte_t state;                /* what people are shown: a glance_state_e */
    apr_byte_t reported;             /* what its bot last said: a glance_state_e or GLANCE_NEVER */
    apr_byte_t revived;              /* a sign of life brought it into its state */
    apr_byte_t spoke_by_change; /* its last sign of life changed its state: told of, with that */
} glance_shard_t;

/** The lower-case English name of a state, or "invalid" for a number that is none. */
const char *glance_state_name(int state);

/** Its state, of whatever bytes lie there: any process of the server can write to shared memory,
 * and nobody may trip over that. A shard that never reported is unknown. */
glance_state_e glance_shard_state(const glance_shard_t *shard);

/** What its bot last reported, a glance_state_e or GLANCE_NEVER; likewise. */
apr_byte_t glance_shard_reported(const glance_shard_t *shard);

/** Makes the record one that calls of these functions can have made, with the same state and
 * report. */
void glance_shard_repair(glance_shard_t *shard);

/** Makes a shard that has never reported, unknown since @a now. */
void glance_shard_init(glance_shard_t *shard, glance_moment_t now);

/** Whether the bot has reported a status for this shard yet. */
int glance_shard_is_known(const glance_shard_t *shard);

/** Takes a status that the bot reports, which is a sign of life too.
 * @return 1 if the shard's state changed, 0 if it had that state already. */
int glance_shard_report(glance_shard_t *shard, glance_state_e state, glance_moment_t now);

/** Takes a sign of life: an unhealthy shard becomes online, whatever it was before.
 * @return 1 if the shard's state changed, 0 if not. */
int glance_shard_heartbeat(glance_shard_t *shard, glance_moment_t now);

/** When the shard is to be called unhealthy unless it speaks, or GLANCE_NO_MOMENT for one that
 * never reported or is unhealthy already. @a timeout is in microseconds. */
glance_moment_t glance_shard_deadline(const glance_shard_t *shard, apr_int64_t timeout);

/** Takes up a shard of which an earlier server knew: unless it is unhealthy already, it has from
 * @a now on one timeout to give a sign of life. */
void glance_shard_grant_grace(glance_shard_t *shard, glance_moment_t now);

/** Calls the shard unhealthy, for it has been silent too long. */
void glance_shard_mark_unhealthy(glance_shard_t *shard, glance_moment_t now);

#endif
