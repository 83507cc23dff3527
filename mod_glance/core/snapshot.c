/* snapshot.c: a board at one moment.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/snapshot.h"

#include <stdlib.h>

#define TENTH (APR_USEC_PER_SEC / 10)

glance_snapshot_t *glance_snapshot_make(const glance_board_t *board)
{
    glance_snapshot_t *snapshot = calloc(1, sizeof *snapshot
                                                + board->shard_count * sizeof(glance_row_t));

    if (snapshot) {
        snapshot->board = board;
        snapshot->references = 1;
    }
    return snapshot;
}

static apr_uint32_t tenths(glance_moment_t since, glance_moment_t now)
{
    apr_int64_t age = glance_clock_age(since, now) / TENTH;

    return age > APR_UINT32_MAX ? APR_UINT32_MAX : (apr_uint32_t)age;
}

void glance_row_take(glance_row_t *row, const glance_shard_t *shard, glance_moment_t now)
{
    row->silent = tenths(shard->last_heartbeat, now);
    row->since = tenths(shard->since, now);
    row->reported = glance_shard_reported(shard);
    /* The state must fit the copied report, or the next start takes the state file for damaged:
     * any process can write to the shard between the two reads. */
    row->state = row->reported == GLANCE_NEVER ? GLANCE_UNKNOWN
                                               : (apr_byte_t)glance_shard_state(shard);
}

void glance_snapshot_take(glance_snapshot_t *snapshot, apr_time_t wall, glance_moment_t now)
{
    const glance_board_t *board = snapshot->board;
    apr_uint32_t i;

    snapshot->epoch = glance_board_epoch(board);
    snapshot->generation = glance_board_generation(board);
    snapshot->seq = glance_board_latest(board, GLANCE_CHANGE);
    snapshot->heartbeat = glance_board_latest(board, GLANCE_HEARTBEAT);
    snapshot->now = wall;
    snapshot->taken = now;
    for (i = 0; i < board->shard_count; i++) {
        glance_row_take(&snapshot->rows[i], &board->shards[i], now);
    }
}

glance_counts_t glance_snapshot_count(const glance_snapshot_t *snapshot,
                                      const glance_board_cluster_t *cluster)
{
    const glance_row_t *rows = snapshot->rows + cluster->first;
    glance_counts_t counts = {{0}};
    apr_uint32_t i;

    for (i = 0; i < cluster->shards; i++) {
        counts.of[rows[i].state]++;
    }
    return counts;
}

glance_snapshot_t *glance_snapshot_ref(glance_snapshot_t *snapshot)
{
    __atomic_add_fetch(&snapshot->references, 1, __ATOMIC_RELAXED);
    return snapshot;
}

void glance_snapshot_release(glance_snapshot_t *snapshot)
{
    if (snapshot && __atomic_sub_fetch(&snapshot->references, 1, __ATOMIC_ACQ_REL) == 0) {
        free(snapshot);
    }
}
