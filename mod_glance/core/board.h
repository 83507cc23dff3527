/* board.h: reports, heartbeats and the sweep of a board, and what has changed since.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BOARD_H
#define GLANCE_CORE_BOARD_H

#include "core/board_layout.h"

/** Another board has replaced this one: bots must write to that. */
#define GLANCE_SUPERSEDED (APR_OS_START_USERERR + 1)

/** So many shards are read under one hold of the lock where a large board is read in pieces: in
 * bench/board.c, each piece takes some 30 microseconds. */
#define GLANCE_PIECE 4096

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

/** A sweep in pieces. The lock may be released between two of them. Zeroed by its begin. */
typedef struct {
    glance_moment_t now;
    apr_int64_t timeout;
    glance_moment_t next;    /* the earliest deadline found so far */
    apr_uint64_t heartbeats; /* the board's number when the sweep began */
    apr_uint32_t at;         /* the next shard to look at */
} glance_board_sweep_t;

/** Locked: begins a sweep, which marks every shard unhealthy whose last heartbeat is @a timeout or
 * longer ago, and then finds the next deadline, at least GLANCE_SWEEP_GRAIN from @a now. Meanwhile
 * the board's deadline is GLANCE_SWEEP_GRAIN from @a now: other processes need not sweep too, and
 * one of them does it if this one is killed half way.
 * glance_board_sweep_piece() follows, under the same hold. */
void glance_board_sweep_begin(glance_board_sweep_t *sweep, glance_board_t *board,
                              glance_moment_t now, apr_int64_t timeout);

/** Locked: sweeps the next shards, at most GLANCE_PIECE.
 * @param transitions (of glance_transition_t) receives them; may be NULL.
 * @return 1 if there are more, 0 if that was the last piece: the board has its deadline. */
int glance_board_sweep_piece(glance_board_sweep_t *sweep, glance_board_t *board,
                             apr_array_header_t *transitions);

/** Locked: the whole sweep under one hold. */
void glance_board_sweep(glance_board_t *board, glance_moment_t now, apr_int64_t timeout,
                        apr_array_header_t *transitions);

/** Locked: adds the shards whose last change or heartbeat has a higher number, as they are now,
 * from shard *@a at on, as far as one piece goes; moves *@a at.
 *
 * The caller reads the board's latest number under the hold of the first piece. The list then has
 * every change up to that number, and it may have later ones: those are told again the next time.
 * @return APR_SUCCESS or APR_ENOMEM. */
apr_status_t glance_board_since_piece(const glance_board_t *board, glance_sequence_e sequence,
                                      apr_uint64_t number, glance_changes_t *changes,
                                      apr_uint32_t *at);

/** Locked: all of them under one hold, in an emptied list.
 * @return APR_SUCCESS or APR_ENOMEM. */
apr_status_t glance_board_since(const glance_board_t *board, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes);

/** Requests a notification of the next change of state. Needs no lock: call this before the last
 * look at the sequence number, then sleep. */
void glance_board_request_notification(glance_board_t *board);

/** Whether a notification was requested since the last call. */
int glance_board_take_request(glance_board_t *board);

/** Frees the memory of the changes. */
void glance_changes_free(glance_changes_t *changes);

#endif
