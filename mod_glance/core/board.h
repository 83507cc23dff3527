/* board.h: the table of all shards of a server, laid out over one piece of shared memory.
 *
 *   +----------------+  base
 *   | header         |  magic, layout, sizes, epoch, counters, deadline
 *   +----------------+  header.clusters_at
 *   | clusters[]     |  name, first shard, number of shards, in the admin's order
 *   +----------------+  header.blocks_at
 *   | blocks[]       |  one for every 64 shards: the newest change and beat among them
 *   +----------------+  header.shards_at
 *   | shards[]       |  all clusters' shards, one cluster after the other
 *   +----------------+  base + header.size
 *
 * Every place is an offset from the base; a shard is named by its index in shards[].
 *
 * A change of state draws the next number of one sequence, a sign of life the next one of another,
 * and leaves it in the shard's record. "What changed since N" is then a scan, with no log to
 * overflow; the blocks let the scan pass over what rests.
 *
 * Whoever calls a function marked "locked" holds the board's lock. A caller may be killed between
 * any two instructions: each writer therefore names the record it is about to touch in
 * `header.writing`, and the next holder of the lock mends that one record.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BOARD_H
#define GLANCE_CORE_BOARD_H

#include "apr_hash.h"
#include "apr_tables.h"

#include "core/clusters.h"
#include "core/shard.h"

/** The board has been succeeded by another one: its bots must write to that. */
#define GLANCE_SUPERSEDED (APR_OS_START_USERERR + 1)

typedef struct glance_board_header_t glance_board_header_t;
typedef struct glance_board_block_t glance_board_block_t;

/** A cluster's place in the table. */
typedef struct {
    char name[GLANCE_CLUSTER_NAME_MAX + 1];
    apr_uint32_t first; /* index of its shard 0 */
    apr_uint32_t shards;
} glance_board_cluster_t;

/** One process' view of a board. Counts and clusters never change, so they are this process' own
 * copy: reading them needs no lock, and they stay sound whatever another process does. */
typedef struct {
    glance_board_header_t *header; /* only for what does change */
    const glance_board_cluster_t *clusters;
    apr_uint32_t cluster_count;
    glance_board_block_t *blocks;
    glance_shard_t *shards;
    apr_uint32_t shard_count;
    apr_hash_t *index; /* cluster name -> glance_board_cluster_t */
} glance_board_t;

/** A shard of which there is something to tell, as it is now. */
typedef struct {
    apr_uint32_t shard;
    apr_byte_t state;
    apr_byte_t revived;         /* as in glance_shard_t */
    apr_byte_t spoke_by_change; /* as well */
} glance_change_t;

/** Changes in ascending order of shards. Zeroed before its first use; reused as it is. */
typedef struct {
    glance_change_t *list;
    apr_size_t count;
    apr_size_t room;
} glance_changes_t;

/** A move of a shard that is worth a line in the log. */
typedef struct {
    apr_uint32_t shard;
    apr_byte_t from;
    apr_byte_t to;
    apr_int64_t silent; /* microseconds */
} glance_transition_t;

/** Bytes that a board of these clusters (of glance_cluster_t) takes, or 0 if they are too many. */
apr_size_t glance_board_size(const apr_array_header_t *clusters);

/** Lays a new board out over @a base, which has glance_board_size() zeroed bytes.
 * @param epoch tells its sequence numbers from those of other boards. */
void glance_board_init(void *base, const apr_array_header_t *clusters, apr_uint64_t epoch,
                       glance_moment_t now);

/** Makes this process' view of the board at @a base, allocated in @a pool. From then on, nothing
 * that is written there can lead a reader out of it.
 * @param size of the memory there, in bytes.
 * @return APR_SUCCESS; APR_EINVAL if what lies there is not a board of this layout and size. */
apr_status_t glance_board_open(glance_board_t **board, void *base, apr_size_t size,
                               apr_pool_t *pool);

/** Whether the board has just these clusters (of glance_cluster_t), in this order. */
int glance_board_matches(const glance_board_t *board, const apr_array_header_t *clusters);

/** The cluster of that name, or NULL. Needs no lock. */
const glance_board_cluster_t *glance_board_find(const glance_board_t *board, const char *name,
                                                apr_size_t length);

/** The cluster that a shard, named by its index, belongs to. Needs no lock. */
const glance_board_cluster_t *glance_board_cluster_of(const glance_board_t *board,
                                                      apr_uint32_t shard);

/** These numbers may be read without the lock, and are then at least as old as the call. */
apr_uint64_t glance_board_epoch(const glance_board_t *board);
apr_uint64_t glance_board_latest(const glance_board_t *board, glance_sequence_e sequence);
glance_moment_t glance_board_deadline(const glance_board_t *board);
glance_moment_t glance_board_swept(const glance_board_t *board); /* 0: never */

/** Locked: sets a shard's state as its bot reports it. @a timeout is in microseconds, as always.
 * @param was receives what the shard was before, on success.
 * @return APR_SUCCESS or GLANCE_SUPERSEDED. */
apr_status_t glance_board_report(glance_board_t *board, apr_uint32_t shard, glance_state_e state,
                                 glance_moment_t now, apr_int64_t timeout,
                                 glance_transition_t *was);

/** Locked: takes a sign of life.
 * @return APR_SUCCESS; APR_NOTFOUND if the shard has not reported a status yet;
 * GLANCE_SUPERSEDED. */
apr_status_t glance_board_heartbeat(glance_board_t *board, apr_uint32_t shard, glance_moment_t now,
                                    apr_int64_t timeout, glance_transition_t *was);

/** The least time between two sweeps, in microseconds. Where bots push more rarely than the
 * timeout, each shard falls silent once a period: many deadlines a second, and each would be a
 * scan. */
#define GLANCE_SWEEP_GRAIN 200000

/** Locked: calls every shard unhealthy that has been silent for @a timeout or longer, and finds
 * the next deadline, which is at least GLANCE_SWEEP_GRAIN away.
 * @param transitions (of glance_transition_t) receives what it did; may be NULL. */
void glance_board_sweep(glance_board_t *board, glance_moment_t now, apr_int64_t timeout,
                        apr_array_header_t *transitions);

/** Makes the next look at the deadline sweep: after a change of the timeout. */
void glance_board_expect_sweep(glance_board_t *board);

/** Locked: all shards whose last change (or beat) came after that number, as they are now.
 * @return APR_SUCCESS or APR_ENOMEM. */
apr_status_t glance_board_since(const glance_board_t *board, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes);

/** Locked: takes over from @a from what still fits by cluster name and id, as unseen changes of
 * this board, and marks @a from as superseded, so that late writers to it are told. */
void glance_board_migrate(glance_board_t *board, glance_board_t *from);

/** Locked: marks the board as superseded by none. */
void glance_board_close(glance_board_t *board);

/** Whether a writer died half way; then glance_board_repair() is due before anything else. */
int glance_board_is_dirty(const glance_board_t *board);

/** Locked: mends the one record a killed writer may have left half written: it counts as changed
 * just now, so that every reader hears of it again. */
void glance_board_repair(glance_board_t *board);

/** Locked: looks for anything that no sequence of calls can have made; for tests.
 * @return NULL, or a sentence that names it. */
const char *glance_board_validate(const glance_board_t *board);

/** Locked: makes a board usable again whose processes have all died: mends and checks it, and gives
 * each shard one timeout of grace from @a now on.
 * @return NULL, or a sentence that names why it cannot be used. */
const char *glance_board_adopt(glance_board_t *board, glance_moment_t now);

/** Locked: goes on with a sequence of which viewers know numbers up to @a latest, 1 or more. As
 * nobody knows any more what changed when, each shard that ever changed counts as changed last. */
void glance_board_restore_sequence(glance_board_t *board, apr_uint64_t latest);

/** Asks that the next change of state be announced to those who sleep. Needs no lock: whoever
 * is about to sleep calls this and then looks at the sequence number once more. */
void glance_board_request_notification(glance_board_t *board);

/** Whether somebody asked since the last call. */
int glance_board_take_request(glance_board_t *board);

/** Frees what the changes hold. */
void glance_changes_free(glance_changes_t *changes);

#endif
