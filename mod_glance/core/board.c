/* board.c: reports, heartbeats, the sweep, and what has changed since.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/board.h"

#include <stdlib.h>
#include <string.h>

static void describe(glance_transition_t *was, const glance_board_t *board, apr_uint32_t shard,
                     glance_moment_t now)
{
    was->shard = shard;
    was->from = board->shards[shard].state;
    was->to = was->from;
    was->silent = glance_clock_age(board->shards[shard].last_heartbeat, now);
}

/* The common end of a report and a heartbeat, once the shard's record is written. */
static void finish_write(glance_board_t *board, apr_uint32_t shard, int changed,
                         apr_int64_t timeout)
{
    glance_moment_t deadline = glance_shard_deadline(&board->shards[shard],
                                                     timeout > GLANCE_SWEEP_GRAIN
                                                         ? timeout
                                                         : GLANCE_SWEEP_GRAIN);

    glance_board_set_sequence(board, GLANCE_HEARTBEAT, shard);
    if (changed) {
        glance_board_set_sequence(board, GLANCE_CHANGE, shard);
    }
    if (deadline < board->header->deadline) {
        glance_board_set_deadline(board, deadline);
    }
    glance_board_end_write(board);
}

apr_status_t glance_board_report(glance_board_t *board, apr_uint32_t shard, glance_state_e state,
                                 glance_moment_t now, apr_int64_t timeout, glance_transition_t *was)
{
    int changed;

    if (board->header->superseded) {
        return GLANCE_SUPERSEDED;
    }
    describe(was, board, shard, now);
    glance_board_begin_write(board, shard);
    if (board->shards[shard].reported != state) {
        glance_board_count_revision(board);
    }
    changed = glance_shard_report(&board->shards[shard], state, now);
    finish_write(board, shard, changed, timeout);
    was->to = board->shards[shard].state;
    return APR_SUCCESS;
}

apr_status_t glance_board_heartbeat(glance_board_t *board, apr_uint32_t shard, glance_moment_t now,
                                    apr_int64_t timeout, glance_transition_t *was)
{
    int changed;

    if (board->header->superseded) {
        return GLANCE_SUPERSEDED;
    }
    if (!glance_shard_is_known(&board->shards[shard])) {
        return APR_NOTFOUND;
    }
    describe(was, board, shard, now);
    glance_board_begin_write(board, shard);
    changed = glance_shard_heartbeat(&board->shards[shard], now);
    finish_write(board, shard, changed, timeout);
    was->to = board->shards[shard].state;
    return APR_SUCCESS;
}

static void mark_unhealthy(glance_board_t *board, apr_uint32_t shard, glance_moment_t now,
                           apr_array_header_t *transitions)
{
    if (transitions) {
        glance_transition_t *transition = apr_array_push(transitions);

        describe(transition, board, shard, now);
        transition->to = GLANCE_UNHEALTHY;
    }
    glance_board_begin_write(board, shard);
    glance_shard_mark_unhealthy(&board->shards[shard], now);
    glance_board_set_sequence(board, GLANCE_CHANGE, shard);
    glance_board_end_write(board);
}

void glance_board_sweep(glance_board_t *board, glance_moment_t now, apr_int64_t timeout,
                        apr_array_header_t *transitions)
{
    glance_moment_t next = GLANCE_NO_MOMENT;
    apr_uint32_t i;

    if (board->header->superseded) {
        glance_board_set_deadline(board, GLANCE_NO_MOMENT);
        return;
    }
    for (i = 0; i < board->shard_count; i++) {
        glance_moment_t deadline = glance_shard_deadline(&board->shards[i], timeout);

        if (deadline <= now) {
            mark_unhealthy(board, i, now, transitions);
        }
        else if (deadline < next) {
            next = deadline;
        }
    }
    __atomic_store_n(&board->header->swept, now, __ATOMIC_RELAXED);
    glance_board_set_deadline(board,
                              next < now + GLANCE_SWEEP_GRAIN ? now + GLANCE_SWEEP_GRAIN : next);
}

static apr_status_t push_change(glance_changes_t *changes, apr_uint32_t index,
                                const glance_shard_t *shard)
{
    glance_change_t *change;

    if (changes->count == changes->room) {
        apr_size_t room = changes->room ? changes->room * 2 : BLOCK_SHARDS;
        glance_change_t *list = realloc(changes->list, room * sizeof *list);

        if (!list) {
            return APR_ENOMEM;
        }
        changes->list = list;
        changes->room = room;
    }
    change = &changes->list[changes->count++];
    change->shard = index;
    change->state = (apr_byte_t)glance_shard_state(shard);
    change->recovered = shard->recovered;
    change->heartbeat_is_change = shard->heartbeat_is_change;
    return APR_SUCCESS;
}

static apr_uint32_t block_end(const glance_board_t *board, apr_uint32_t block)
{
    apr_uint32_t end = (block + 1) * BLOCK_SHARDS;

    return end < board->shard_count ? end : board->shard_count;
}

apr_status_t glance_board_since(const glance_board_t *board, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes)
{
    apr_uint32_t block;
    apr_uint32_t i;

    changes->count = 0;
    for (block = 0; block * BLOCK_SHARDS < board->shard_count; block++) {
        if (board->blocks[block].sequences[sequence] <= number) {
            continue;
        }
        for (i = block * BLOCK_SHARDS; i < block_end(board, block); i++) {
            const glance_shard_t *shard = &board->shards[i];

            if (shard->sequences[sequence] > number
                && push_change(changes, i, shard) != APR_SUCCESS) {
                return APR_ENOMEM;
            }
        }
    }
    return APR_SUCCESS;
}

void glance_board_request_notification(glance_board_t *board)
{
    __atomic_store_n(&board->header->notification_requested, 1, __ATOMIC_SEQ_CST);
}

int glance_board_take_request(glance_board_t *board)
{
    /* The load first: it keeps the line shared among cores while nobody waits. */
    return __atomic_load_n(&board->header->notification_requested, __ATOMIC_SEQ_CST)
           && __atomic_exchange_n(&board->header->notification_requested, 0, __ATOMIC_SEQ_CST);
}

void glance_changes_free(glance_changes_t *changes)
{
    free(changes->list);
    memset(changes, 0, sizeof *changes);
}
