/* board_layout.h: the table of all shards of a server, in one piece of shared memory: its parts,
 * and how a process makes it and opens it.
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
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BOARD_LAYOUT_H
#define GLANCE_CORE_BOARD_LAYOUT_H

#include "apr_hash.h"
#include "apr_tables.h"

#include "core/clusters.h"
#include "core/shard.h"

/* Only board*.c use header and blocks. */

#define BLOCK_SHARDS 64
#define NOT_WRITING 0 /* in header.writing; otherwise the index of a shard plus one */

typedef struct {
    apr_uint64_t magic;
    apr_uint64_t size;
    apr_uint64_t clusters_at;
    apr_uint64_t blocks_at;
    apr_uint64_t shards_at;
    apr_uint32_t cluster_count;
    apr_uint32_t shard_count;
    apr_uint64_t epoch;
    apr_uint64_t generation; /* higher than that of the board whose states it took over */
    apr_uint64_t previous_epoch;
    apr_uint64_t previous_latest; /* its ids up to this number resume here */
    apr_uint64_t latest[GLANCE_SEQUENCES];
    apr_uint64_t revision;    /* counts changes of a state or a report */
    glance_moment_t deadline; /* no shard is due before */
    glance_moment_t swept;    /* the last sweep, 0: none yet */
    apr_uint32_t writing;
    apr_uint32_t superseded;
    apr_uint32_t notification_requested;
    apr_uint32_t has_previous; /* there is a previous epoch */
} glance_board_header_t;

typedef struct {
    apr_uint64_t sequences[GLANCE_SEQUENCES]; /* the newest among its shards */
} glance_board_block_t;

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
apr_uint64_t glance_board_generation(const glance_board_t *board);
glance_moment_t glance_board_deadline(const glance_board_t *board);
glance_moment_t glance_board_swept(const glance_board_t *board); /* 0: never */

/** Counts changes of a state or of what a bot last reported, so of all that the state file holds.
 * Needs no lock: a copy of the board made after this call has every change that is counted. */
apr_uint64_t glance_board_revision(const glance_board_t *board);

/** Whether a client that knows all changes up to this number of this epoch can resume: in the
 * board's own epoch, or in the one that the state file ended with. Needs no lock. */
int glance_board_can_resume(const glance_board_t *board, apr_uint64_t epoch, apr_uint64_t number);

/** Makes a sweep due at once: after a change of the timeout. */
void glance_board_expect_sweep(glance_board_t *board);

/** Whether the header has this layout and size, so that no offset leads out of the memory. */
int glance_board_header_fits(const glance_board_header_t *header, apr_size_t size);

/** @return NULL, or a sentence that names what is wrong with the table of clusters. */
const char *glance_board_validate_clusters(const glance_board_t *board);

/* Steps of a change, for board*.c. They need the lock. */

/** Names the record that is about to change, so that the next holder of the lock can repair it. */
void glance_board_begin_write(glance_board_t *board, apr_uint32_t shard);
void glance_board_end_write(glance_board_t *board);

/** Counts a change of a report that changes no state. */
void glance_board_count_revision(glance_board_t *board);

void glance_board_set_deadline(glance_board_t *board, glance_moment_t deadline);

/** Gives the shard the next number of a sequence. */
void glance_board_set_sequence(glance_board_t *board, glance_sequence_e sequence,
                               apr_uint32_t shard);

#endif
