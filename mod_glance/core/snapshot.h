/* snapshot.h: a board, or one cluster of it, copied under the lock and read without it.
 *
 * A large copy is made in pieces, with the lock released between them, so that bots need not wait
 * for all of it. The rule for its numbers: `seq` and `heartbeat` are read under the first hold of
 * the lock. So the copy has every change up to `seq`, and it may have some that came later. That
 * keeps an id or an ETag made of `seq` honest:
 * - A viewer that got the copy asks for what came after `seq`. It gets the later changes again,
 *   with the state of that moment, so it ends with the same states.
 * - An ETag of `seq` answers 304 only while the board is still at `seq`. Then no later change
 *   exists, and the copy had none of any.
 * A writer that is killed between two pieces leaves a record to repair. The repair gives the record
 * a new number, so it counts as a later change.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SNAPSHOT_H
#define GLANCE_CORE_SNAPSHOT_H

#include <pthread.h>

#include "apr_time.h"

#include "core/board.h"
#include "core/buffer.h"

/** One shard. It takes only 12 bytes, since bots wait while a million of them are copied. */
typedef struct {
    apr_uint32_t silent; /* tenths of a second since the last heartbeat */
    apr_uint32_t since;  /* tenths of a second in this state */
    apr_byte_t state;
    apr_byte_t reported; /* GLANCE_NEVER: then `silent` means nothing */
} glance_row_t;

/** It does not change once it is taken. References are counted. */
typedef struct {
    const glance_board_t *board; /* for the names and places of the clusters */
    apr_uint32_t first;          /* index of the first shard in rows[] */
    apr_uint32_t count;          /* of rows */
    apr_uint32_t copied;         /* rows that have been copied so far */
    apr_uint64_t epoch;
    apr_uint64_t generation;
    apr_uint64_t seq;       /* covers every change up to this one */
    apr_uint64_t heartbeat; /* and every heartbeat up to this one */
    apr_time_t now;         /* wall clock */
    glance_moment_t taken;  /* the same moment on the monotonic clock */
    apr_uint32_t references;
    pthread_mutex_t text_mutex;
    glance_buffer_t *text; /* what plain.c makes of it, NULL: not yet */
    glance_row_t rows[];   /* glance_snapshot_rows() finds those of a cluster */
} glance_snapshot_t;

/** Shards per state. */
typedef struct {
    apr_uint32_t of[GLANCE_STATES];
} glance_counts_t;

/** An empty snapshot of all clusters with one reference, or NULL if there is no memory. Make it
 * before the lock is taken. The board must outlive it. */
glance_snapshot_t *glance_snapshot_make(const glance_board_t *board);

/** The same of one cluster. */
glance_snapshot_t *glance_snapshot_make_cluster(const glance_board_t *board,
                                                const glance_board_cluster_t *cluster);

/** Locked: reads the numbers that the copy covers. glance_snapshot_copy() follows, under the same
 * hold. @a wall and @a now are the same moment on two clocks. */
void glance_snapshot_begin(glance_snapshot_t *snapshot, apr_time_t wall, glance_moment_t now);

/** Locked: copies the next piece, of at most GLANCE_PIECE shards. The lock may be released between
 * two pieces. @return 1 if there is more to copy, 0 if that was the last piece. */
int glance_snapshot_copy(glance_snapshot_t *snapshot);

/** Locked: copies all of it under one hold, so that it is the board of one moment. */
void glance_snapshot_take(glance_snapshot_t *snapshot, apr_time_t wall, glance_moment_t now);

/** Locked: copies one shard. */
void glance_row_take(glance_row_t *row, const glance_shard_t *shard, glance_moment_t now);

/** The rows of one cluster, which the snapshot has. */
const glance_row_t *glance_snapshot_rows(const glance_snapshot_t *snapshot,
                                         const glance_board_cluster_t *cluster);

/** Counts the shards of one cluster. */
glance_counts_t glance_snapshot_count(const glance_snapshot_t *snapshot,
                                      const glance_board_cluster_t *cluster);

/** Adds a reference. @return @a snapshot. */
glance_snapshot_t *glance_snapshot_ref(glance_snapshot_t *snapshot);

/** Drops a reference. The last one frees the snapshot. @a snapshot may be NULL. */
void glance_snapshot_release(glance_snapshot_t *snapshot);

#endif
