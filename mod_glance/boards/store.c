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

/* Boards and clusters of fewer shards are not cached: a copy takes microseconds. */
#define CACHED_SHARDS GLANCE_PIECE
#define CACHE_LIFE APR_USEC_PER_SEC

#define LOCK_GAP 2 /* microseconds, in which the lock is free between two pieces */

/* How long the parent tries to get the lock back between two pieces. */
#define TRIES 100
#define PAUSE 200 /* microseconds */

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

static glance_process_cache_t *make_caches(const glance_board_t *board)
{
    glance_process_cache_t *caches = NULL;
    apr_uint32_t i;

    if (board->shard_count >= CACHED_SHARDS) {
        caches = calloc((apr_size_t)board->cluster_count + 1, sizeof *caches);
    }
    for (i = 0; caches && i <= board->cluster_count; i++) {
        pthread_mutex_init(&caches[i].mutex, NULL);
    }
    return caches;
}

apr_status_t glance_store_child_init(apr_pool_t *pchild, server_rec *server)
{
    const glance_store_t *store;

    if (!glance_process.stores) {
        return APR_SUCCESS;
    }
    glance_process.caches = calloc((size_t)glance_process.stores->index + 1,
                                   sizeof(glance_process_cache_t *));
    for (store = glance_process.stores; glance_process.caches && store; store = store->next) {
        glance_process.caches[store->index] = make_caches(store->board);
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

/* ---- pieces ---- */

/* For the parent, which never waits for long. */
static apr_status_t try_lock_again(const glance_store_t *store)
{
    apr_status_t rv;
    int tries = 0;

    while (APR_STATUS_IS_EBUSY(rv = try_lock(store)) && ++tries < TRIES) {
        apr_sleep(PAUSE);
    }
    return rv;
}

typedef apr_status_t (*lock_fn_t)(const glance_store_t *);

/* Between two pieces. A thread that takes the lock again at once would mostly win against those
 * that wait for it. This pause is longer than the one between two of their attempts. To yield the
 * processor instead would take a time slice for each piece where threads compete for it.
 * @return APR_SUCCESS, or an error without the lock. */
static apr_status_t let_others_pass(const glance_store_t *store, lock_fn_t lock_again)
{
    glance_moment_t end;

    unlock(store);
    end = glance_clock_now() + LOCK_GAP;
    while (glance_clock_now() < end) {
        /* the lock is free */
    }
    return lock_again(store);
}

/* Begins under the lock, and releases it. */
static apr_status_t copy_in_pieces(const glance_store_t *store, glance_snapshot_t *snapshot,
                                   lock_fn_t lock_again)
{
    glance_snapshot_begin(snapshot, apr_time_now(), glance_clock_now());
    while (glance_snapshot_copy(snapshot)) {
        apr_status_t rv = let_others_pass(store, lock_again);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    unlock(store);
    return APR_SUCCESS;
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

/* Begins under the lock, and releases it. If the lock fails half way, the deadline that the sweep
 * has set makes another process sweep again. */
static apr_status_t sweep_in_pieces(const glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions, lock_fn_t lock_again)
{
    apr_status_t rv = APR_SUCCESS;
    glance_board_sweep_t sweep;

    glance_board_sweep_begin(&sweep, store->board, now, store->times.timeout);
    while (rv == APR_SUCCESS && glance_board_sweep_piece(&sweep, store->board, transitions)) {
        rv = let_others_pass(store, lock_again);
    }
    if (rv == APR_SUCCESS) {
        unlock(store);
    }
    if (transitions->nelts) {
        notify_if_requested(store);
    }
    return rv;
}

apr_status_t glance_store_sweep_due(glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions)
{
    apr_status_t rv = lock(store);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* All children wake at a deadline, and the first one sweeps. */
    if (glance_board_deadline(store->board) > now) {
        unlock(store);
        return APR_SUCCESS;
    }
    return sweep_in_pieces(store, now, transitions, lock);
}

apr_status_t glance_store_try_sweep(glance_store_t *store, glance_moment_t now,
                                    apr_array_header_t *transitions)
{
    apr_status_t rv = try_lock(store);

    return rv == APR_SUCCESS ? sweep_in_pieces(store, now, transitions, try_lock_again) : rv;
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

/* @param cluster NULL: all of them. */
static glance_snapshot_t *take_snapshot(const glance_store_t *store,
                                        const glance_board_cluster_t *cluster)
{
    glance_snapshot_t *snapshot = cluster ? glance_snapshot_make_cluster(store->board, cluster)
                                          : glance_snapshot_make(store->board);

    if (snapshot
        && (lock(store) != APR_SUCCESS || copy_in_pieces(store, snapshot, lock) != APR_SUCCESS)) {
        glance_snapshot_release(snapshot);
        return NULL;
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
    return rv == APR_SUCCESS ? copy_in_pieces(store, *snapshot, try_lock_again) : rv;
}

/* ---- cached snapshots ---- */

/* NULL: snapshots of it are not cached. */
static glance_process_cache_t *cache_of(const glance_store_t *store,
                                        const glance_board_cluster_t *cluster)
{
    apr_uint32_t shards = cluster ? cluster->shards : store->board->shard_count;
    glance_process_cache_t *caches = glance_process.caches ? glance_process.caches[store->index]
                                                           : NULL;

    if (!caches || shards < CACHED_SHARDS) {
        return NULL;
    }
    return cluster ? &caches[1 + (cluster - store->board->clusters)] : caches;
}

static int is_recent(const glance_snapshot_t *snapshot)
{
    return snapshot && glance_clock_now() - snapshot->taken < CACHE_LIFE;
}

/* A reader may get the snapshot that was made while it waited, if that covers every change up to
 * the reader's arrival. So readers share snapshots even if states change all the time. */
static glance_snapshot_t *take_cached(const glance_store_t *store,
                                      const glance_board_cluster_t *cluster,
                                      glance_process_cache_t *cache)
{
    apr_uint64_t seq = glance_board_latest(store->board, GLANCE_CHANGE);
    glance_snapshot_t *snapshot;

    pthread_mutex_lock(&cache->mutex);
    if (!is_recent(cache->snapshot) || cache->snapshot->seq < seq) {
        glance_snapshot_release(cache->snapshot);
        cache->snapshot = take_snapshot(store, cluster);
    }
    snapshot = cache->snapshot ? glance_snapshot_ref(cache->snapshot) : NULL;
    pthread_mutex_unlock(&cache->mutex);
    return snapshot;
}

static glance_snapshot_t *get_snapshot(const glance_store_t *store,
                                       const glance_board_cluster_t *cluster)
{
    glance_process_cache_t *cache = cache_of(store, cluster);

    return cache ? take_cached(store, cluster, cache) : take_snapshot(store, cluster);
}

glance_snapshot_t *glance_store_snapshot(glance_store_t *store)
{
    return get_snapshot(store, NULL);
}

glance_snapshot_t *glance_store_cluster_snapshot(glance_store_t *store,
                                                 const glance_board_cluster_t *cluster)
{
    /* One snapshot serves both, where the cluster is most of the board. */
    return get_snapshot(store, cluster->shards > store->board->shard_count / 2 ? NULL : cluster);
}

static void expire(glance_process_cache_t *cache)
{
    if (pthread_mutex_trylock(&cache->mutex) == 0) {
        if (!is_recent(cache->snapshot)) {
            glance_snapshot_release(cache->snapshot);
            cache->snapshot = NULL;
        }
        pthread_mutex_unlock(&cache->mutex);
    }
}

void glance_store_expire(void)
{
    const glance_store_t *store;

    for (store = glance_process.stores; glance_process.caches && store; store = store->next) {
        glance_process_cache_t *caches = glance_process.caches[store->index];
        apr_uint32_t i;

        for (i = 0; caches && i <= store->board->cluster_count; i++) {
            expire(&caches[i]);
        }
    }
}

/* ---- what has changed since ---- */

apr_status_t glance_store_since(glance_store_t *store, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes, apr_uint64_t *upto)
{
    apr_status_t rv = lock(store);
    apr_uint32_t at = 0;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *upto = glance_board_latest(store->board, sequence);
    changes->count = 0;
    while ((rv = glance_board_since_piece(store->board, sequence, number, changes, &at))
               == APR_SUCCESS
           && at < store->board->shard_count) {
        rv = let_others_pass(store, lock);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    unlock(store);
    return rv;
}
