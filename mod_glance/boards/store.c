/* store.c: the boards as a process sees them, and the operations on them under the lock.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/store.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/board_migrate.h"
#include "core/board_repair.h"
#include "core/clock.h"
#include "boards/process.h"
#include "boards/retained.h"

/* Boards of fewer shards are not cached: a copy takes microseconds. */
#define CACHED_SHARDS 4096
#define CACHE_LIFE APR_USEC_PER_SEC

/* ---- the list ---- */

void glance_store_begin(void)
{
    glance_process.stores = NULL;
}

glance_store_t *glance_store_add(const char *name, const server_rec *server, apr_pool_t *pool)
{
    glance_store_t *store = apr_pcalloc(pool, sizeof *store);

    store->name = name;
    store->server = server;
    store->index = glance_process.stores ? glance_process.stores->index + 1 : 0;
    store->next = glance_process.stores;
    glance_process.stores = store;
    return store;
}

glance_store_t *glance_store_find(const char *name)
{
    glance_store_t *store;

    for (store = glance_process.stores; store; store = store->next) {
        if (!ap_cstr_casecmp(store->name, name)) {
            return store;
        }
    }
    return NULL;
}

glance_store_t *glance_store_all(void)
{
    return glance_process.stores;
}

apr_status_t glance_store_child_init(apr_pool_t *pchild, server_rec *server)
{
    int i;

    if (!glance_process.stores) {
        return APR_SUCCESS;
    }
    glance_process.caches = calloc((size_t)glance_process.stores->index + 1,
                                   sizeof *glance_process.caches);
    for (i = 0; glance_process.caches && i <= glance_process.stores->index; i++) {
        pthread_mutex_init(&glance_process.caches[i].mutex, NULL);
    }
    return glance_lock_child_init(glance_retained_lock(), pchild, server);
}

/* ---- the lock ---- */

static void repair_if_dirty(glance_board_t *board, const char *name, const server_rec *server)
{
    if (glance_board_is_dirty(board)) {
        glance_board_repair(board);
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                     GLANCE_LOGNO(0010) "board %s: repaired the record of a writer that was killed",
                     name);
    }
}

static void log_lock_error(apr_status_t rv, const char *name, const server_rec *server)
{
    apr_uint32_t withheld;

    if (glance_rate_pass(&glance_process.lock_errors, glance_clock_now(), &withheld)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server, GLANCE_LOGNO(0011) "cannot lock board %s",
                     name);
    }
}

static apr_status_t lock_board(glance_board_t *board, const char *name, const server_rec *server)
{
    apr_status_t rv = glance_lock_take(glance_retained_lock());

    if (rv == APR_SUCCESS) {
        repair_if_dirty(board, name, server);
    }
    else {
        log_lock_error(rv, name, server);
    }
    return rv;
}

static apr_status_t lock(const glance_store_t *store)
{
    return lock_board(store->board, store->name, store->server);
}

static apr_status_t try_lock(const glance_store_t *store)
{
    apr_status_t rv = glance_lock_try(glance_retained_lock());

    if (rv == APR_SUCCESS) {
        repair_if_dirty(store->board, store->name, store->server);
    }
    return rv;
}

static void unlock_board(const char *name, const server_rec *server)
{
    apr_status_t rv = glance_lock_release(glance_retained_lock());

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server, GLANCE_LOGNO(0012) "cannot unlock board %s",
                     name);
    }
}

static void unlock(const glance_store_t *store)
{
    unlock_board(store->name, store->server);
}

/* ---- the change notification ---- */

/* Nobody reads the eventfd, and hubs wait for its edges, so one write wakes all of them. If a
 * writer is killed before it gets here, they find the change at their next tick, within a second.
 */
static void notify_if_requested(const glance_store_t *store)
{
    apr_uint64_t one = 1;

    if (glance_board_take_request(store->board)
        && write(glance_retained_change_fd(), &one, sizeof one) != (ssize_t)sizeof one) {
        ap_log_error(APLOG_MARK, APLOG_ERR, apr_get_os_error(), store->server,
                     GLANCE_LOGNO(0019) "cannot notify the hubs of a change of board %s",
                     store->name);
    }
}

/* ---- operations under the lock ---- */

/* The end of an operation that may have changed states. */
static apr_status_t finish(const glance_store_t *store, apr_status_t rv, int changed)
{
    unlock(store);
    if (changed) {
        notify_if_requested(store);
    }
    return rv;
}

apr_status_t glance_store_migrate(glance_store_t *store, glance_board_t *from)
{
    apr_status_t rv = lock_board(from, store->name, store->server);

    if (rv == APR_SUCCESS) {
        glance_board_migrate(store->board, from);
        unlock(store);
    }
    return rv;
}

apr_status_t glance_store_close(glance_board_t *board, const char *name, const server_rec *server)
{
    apr_status_t rv = lock_board(board, name, server);

    if (rv == APR_SUCCESS) {
        glance_board_close(board);
        unlock_board(name, server);
    }
    return rv;
}

apr_status_t glance_store_report(glance_store_t *store, apr_uint32_t shard, glance_state_e state,
                                 glance_transition_t *was)
{
    apr_status_t rv = lock(store);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = glance_board_report(store->board, shard, state, glance_clock_now(), store->times.timeout,
                             was);
    return finish(store, rv, rv == APR_SUCCESS && was->from != was->to);
}

apr_status_t glance_store_heartbeat(glance_store_t *store, apr_uint32_t shard,
                                    glance_transition_t *was)
{
    apr_status_t rv = lock(store);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = glance_board_heartbeat(store->board, shard, glance_clock_now(), store->times.timeout, was);
    return finish(store, rv, rv == APR_SUCCESS && was->from != was->to);
}

apr_status_t glance_store_sweep_due(glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions)
{
    apr_status_t rv = lock(store);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* All children wake at a deadline, and the first one sweeps. */
    if (glance_board_deadline(store->board) <= now) {
        glance_board_sweep(store->board, now, store->times.timeout, transitions);
    }
    return finish(store, rv, transitions->nelts);
}

apr_status_t glance_store_try_sweep(glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions)
{
    apr_status_t rv = try_lock(store);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    glance_board_sweep(store->board, now, store->times.timeout, transitions);
    return finish(store, rv, transitions->nelts);
}

apr_status_t glance_store_row(glance_store_t *store, apr_uint32_t shard, glance_row_t *row)
{
    apr_status_t rv = lock(store);

    if (rv == APR_SUCCESS) {
        glance_row_take(row, &store->board->shards[shard], glance_clock_now());
        unlock(store);
    }
    return rv;
}

static glance_snapshot_t *take_snapshot(glance_store_t *store)
{
    glance_snapshot_t *snapshot = glance_snapshot_make(store->board);

    if (snapshot && lock(store) != APR_SUCCESS) {
        glance_snapshot_release(snapshot);
        return NULL;
    }
    if (snapshot) {
        glance_snapshot_take(snapshot, apr_time_now(), glance_clock_now());
        unlock(store);
    }
    return snapshot;
}

apr_status_t glance_store_try_snapshot(glance_store_t *store, glance_snapshot_t **snapshot)
{
    apr_status_t rv;

    *snapshot = glance_snapshot_make(store->board);
    if (!*snapshot) {
        return APR_ENOMEM;
    }
    rv = try_lock(store);
    if (rv == APR_SUCCESS) {
        glance_snapshot_take(*snapshot, apr_time_now(), glance_clock_now());
        unlock(store);
    }
    return rv;
}

static int is_new(const glance_store_t *store, const glance_snapshot_t *snapshot)
{
    return snapshot && snapshot->seq == glance_board_latest(store->board, GLANCE_CHANGE)
           && glance_clock_now() - snapshot->taken < CACHE_LIFE;
}

glance_snapshot_t *glance_store_snapshot(glance_store_t *store)
{
    glance_snapshot_t *snapshot;
    glance_process_cache_t *cache;

    if (!glance_process.caches || store->board->shard_count < CACHED_SHARDS) {
        return take_snapshot(store);
    }
    cache = &glance_process.caches[store->index];
    pthread_mutex_lock(&cache->mutex);
    if (!is_new(store, cache->snapshot)) {
        glance_snapshot_release(cache->snapshot);
        cache->snapshot = take_snapshot(store);
    }
    snapshot = cache->snapshot ? glance_snapshot_ref(cache->snapshot) : NULL;
    pthread_mutex_unlock(&cache->mutex);
    return snapshot;
}

apr_status_t glance_store_since(glance_store_t *store, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes, apr_uint64_t *upto)
{
    apr_status_t rv = lock(store);

    if (rv == APR_SUCCESS) {
        *upto = glance_board_latest(store->board, sequence);
        rv = glance_board_since(store->board, sequence, number, changes);
        unlock(store);
    }
    return rv;
}
