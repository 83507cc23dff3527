/* board.c: reports, heartbeats, the sweep, and what has changed since.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/board.h"

#include <string.h>

#include "core/mapping.h"

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

void glance_board_sweep_begin(glance_board_sweep_t *sweep, glance_board_t *board,
                              glance_moment_t now, apr_int64_t timeout)
{
    memset(sweep, 0, sizeof *sweep);
    sweep->now = now;
    sweep->timeout = timeout;
    sweep->next = GLANCE_NO_MOMENT;
    sweep->heartbeats = glance_board_latest(board, GLANCE_HEARTBEAT);
    glance_board_set_deadline(board, now + GLANCE_SWEEP_GRAIN);
}

/* Sweeps the shards from @a first to before @a end. Returns the earliest deadline that is left. */
static glance_moment_t sweep_shards(glance_board_t *board, apr_uint32_t first, apr_uint32_t end,
                                    glance_moment_t now, apr_int64_t timeout,
                                    apr_array_header_t *transitions)
{
    glance_moment_t next = GLANCE_NO_MOMENT;
    apr_uint32_t i;

    for (i = first; i < end; i++) {
        glance_moment_t deadline = glance_shard_deadline(&board->shards[i], timeout);

        if (deadline <= now) {
            mark_unhealthy(board, i, now, transitions);
        }
        else if (deadline < next) {
            next = deadline;
        }
    }
    return next;
}

/* A shard that was written after its piece is due at the earliest one timeout after the beginning.
 * A deadline that is now earlier than the one set there comes from a writer, from another sweep, or
 * from somebody who expects one. */
static void end_sweep(const glance_board_sweep_t *sweep, glance_board_t *board)
{
    glance_moment_t earliest = sweep->now + GLANCE_SWEEP_GRAIN;
    glance_moment_t lowered = glance_board_deadline(board);
    glance_moment_t next = sweep->next;

    if (glance_board_latest(board, GLANCE_HEARTBEAT) != sweep->heartbeats) {
        glance_moment_t written = glance_clock_after(sweep->now, sweep->timeout);

        next = written < next ? written : next;
    }
    next = next < earliest ? earliest : next;
    __atomic_store_n(&board->header->swept, sweep->now, __ATOMIC_RELAXED);
    glance_board_set_deadline(board, lowered < earliest ? lowered : next);
}

int glance_board_sweep_piece(glance_board_sweep_t *sweep, glance_board_t *board,
                             apr_array_header_t *transitions)
{
    apr_uint32_t left = board->shard_count - sweep->at;
    apr_uint32_t end = sweep->at + (left < GLANCE_PIECE ? left : GLANCE_PIECE);
    glance_moment_t next;

    if (board->header->superseded) {
        glance_board_set_deadline(board, GLANCE_NO_MOMENT);
        return 0;
    }
    next = sweep_shards(board, sweep->at, end, sweep->now, sweep->timeout, transitions);
    sweep->next = next < sweep->next ? next : sweep->next;
    sweep->at = end;
    if (sweep->at < board->shard_count) {
        return 1;
    }
    end_sweep(sweep, board);
    return 0;
}

void glance_board_sweep(glance_board_t *board, glance_moment_t now, apr_int64_t timeout,
                        apr_array_header_t *transitions)
{
    glance_board_sweep_t sweep;

    glance_board_sweep_begin(&sweep, board, now, timeout);
    while (glance_board_sweep_piece(&sweep, board, transitions)) {
        /* the next piece, under the same hold */
    }
}

static apr_status_t push_change(glance_changes_t *changes, apr_uint32_t index,
                                const glance_shard_t *shard)
{
    glance_change_t *change;

    if (changes->count == changes->room) {
        apr_size_t room = changes->room ? changes->room * 2 : BLOCK_SHARDS;
        glance_change_t *list = glance_mapping_resize(changes->list, changes->room * sizeof *list,
                                                      room * sizeof *list);

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

static apr_status_t add_block(const glance_board_t *board, glance_sequence_e sequence,
                              apr_uint64_t number, glance_changes_t *changes, apr_uint32_t block)
{
    apr_uint32_t i;

    for (i = block * BLOCK_SHARDS; i < block_end(board, block); i++) {
        const glance_shard_t *shard = &board->shards[i];

        if (shard->sequences[sequence] > number && push_change(changes, i, shard) != APR_SUCCESS) {
            return APR_ENOMEM;
        }
    }
    return APR_SUCCESS;
}

/* To skip a block takes about as long as to look at one shard. */
apr_status_t glance_board_since_piece(const glance_board_t *board, glance_sequence_e sequence,
                                      apr_uint64_t number, glance_changes_t *changes,
                                      apr_uint32_t *at)
{
    apr_status_t rv = APR_SUCCESS;
    apr_uint32_t effort = 0;

    while (*at < board->shard_count && effort < GLANCE_PIECE && rv == APR_SUCCESS) {
        apr_uint32_t block = *at / BLOCK_SHARDS;

        effort++;
        if (board->blocks[block].sequences[sequence] > number) {
            effort += BLOCK_SHARDS;
            rv = add_block(board, sequence, number, changes, block);
        }
        *at = block_end(board, block);
    }
    return rv;
}

apr_status_t glance_board_since(const glance_board_t *board, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes)
{
    apr_status_t rv = APR_SUCCESS;
    apr_uint32_t at = 0;

    changes->count = 0;
    while (at < board->shard_count && rv == APR_SUCCESS) {
        rv = glance_board_since_piece(board, sequence, number, changes, &at);
    }
    return rv;
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
    glance_mapping_free(changes->list, changes->room * sizeof *changes->list);
    memset(changes, 0, sizeof *changes);
}
