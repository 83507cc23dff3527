/* store.c: the boards as a process sees them, and the work on them under the lock.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/rate.h"
#include "boards/retained.h"

/* Shards from which on snapshots are worth keeping: below, a copy takes microseconds. */
#define CACHED_SHARDS 4096
#define CACHE_LIFE APR_USEC_PER_SEC

/* A child's last snapshot of a large board. */
typedef struct {
    pthread_mutex_t mutex;
    glance_snapshot_t *snapshot;
} cache_t;

static glance_store_t *stores;

/* One a store, by the store's index. Goes with the process: to free it in a pool's cleanup would be
 * to free it in a signal handler, on prefork. */
static cache_t *caches;

/* ---- the list ---- */

void glance_store_begin(void)
{
    stores = NULL;
}

glance_store_t *glance_store_add(const char *name, const server_rec *server, apr_pool_t *pool)
{
    glance_store_t *store = apr_pcalloc(pool, sizeof *store);

    store->name = name;
    store->server = server;
    store->index = stores ? stores->index + 1 : 0;
    store->next = stores;
    stores = store;
    return store;
}

glance_store_t *glance_store_find(const char *name)
{
    glance_store_t *store;

    for (store = stores; store; store = store->next) {
        if (!ap_cstr_casecmp(store->name, name)) {
            return store;
        }
    }
    return NULL;
}

glance_store_t *glance_store_all(void)
{
    return stores;
}

apr_status_t glance_store_child_init(apr_pool_t *pchild, server_rec *server)
{
    int i;

    if (!stores) {
        return APR_SUCCESS;
    }
    caches = calloc((size_t)stores->index + 1, sizeof *caches);
    for (i = 0; caches && i <= stores->index; i++) {
        pthread_mutex_init(&caches[i].mutex, NULL);
    }
    return glance_lock_child_init(glance_retained_lock(), pchild, server);
}

/* ---- the lock ---- */

static void repair_if_dirty(const glance_store_t *store)
{
    if (glance_board_is_dirty(store->board)) {
        glance_board_repair(store->board);
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, store->server,
                     GLANCE_LOGNO(0010) "board %s: mended the record of a writer that was killed",
                     store->name);
    }
}

static apr_status_t lock(const glance_store_t *store)
{
    static glance_rate_t rate = {.span = APR_USEC_PER_SEC, .most = 5};
    apr_status_t rv = glance_lock_take(glance_retained_lock());
    apr_uint32_t withheld;

    if (rv != APR_SUCCESS) {
        if (glance_rate_pass(&rate, glance_clock_now(), &withheld)) {
            ap_log_error(APLOG_MARK, APLOG_ERR, rv, store->server,
                         GLANCE_LOGNO(0011) "cannot lock board %s", store->name);
        }
        return rv;
    }
    repair_if_dirty(store);
    return APR_SUCCESS;
}

static apr_status_t try_lock(const glance_store_t *store)
{
    apr_status_t rv = glance_lock_try(glance_retained_lock());

    if (rv == APR_SUCCESS) {
        repair_if_dirty(store);
    }
    return rv;
}

static void unlock(const glance_store_t *store)
{
    apr_status_t rv = glance_lock_release(glance_retained_lock());

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, store->server,
                     GLANCE_LOGNO(0012) "cannot unlock board %s", store->name);
    }
}

/* ---- the bell ---- */

/* Hubs wait for the bell edge by edge, and nobody reads it: one write wakes them all. A writer
 * killed before it rings leaves them to their next tick, a second later. */
static void notify_if_requested(const glance_store_t *store)
{
    apr_uint64_t one = 1;

    if (glance_board_take_request(store->board)
        && write(glance_retained_change_fd(), &one, sizeof one) != (ssize_t)sizeof one) {
        ap_log_error(APLOG_MARK, APLOG_ERR, apr_get_os_error(), store->server,
                     GLANCE_LOGNO(0019) "cannot ring the bell of board %s", store->name);
    }
}

/* ---- work under the lock ---- */

/* The end of work that may have changed states. */
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
    glance_store_t previous = *store;
    apr_status_t rv;

    /* What is torn is mended in the board that is read. */
    previous.board = from;
    rv = lock(&previous);
    if (rv == APR_SUCCESS) {
        glance_board_migrate(store->board, from);
        unlock(&previous);
    }
    return rv;
}

apr_status_t glance_store_close(glance_store_t *store)
{
    apr_status_t rv = lock(store);

    if (rv == APR_SUCCESS) {
        glance_board_close(store->board);
        unlock(store);
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
    /* All children wake at a deadline; the first one does the work. */
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
    cache_t *cache;

    if (!caches || store->board->shard_count < CACHED_SHARDS) {
        return take_snapshot(store);
    }
    cache = &caches[store->index];
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
