/* store.h: the boards as a process sees them, and the work on them under the lock.
 *
 * This file alone takes and releases the lock.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_STORE_H
#define GLANCE_BOARDS_STORE_H

#include "httpd_private.h"

#include "core/snapshot.h"

/** The configured times, in microseconds. */
typedef struct {
    apr_interval_time_t timeout;         /* GlanceHealthTimeout */
    apr_interval_time_t timer_interval;  /* GlanceHealthTimerInterval */
    apr_interval_time_t stream_interval; /* GlanceStreamInterval; the same for all boards */
} glance_times_t;

/** One board and the settings it is kept by. Lives as long as the configuration. */
typedef struct glance_store_t {
    const char *name; /* its servers' ServerName */
    const server_rec *server;
    int index; /* 0 and up, without gaps */
    glance_board_t *board;
    glance_times_t times;
    glance_moment_t swept; /* the parent's last sweep */
    struct glance_store_t *next;
} glance_store_t;

/* For the parent on the post_config hook: children inherit the list. */

/** Empties the list of stores: a new configuration begins. */
void glance_store_begin(void);

/** A new store in the list, without a board.
 * @param name in lower case; it and @a pool live as long as the configuration. */
glance_store_t *glance_store_add(const char *name, const server_rec *server, apr_pool_t *pool);

/** The store of that name in any case, or NULL. */
glance_store_t *glance_store_find(const char *name);

/* For all processes. */

/** All stores of this process, chained by `next`; NULL if there are none. */
glance_store_t *glance_store_all(void);

/** On the child_init hook: makes lock and caches usable in this process.
 * @return APR_SUCCESS, or the lock's error, which is logged. */
apr_status_t glance_store_child_init(apr_pool_t *pchild, server_rec *server);

/* What follows takes the lock, mends what a killed writer left, works and releases the lock.
 * An error of the lock itself is passed on. */

/** glance_board_migrate(): moves the states over from another board, which ends with it. For the
 * parent on the post_config hook, as is glance_store_close(). */
apr_status_t glance_store_migrate(glance_store_t *store, glance_board_t *from);

/** glance_board_close() */
apr_status_t glance_store_close(glance_store_t *store);

/** glance_board_report() and a ring of the bell. */
apr_status_t glance_store_report(glance_store_t *store, apr_uint32_t shard, glance_state_e state,
                                 glance_transition_t *was);

/** glance_board_heartbeat() and, if it changed a state, a ring of the bell. */
apr_status_t glance_store_heartbeat(glance_store_t *store, apr_uint32_t shard,
                                    glance_transition_t *was);

/** glance_board_sweep(), if the board's deadline has passed and, if it changed a state, a ring of
 * the bell. */
apr_status_t glance_store_sweep_due(glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions);

/** glance_board_sweep() whatever the deadline, and without waiting for the lock.
 * @return APR_SUCCESS; APR_EBUSY if somebody else holds it. */
apr_status_t glance_store_try_sweep(glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions);

/** Copies one shard. */
apr_status_t glance_store_row(glance_store_t *store, apr_uint32_t shard, glance_row_t *row);

/** The board as it is, or, for a large one, as it was up to a second ago if no state has changed.
 * @return NULL if memory ran out or the lock failed; else release it with
 * glance_snapshot_release(). */
glance_snapshot_t *glance_store_snapshot(glance_store_t *store);

/** The board as it is, without waiting for the lock. Release the snapshot whatever it returns.
 * @return APR_SUCCESS; APR_EBUSY if somebody holds the lock: then the snapshot is empty;
 * APR_ENOMEM; the lock's error. */
apr_status_t glance_store_try_snapshot(glance_store_t *store, glance_snapshot_t **snapshot);

/** glance_board_since(); @a upto receives the number up to which the answer goes. */
apr_status_t glance_store_since(glance_store_t *store, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes, apr_uint64_t *upto);

#endif
