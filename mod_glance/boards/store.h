/* store.h: the boards as a process sees them, and the operations on them under the lock.
 *
 * Only this file takes and releases the lock.
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

/** One board and its settings. Lives as long as the configuration. */
typedef struct glance_store_t {
    const char *name; /* GlanceBoard, or its servers' ServerName */
    const server_rec *server;
    int index; /* 0 for the first store, 1 for the next */
    glance_board_t *board;
    glance_times_t times;
    glance_moment_t swept; /* the parent's last sweep */
    struct glance_store_t *next;
} glance_store_t;

/* For the parent on the post_config hook. Children inherit the list. */

/** Empties the list of stores, for a new configuration. */
void glance_store_begin(void);

/** Adds a store without a board.
 * @param name in lower case; it and @a pool live as long as the configuration. */
glance_store_t *glance_store_add(const char *name, const server_rec *server, apr_pool_t *pool);

/** The store of that name in any case, or NULL. */
glance_store_t *glance_store_find(const char *name);

/* For all processes. */

/** All stores of this process, chained by `next`; NULL if there are none. */
glance_store_t *glance_store_all(void);

/** On the child_init hook: opens the lock and makes the caches.
 * @return APR_SUCCESS, or the lock's error, which is logged. */
apr_status_t glance_store_child_init(apr_pool_t *pchild, server_rec *server);

/* The following functions wait for the lock, repair the record of a killed writer, do their work
 * and release the lock. They return the lock's error if it fails.
 *
 * Those that read or sweep a whole board release the lock after every GLANCE_PIECE shards, so that
 * bots pass. */

/** glance_board_migrate(), for the parent on the post_config hook. */
apr_status_t glance_store_migrate(glance_store_t *store, glance_board_t *from);

/** glance_board_close() of a board that has no store, for the parent on the post_config hook.
 * @param name, @param server for the log. */
apr_status_t glance_store_close(glance_board_t *board, const char *name, const server_rec *server);

/** glance_board_report() and, if it changed the state, the change notification. */
apr_status_t glance_store_report(glance_store_t *store, apr_uint32_t shard, glance_state_e state,
                                 glance_transition_t *was);

/** glance_board_heartbeat() and, if it changed the state, the change notification. */
apr_status_t glance_store_heartbeat(glance_store_t *store, apr_uint32_t shard,
                                    glance_transition_t *was);

/** glance_board_sweep() if the board's deadline has passed and, if it changed a state, the change
 * notification. */
apr_status_t glance_store_sweep_due(glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions);

/** Sweeps regardless of the deadline, and does not wait for the lock, except for a bounded moment
 * between two pieces. @a transitions has what was done, also after an error.
 * @return APR_SUCCESS; APR_EBUSY if another thread or process holds it; the lock's error. */
apr_status_t glance_store_try_sweep(glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions);

/** Copies one shard. */
apr_status_t glance_store_row(glance_store_t *store, apr_uint32_t shard, glance_row_t *row);

/** The board as it is: every change up to the call, and perhaps later ones; snapshot.h has the
 * rule. A large one comes from a cache while no state changes, for at most a second. Readers that
 * come while it is being made wait for it without the lock.
 * @return NULL if memory ran out or the lock failed; release it with glance_snapshot_release(). */
glance_snapshot_t *glance_store_snapshot(glance_store_t *store);

/** The same of one cluster of the board. It may have the other clusters as well. */
glance_snapshot_t *glance_store_cluster_snapshot(glance_store_t *store,
                                                 const glance_board_cluster_t *cluster);

/** Frees cached snapshots that are too old to be used again. Needs no lock. */
void glance_store_expire(void);

/** The board as it is, without waiting for the lock; for a moment only between two pieces. Release
 * the snapshot after an error as well: it is not complete then, or NULL.
 * @return APR_SUCCESS; APR_EBUSY if another thread or process holds the lock; APR_ENOMEM; the
 * lock's error. */
apr_status_t glance_store_try_snapshot(glance_store_t *store, glance_snapshot_t **snapshot);

/** glance_board_since(). @param upto receives the number of the last change or heartbeat when the
 * search began. @a changes has all up to that one, and perhaps later ones. */
apr_status_t glance_store_since(glance_store_t *store, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes, apr_uint64_t *upto);

#endif
