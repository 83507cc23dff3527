/* snapshot.h: a board at one moment, copied under the lock, read without it.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SNAPSHOT_H
#define GLANCE_CORE_SNAPSHOT_H

#include "apr_time.h"

#include "core/board.h"

/** One shard, in 12 bytes: bots wait while a million of them are copied. */
typedef struct {
    apr_uint32_t silent; /* tenths of a second since the last heartbeat */
    apr_uint32_t since;  /* tenths of a second in this state */
    apr_byte_t state;
    apr_byte_t reported; /* GLANCE_NEVER: then `silent` means nothing */
} glance_row_t;

/** Not written any more once it is taken. References are counted. */
typedef struct {
    const glance_board_t *board; /* for the names and places of the clusters */
    apr_uint64_t epoch;
    apr_uint64_t generation;
    apr_uint64_t seq;       /* covers every change up to this one */
    apr_uint64_t heartbeat; /* and every heartbeat up to this one */
    apr_time_t now;         /* wall clock */
    glance_moment_t taken;  /* the same moment on the monotonic clock */
    apr_uint32_t references;
    glance_row_t rows[]; /* board->shard_count of them */
} glance_snapshot_t;

/** Shards per state. */
typedef struct {
    apr_uint32_t of[GLANCE_STATES];
} glance_counts_t;

/** An empty snapshot with one reference, or NULL if there is no memory. Make it before the lock is
 * taken. The board must outlive it. */
glance_snapshot_t *glance_snapshot_make(const glance_board_t *board);

/** Locked: copies the board. @a wall and @a now are the same moment on two clocks. */
void glance_snapshot_take(glance_snapshot_t *snapshot, apr_time_t wall, glance_moment_t now);

/** Locked: copies one shard. */
void glance_row_take(glance_row_t *row, const glance_shard_t *shard, glance_moment_t now);

/** Counts the shards of one cluster. */
glance_counts_t glance_snapshot_count(const glance_snapshot_t *snapshot,
                                      const glance_board_cluster_t *cluster);

/** One more reference; returns @a snapshot. */
glance_snapshot_t *glance_snapshot_ref(glance_snapshot_t *snapshot);

/** One reference less; the last one frees it. @a snapshot may be NULL. */
void glance_snapshot_release(glance_snapshot_t *snapshot);

#endif
