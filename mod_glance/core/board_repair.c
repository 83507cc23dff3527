/* board_repair.c: boards whose writers were killed.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/board_repair.h"

#define COUNTER_MAX (APR_UINT64_MAX / 4)
#define COUNTER_MAX_ADOPTED (COUNTER_MAX / 2) /* an adopted board goes on counting */

int glance_board_is_dirty(const glance_board_t *board)
{
    return __atomic_load_n(&board->header->writing, __ATOMIC_SEQ_CST) != NOT_WRITING;
}

void glance_board_repair(glance_board_t *board)
{
    apr_uint32_t dirty = __atomic_load_n(&board->header->writing, __ATOMIC_SEQ_CST) - 1;

    if (dirty < board->shard_count) {
        /* The counters are stored last, so the record may be ahead of them by one: this gives it
         * that number again. */
        glance_board_set_sequence(board, GLANCE_CHANGE, dirty);
        glance_board_set_sequence(board, GLANCE_HEARTBEAT, dirty);
        glance_board_expect_sweep(board);
    }
    glance_board_end_write(board);
}

static const char *validate_shard(const glance_board_t *board, apr_uint32_t i)
{
    const glance_shard_t *shard = &board->shards[i];
    const glance_board_block_t *block = &board->blocks[i / BLOCK_SHARDS];
    int sequence;

    if (shard->state >= GLANCE_STATES) {
        return "a shard has an invalid state";
    }
    if (shard->reported >= GLANCE_STATES && shard->reported != GLANCE_NEVER) {
        return "a shard has an invalid report";
    }
    for (sequence = 0; sequence < GLANCE_SEQUENCES; sequence++) {
        if (shard->sequences[sequence] > board->header->latest[sequence]) {
            return "a shard has a higher number than the board";
        }
        if (shard->sequences[sequence] > block->sequences[sequence]) {
            return "a shard has a higher number than its block";
        }
    }
    return NULL;
}

static const char *validate(const glance_board_t *board, apr_uint64_t counter_max)
{
    const char *fault;
    apr_uint32_t i;

    if (!glance_board_header_fits(board->header, (apr_size_t)board->header->size)) {
        return "the header is invalid";
    }
    if (glance_board_is_dirty(board)) {
        return "a writer has not finished";
    }
    if (board->header->latest[GLANCE_CHANGE] > counter_max
        || board->header->latest[GLANCE_HEARTBEAT] > counter_max
        || board->header->generation > counter_max) {
        return "a counter is impossibly high";
    }
    fault = glance_board_validate_clusters(board);
    for (i = 0; i < board->shard_count && !fault; i++) {
        fault = validate_shard(board, i);
    }
    return fault;
}

const char *glance_board_validate(const glance_board_t *board)
{
    return validate(board, COUNTER_MAX);
}

const char *glance_board_adopt(glance_board_t *board, glance_moment_t now)
{
    const char *fault;
    apr_uint32_t i;

    glance_board_repair(board);
    fault = validate(board, COUNTER_MAX_ADOPTED);
    if (fault) {
        return fault;
    }
    for (i = 0; i < board->shard_count; i++) {
        glance_shard_grant_grace(&board->shards[i], now);
    }
    board->header->superseded = 0;
    board->header->swept = 0;
    glance_board_expect_sweep(board);
    return NULL;
}
