/* board_migrate.c: shards that come from another board or from the state file.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/board_migrate.h"

#include <string.h>

static void migrate_cluster(glance_board_t *board, const glance_board_cluster_t *to,
                            const glance_board_t *from, const glance_board_cluster_t *source)
{
    apr_uint32_t shards = to->shards < source->shards ? to->shards : source->shards;
    apr_uint32_t i;

    for (i = 0; i < shards; i++) {
        glance_shard_t *shard = &board->shards[to->first + i];
        int sequence;

        *shard = from->shards[source->first + i];
        glance_shard_repair(shard);
        for (sequence = 0; sequence < GLANCE_SEQUENCES; sequence++) {
            if (shard->sequences[sequence]) {
                glance_board_set_sequence(board, (glance_sequence_e)sequence, to->first + i);
            }
        }
    }
}

void glance_board_migrate(glance_board_t *board, glance_board_t *from)
{
    apr_uint32_t i;

    for (i = 0; i < board->cluster_count; i++) {
        const glance_board_cluster_t *to = &board->clusters[i];
        const glance_board_cluster_t *source = glance_board_find(from, to->name, strlen(to->name));

        if (source) {
            migrate_cluster(board, to, from, source);
        }
    }
    glance_board_follow(board, from->header->generation);
    glance_board_expect_sweep(board);
    glance_board_close(from);
}

void glance_board_close(glance_board_t *board)
{
    board->header->superseded = 1;
}

void glance_board_follow(glance_board_t *board, apr_uint64_t generation)
{
    board->header->generation = generation + 1;
}

void glance_board_restore(glance_board_t *board, apr_uint32_t shard, glance_state_e state,
                          glance_state_e reported, glance_moment_t now)
{
    glance_board_begin_write(board, shard);
    glance_shard_restore(&board->shards[shard], state, reported, now);
    /* An unknown shard counts as changed too: viewers may have seen it in another state. */
    glance_board_set_sequence(board, GLANCE_CHANGE, shard);
    glance_board_set_sequence(board, GLANCE_HEARTBEAT, shard);
    glance_board_expect_sweep(board);
    glance_board_end_write(board);
}

void glance_board_restore_sequence(glance_board_t *board, apr_uint64_t epoch, apr_uint64_t latest)
{
    apr_uint32_t i;

    board->header->previous_epoch = epoch;
    board->header->previous_latest = latest;
    board->header->has_previous = 1;
    if (!latest) {
        return;
    }
    for (i = 0; i < board->shard_count; i++) {
        if (board->shards[i].sequences[GLANCE_CHANGE]) {
            board->header->latest[GLANCE_CHANGE] = latest - 1;
            glance_board_set_sequence(board, GLANCE_CHANGE, i);
        }
    }
    board->header->latest[GLANCE_CHANGE] = latest;
}
