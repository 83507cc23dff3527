/* snapshot.c: a board, or one cluster of it, copied in pieces.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/snapshot.h"

#include "core/mapping.h"

#define TENTH (APR_USEC_PER_SEC / 10)

static apr_size_t size_of(apr_uint32_t rows)
{
    return sizeof(glance_snapshot_t) + rows * sizeof(glance_row_t);
}

static glance_snapshot_t *make(const glance_board_t *board, apr_uint32_t first, apr_uint32_t count)
{
    glance_snapshot_t *snapshot = glance_mapping_make(size_of(count));

    if (snapshot) {
        snapshot->board = board;
        snapshot->first = first;
        snapshot->count = count;
        snapshot->references = 1;
        pthread_mutex_init(&snapshot->text_mutex, NULL);
    }
    return snapshot;
}

glance_snapshot_t *glance_snapshot_make(const glance_board_t *board)
{
    return make(board, 0, board->shard_count);
}

glance_snapshot_t *glance_snapshot_make_cluster(const glance_board_t *board,
                                                const glance_board_cluster_t *cluster)
{
    return make(board, cluster->first, cluster->shards);
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

void glance_snapshot_begin(glance_snapshot_t *snapshot, apr_time_t wall, glance_moment_t now)
{
    const glance_board_t *board = snapshot->board;

    snapshot->epoch = glance_board_epoch(board);
    snapshot->generation = glance_board_generation(board);
    snapshot->seq = glance_board_latest(board, GLANCE_CHANGE);
    snapshot->heartbeat = glance_board_latest(board, GLANCE_HEARTBEAT);
    snapshot->now = wall;
    snapshot->taken = now;
    snapshot->copied = 0;
}

int glance_snapshot_copy(glance_snapshot_t *snapshot)
{
    const glance_shard_t *shards = snapshot->board->shards + snapshot->first;
    apr_uint32_t left = snapshot->count - snapshot->copied;
    apr_uint32_t end = snapshot->copied + (left < GLANCE_PIECE ? left : GLANCE_PIECE);
    apr_uint32_t i;

    for (i = snapshot->copied; i < end; i++) {
        glance_row_take(&snapshot->rows[i], &shards[i], snapshot->taken);
    }
    snapshot->copied = end;
    return end < snapshot->count;
}

void glance_snapshot_take(glance_snapshot_t *snapshot, apr_time_t wall, glance_moment_t now)
{
    glance_snapshot_begin(snapshot, wall, now);
    while (glance_snapshot_copy(snapshot)) {
        /* the next piece, under the same hold */
    }
}

const glance_row_t *glance_snapshot_rows(const glance_snapshot_t *snapshot,
                                         const glance_board_cluster_t *cluster)
{
    return snapshot->rows + (cluster->first - snapshot->first);
}

glance_counts_t glance_snapshot_count(const glance_snapshot_t *snapshot,
                                      const glance_board_cluster_t *cluster)
{
    const glance_row_t *rows = glance_snapshot_rows(snapshot, cluster);
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
        glance_buffer_release(snapshot->text);
        pthread_mutex_destroy(&snapshot->text_mutex);
        glance_mapping_free(snapshot, size_of(snapshot->count));
    }
}
