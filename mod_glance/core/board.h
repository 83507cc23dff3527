/* board.h: the table of all shards of a server, in one piece of shared memory.
 *
 *   +----------------+  base
 *   | header         |  magic, layout, sizes, epoch, counters, deadline
 *   +----------------+  header.clusters_at
 *   | clusters[]     |  name, first shard, number of shards, in the admin's order
 *   +----------------+  header.blocks_at
 *   | blocks[]       |  one for every 64 shards: their newest change and heartbeat
 *   +----------------+  header.shards_at
 *   | shards[]       |  all clusters' shards, one cluster after the other
 *   +----------------+  base + header.size
 *
 * All places are offsets from the base. A shard is named by its index in shards[].
 *
 * Each change of state takes the next number of one sequence, each heartbeat the next number of
 * another, and the shard's record keeps it. "What changed since N" is a scan of the records, so
 * there is no log that can overflow. The scan skips blocks without changes.
 *
 * The caller of a function marked "locked" holds the lock of the boards. A caller may be killed
 * between any two instructions: so each writer names the record that it changes in
 * `header.writing`, and the next holder of the lock repairs that record.
 *
 * board_layout.c makes and opens a board, board.c changes and reads it, board_repair.c checks and
 * repairs it, and board_migrate.c fills it from another board or the state file.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BOARD_H
#define GLANCE_CORE_BOARD_H

#include "apr_hash.h"
#include "apr_tables.h"

#include "core/clusters.h"
#include "core/shard.h"

/** Another board has replaced this one: bots must write to that. */
#define GLANCE_SUPERSEDED (APR_OS_START_USERERR + 1)

typedef struct glance_board_header_t glance_board_header_t;
typedef struct glance_board_block_t glance_board_block_t;

/** A cluster in the table. */
typedef struct {
    char name[GLANCE_CLUSTER_NAME_MAX + 1];
    apr_uint32_t first; /* index of its shard 0 */
    apr_uint32_t shards;
} glance_board_cluster_t;

/** One process' view of a board. Counts and clusters never change, so they are this process' own
 * copy: reading them needs no lock, and no other process can damage them. */
typedef struct {
    glance_board_header_t *header; /* for what changes only */
    const glance_board_cluster_t *clusters;
    apr_uint32_t cluster_count;
    glance_board_block_t *blocks;
    glance_shard_t *shards;
    apr_uint32_t shard_count;
    apr_hash_t *index; /* cluster name -> glance_board_cluster_t */
} glance_board_t;

/** A shard that has changed or had a heartbeat, as it is now. */
typedef struct {
    apr_uint32_t shard;
    apr_byte_t state;
    apr_byte_t recovered;           /* as in glance_shard_t */
    apr_byte_t heartbeat_is_change; /* as in glance_shard_t */
} glance_change_t;

/** Changes in ascending order of shards. Zero it before the first use; it can be used again. */
typedef struct {
    glance_change_t *list;
    apr_size_t count;
    apr_size_t room;
} glance_changes_t;

/** A shard's change of state, for the log. */
typedef struct {
    apr_uint32_t shard;
    apr_byte_t from;
    apr_byte_t to;
    apr_int64_t silent; /* microseconds since the last heartbeat */
} glance_transition_t;

/** Bytes that a board of these clusters (of glance_cluster_t) takes, or 0 if they are too many. */
apr_size_t glance_board_size(const apr_array_header_t *clusters);

/** Makes a new board at @a base, which has glance_board_size() zeroed bytes.
 * @param epoch tells its sequence numbers from those of other boards. */
void glance_board_init(void *base, const apr_array_header_t *clusters, apr_uint64_t epoch,
                       glance_moment_t now);

/** Makes this process' view of the board at @a base, allocated in @a pool. Whatever other processes
 * write there later, readers stay inside the board.
 * @param size of the memory there, in bytes.
 * @return APR_SUCCESS; APR_EINVAL if it is not a board of this layout and size. */
apr_status_t glance_board_open(glance_board_t **board, void *base, apr_size_t size,
                               apr_pool_t *pool);

/** Whether the board has exactly these clusters (of glance_cluster_t), in this order. */
int glance_board_matches(const glance_board_t *board, const apr_array_header_t *clusters);

/** The cluster of that name, or NULL. Needs no lock. */
const glance_board_cluster_t *glance_board_find(const glance_board_t *board, const char *name,
                                                apr_size_t length);

/** The cluster of the shard with this index. Needs no lock. */
const glance_board_cluster_t *glance_board_cluster_of(const glance_board_t *board,
                                                      apr_uint32_t shard);

/* These need no lock, and return values that were current during the call or later. */
apr_uint64_t glance_board_epoch(const glance_board_t *board);
apr_uint64_t glance_board_latest(const glance_board_t *board, glance_sequence_e sequence);
glance_moment_t glance_board_deadline(const glance_board_t *board);
glance_moment_t glance_board_swept(const glance_board_t *board); /* 0: never */

/** Counts changes of a state or of what a bot last reported, so of all that the state file holds.
 * Needs no lock: a copy of the board made after this call has every change that is counted. */
apr_uint64_t glance_board_revision(const glance_board_t *board);

/** Locked: sets a shard's state as its bot reports it.
 * @param timeout in microseconds, as always.
 * @param was receives the transition, on success.
 * @return APR_SUCCESS or GLANCE_SUPERSEDED. */
apr_status_t glance_board_report(glance_board_t *board, apr_uint32_t shard, glance_state_e state,
                                 glance_moment_t now, apr_int64_t timeout,
                                 glance_transition_t *was);

/** Locked: records a heartbeat.
 * @return APR_SUCCESS; APR_NOTFOUND if the shard has not reported a status yet;
 * GLANCE_SUPERSEDED. */
apr_status_t glance_board_heartbeat(glance_board_t *board, apr_uint32_t shard, glance_moment_t now,
                                    apr_int64_t timeout, glance_transition_t *was);

/** The least time between two sweeps, in microseconds. If bots push more rarely than the timeout,
 * each shard becomes unhealthy once a period: without a limit, each of these many deadlines would
 * cost a scan. */
#define GLANCE_SWEEP_GRAIN 200000

/** Locked: marks every shard unhealthy whose last heartbeat is @a timeout or longer ago, and finds
 * the next deadline, at least GLANCE_SWEEP_GRAIN from now.
 * @param transitions (of glance_transition_t) receives them; may be NULL. */
void glance_board_sweep(glance_board_t *board, glance_moment_t now, apr_int64_t timeout,
                        apr_array_header_t *transitions);

/** Makes a sweep due at once: after a change of the timeout. */
void glance_board_expect_sweep(glance_board_t *board);

/** Locked: all shards whose last change or heartbeat has a higher number, as they are now.
 * @return APR_SUCCESS or APR_ENOMEM. */
apr_status_t glance_board_since(const glance_board_t *board, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes);

/** Locked: copies the shards of @a from that fit by cluster name and id, as new changes of this
 * board, and marks @a from as superseded. */
void glance_board_migrate(glance_board_t *board, glance_board_t *from);

/** Locked: marks the board as superseded. */
void glance_board_close(glance_board_t *board);

/** Locked: sets a shard as the state file has it, with a heartbeat at @a now. */
void glance_board_restore(glance_board_t *board, apr_uint32_t shard, glance_state_e state,
                          glance_state_e reported, glance_moment_t now);

/** Locked: continues a sequence of which viewers know numbers up to @a latest, 1 or more. The order
 * of the earlier changes is lost, so each shard that ever changed counts as changed last. */
void glance_board_restore_sequence(glance_board_t *board, apr_uint64_t latest);

/** Whether a writer was killed inside a record: then glance_board_repair() must come first. */
int glance_board_is_dirty(const glance_board_t *board);

/** Locked: repairs the record that a killed writer may have left half written. It counts as changed
 * now, so that every reader gets it again. */
void glance_board_repair(glance_board_t *board);

/** Locked: looks for anything that no sequence of calls can produce; for tests.
 * @return NULL, or a sentence that names it. */
const char *glance_board_validate(const glance_board_t *board);

/** Locked: makes a board usable again whose processes have all died: repairs and checks it, and
 * gives each shard one timeout of grace from @a now.
 * @return NULL, or a sentence that says why it cannot be used. */
const char *glance_board_adopt(glance_board_t *board, glance_moment_t now);

/** Requests a notification of the next change of state. Needs no lock: call this before the last
 * look at the sequence number, then sleep. */
void glance_board_request_notification(glance_board_t *board);

/** Whether a notification was requested since the last call. */
int glance_board_take_request(glance_board_t *board);

/** Frees the memory of the changes. */
void glance_changes_free(glance_changes_t *changes);

#endif
