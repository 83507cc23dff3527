/* glance_store.c: the boards in shared memory and the lock on them.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "apr_lib.h"
#include "apr_sha1.h"
#include "apr_shm.h"
#include "apr_strings.h"

#include "ap_mpm.h"
#include "http_core.h"
#include "mpm_common.h"

#include "glance_auth.h"
#include "glance_clock.h"
#include "glance_config.h"
#include "glance_keep.h"
#include "glance_lock.h"
#include "glance_rate.h"
#include "glance_segment.h"

/* Retained data lives in the process pool, which outlives this module's code: plain data and
 * libapr's own objects only. The key changes with the structures, so that a module replaced
 * during a graceful restart never reads an older one's. */
#define RETAINED_KEY "mod_glance/4"

/* Shards from which on snapshots are worth keeping: below, a copy takes microseconds. */
#define CACHED_SHARDS 4096
#define CACHE_LIFE APR_USEC_PER_SEC

typedef struct {
    glance_lock_t lock;
    int bell;
    apr_shm_t *stats;
    glance_segment_t *segments;
} retained_t;

/* A child's last snapshot of a large board. */
typedef struct {
    pthread_mutex_t mutex;
    glance_snapshot_t *snapshot;
} cache_t;

static retained_t *retained;
static glance_store_t *stores;
static const server_rec *main_server;

/* One a store, by the store's index. Goes with the process: to free it in a pool's cleanup would be
 * to free it in a signal handler, on prefork. */
static cache_t *caches;

/* ---- the lock ---- */

static void mend_if_torn(const glance_store_t *store)
{
    if (glance_board_is_torn(store->board)) {
        glance_board_mend(store->board);
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, store->server,
                     GLANCE_LOGNO(0010) "board %s: mended the record of a writer that was killed",
                     store->name);
    }
}

static apr_status_t lock(const glance_store_t *store)
{
    static glance_rate_t rate = {.span = APR_USEC_PER_SEC, .most = 5};
    apr_status_t rv = glance_lock_take(&retained->lock);
    apr_uint32_t withheld;

    if (rv != APR_SUCCESS) {
        if (glance_rate_pass(&rate, glance_clock_now(), &withheld)) {
            ap_log_error(APLOG_MARK, APLOG_ERR, rv, store->server,
                         GLANCE_LOGNO(0011) "cannot lock board %s", store->name);
        }
        return rv;
    }
    mend_if_torn(store);
    return APR_SUCCESS;
}

static apr_status_t try_lock(const glance_store_t *store)
{
    apr_status_t rv = glance_lock_try(&retained->lock);

    if (rv == APR_SUCCESS) {
        mend_if_torn(store);
    }
    return rv;
}

static void unlock(const glance_store_t *store)
{
    apr_status_t rv = glance_lock_release(&retained->lock);

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, store->server,
                     GLANCE_LOGNO(0012) "cannot unlock board %s", store->name);
    }
}

/* ---- over the server's life ---- */

static apr_status_t make_stats(apr_pool_t *process_pool)
{
    apr_size_t size;
    apr_status_t rv;
    int children = 0;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &children);
    size = glance_stats_size((apr_uint32_t)children);
    rv = apr_shm_create(&retained->stats, size, NULL, process_pool);
    if (rv == APR_SUCCESS) {
        glance_stats_init(glance_store_stats(), (apr_uint32_t)children);
    }
    return rv;
}

/* is_new: this is a start, and nothing of an earlier configuration is there. */
static apr_status_t retain(server_rec *server, int *is_new)
{
    apr_pool_t *process_pool = server->process->pool;
    apr_status_t rv;

    retained = ap_retained_data_get(RETAINED_KEY);
    *is_new = !retained;
    if (retained) {
        return APR_SUCCESS;
    }
    retained = ap_retained_data_create(RETAINED_KEY, sizeof *retained);
    rv = glance_lock_create(&retained->lock, server, process_pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    retained->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return retained->bell < 0 ? apr_get_os_error() : make_stats(process_pool);
}

static int keeps_states(apr_pool_t *pool)
{
    return glance_config_state_file(main_server, pool) != NULL;
}

/* Where a board's memory can be kept for the case that all processes are killed, or NULL. */
static const char *kept_path(const glance_store_t *store, apr_pool_t *pool)
{
    const char *folder = ap_runtime_dir_relative(pool, "");
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha1;

    if (!folder || !glance_memory_keeps_in(folder)) {
        return NULL;
    }
    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, store->name, (unsigned)strlen(store->name));
    apr_sha1_final(digest, &sha1);
    return apr_psprintf(pool, "%s/glance-%02x%02x%02x%02x%02x%02x.board", folder, digest[0],
                        digest[1], digest[2], digest[3], digest[4], digest[5]);
}

static apr_status_t new_epoch(apr_uint64_t *epoch)
{
    return apr_generate_random_bytes((unsigned char *)epoch, sizeof *epoch);
}

/* Moves the states over from another board, which is then no longer written. */
static apr_status_t take_over(glance_store_t *store, glance_board_t *from)
{
    glance_store_t previous = *store;
    apr_status_t rv;

    previous.board = from;
    rv = lock(&previous);
    if (rv == APR_SUCCESS) {
        glance_board_succeed(store->board, from);
        unlock(&previous);
    }
    return rv;
}

/* Makes a new board for the store, out of another one, which may be NULL. Children of an old
 * configuration still have that one mapped, and are told by its mark. If `latest` is not 0, the
 * board goes on from that number. */
static apr_status_t make_board(glance_store_t *store, const apr_array_header_t *clusters,
                               apr_uint64_t epoch, apr_uint64_t latest, const char *path,
                               glance_board_t *from, apr_pool_t *pool)
{
    glance_segment_t *segment = glance_segment_make(&retained->segments, store->name, clusters,
                                                    epoch, path, store->server);
    apr_status_t rv = segment ? glance_segment_open(&store->board, segment, pool) : APR_ENOMEM;

    if (rv == APR_SUCCESS && from) {
        rv = take_over(store, from);
    }
    if (rv == APR_SUCCESS && latest) {
        glance_board_resume(store->board, latest);
    }
    if (rv == APR_SUCCESS) {
        /* Only now is it worth more than what it replaces. */
        glance_segment_publish(segment, store->server);
    }
    return rv;
}

/* The clusters have changed. */
static apr_status_t renew(glance_store_t *store, const apr_array_header_t *clusters,
                          glance_segment_t *old, apr_pool_t *pool)
{
    const char *path = apr_pstrdup(pool, old->memory.path);
    glance_board_t *from = NULL;
    apr_uint64_t epoch;
    apr_status_t rv = new_epoch(&epoch);

    if (glance_segment_open(&from, old, pool) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, store->server,
                     GLANCE_LOGNO(0113) "board %s: cannot use its memory, as something has written "
                                        "over it: all shards begin as unknown",
                     store->name);
    }
    if (rv == APR_SUCCESS) {
        rv = make_board(store, clusters, epoch, 0, path, from, pool);
    }
    if (rv == APR_SUCCESS && !retained->segments->memory.path) {
        glance_memory_forget(&old->memory); /* nothing newer took its place */
    }
    glance_segment_drop(&retained->segments, old);
    return rv;
}

/* A board that is not in memory yet: by the state file, if that knows of it. */
static apr_status_t begin(glance_store_t *store, const apr_array_header_t *clusters,
                          const char *path, const glance_saved_t *saved, apr_pool_t *pool)
{
    const glance_saved_board_t *known = saved ? glance_saved_find(saved,
                                                                  glance_saved_name(pool,
                                                                                    store->name))
                                              : NULL;
    int goes_on = known && saved->clean && glance_board_matches(known->board, clusters);
    apr_uint64_t epoch = goes_on ? known->epoch : 0;
    apr_status_t rv = goes_on ? APR_SUCCESS : new_epoch(&epoch);

    if (rv == APR_SUCCESS) {
        rv = make_board(store, clusters, epoch, goes_on ? known->latest : 0, path,
                        known ? known->board : NULL, pool);
    }
    return rv;
}

/* Why a board that lies in memory at a start must not be used, whatever it is, or NULL. A clean
 * stop leaves none behind, but one that nobody of that server knew of: such as one that had been
 * left to its old children. And without a state file no board is kept: one from before would be
 * there still after the next start with a state file, which knows better. */
static const char *why_stale(const glance_saved_t *saved, apr_pool_t *pool)
{
    if (!keeps_states(pool)) {
        return GLANCE_STATE_FILE " is none";
    }
    return saved && saved->clean ? "the state file is newer" : NULL;
}

static apr_status_t attach(glance_store_t *store, const apr_array_header_t *clusters,
                           const glance_saved_t *saved, apr_pool_t *pool)
{
    glance_segment_t *segment = glance_segment_find(retained->segments, store->name);
    const char *how = segment ? "kept" : "new";
    apr_status_t rv = APR_SUCCESS;

    if (!segment) {
        const char *path = kept_path(store, pool);

        segment = glance_segment_adopt(&retained->segments, store->name, &path,
                                       why_stale(saved, pool), store->server, pool);
        how = segment ? "taken over from a server that was killed" : how;
        if (!segment) {
            rv = begin(store, clusters, keeps_states(pool) ? path : NULL, saved, pool);
        }
    }
    if (segment && glance_segment_open(&store->board, segment, pool) == APR_SUCCESS
        && glance_board_matches(store->board, clusters)) {
        /* The timeout may be another one now. */
        glance_board_expect_sweep(store->board);
    }
    else if (segment) {
        rv = renew(store, clusters, segment, pool);
        how = "carried over to new clusters";
    }
    if (rv == APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, store->server,
                     GLANCE_LOGNO(0013) "board %s: %u clusters, %u shards, %s", store->name,
                     store->board->cluster_count, store->board->shard_count, how);
    }
    return rv;
}

static glance_store_t *find_store(const char *name)
{
    glance_store_t *store;

    for (store = stores; store; store = store->next) {
        if (!ap_cstr_casecmp(store->name, name)) {
            return store;
        }
    }
    return NULL;
}

static apr_status_t set_up_server(server_rec *server, const glance_saved_t *saved, apr_pool_t *pool)
{
    glance_settings_t *settings = glance_config_of(server);
    glance_store_t *store = find_store(server->server_hostname);
    apr_status_t rv;

    if (!store) {
        char *name = apr_pstrdup(pool, server->server_hostname);

        ap_str_tolower(name);
        store = apr_pcalloc(pool, sizeof *store);
        store->name = name;
        store->server = server;
        store->timeout = settings->timeout;
        store->timer_interval = settings->timer_interval;
        rv = attach(store, settings->clusters, saved, pool);
        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, rv, server,
                         GLANCE_LOGNO(0014) "cannot set up the board of %s", store->name);
            return rv;
        }
        store->index = stores ? stores->index + 1 : 0;
        store->next = stores;
        stores = store;
    }
    settings->store = store;
    return APR_SUCCESS;
}

/* Boards whose server is gone from the configuration. */
static void drop_orphans(server_rec *server, apr_pool_t *pool)
{
    glance_segment_t *segment;
    glance_segment_t *next;

    for (segment = retained->segments; segment; segment = next) {
        glance_store_t orphan = {.name = segment->name, .server = server};

        next = segment->next;
        if (find_store(segment->name)) {
            continue;
        }
        if (glance_segment_open(&orphan.board, segment, pool) == APR_SUCCESS
            && lock(&orphan) == APR_SUCCESS) {
            glance_board_close(orphan.board);
            unlock(&orphan);
        }
        glance_memory_forget(&segment->memory);
        glance_segment_drop(&retained->segments, segment);
    }
}

static int has_key(const apr_array_header_t *keys, const glance_board_cluster_t *cluster)
{
    int i;

    for (i = 0; i < keys->nelts; i++) {
        if (glance_auth_opens(&APR_ARRAY_IDX(keys, i, glance_key_t), cluster->name,
                              strlen(cluster->name))) {
            return 1;
        }
    }
    return 0;
}

/* One passphrase switches the check on for all clusters. */
static void warn_if_shut(const server_rec *server, const glance_settings_t *settings)
{
    const glance_board_t *board = settings->store->board;
    apr_uint32_t i;

    for (i = 0; i < board->cluster_count; i++) {
        if (!has_key(settings->keys, &board->clusters[i])) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                         GLANCE_LOGNO(0121) "board %s: nobody can write cluster '%s' here, as no "
                                            "passphrase is for it; set " GLANCE_PASSPHRASE
                                            " or " GLANCE_CLUSTER_PASSPHRASE,
                         settings->store->name, board->clusters[i].name);
        }
    }
}

static void warn_of_keys(const server_rec *server)
{
    const glance_settings_t *settings = glance_config_of(server);

    if (!settings->store || !glance_config_is_own(server, main_server)) {
        return;
    }
    if (settings->keys) {
        warn_if_shut(server, settings);
        return;
    }
    /* One that shares the main server's board and says nothing is warned of with that. */
    if (settings->says_open || settings->declares_board) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     GLANCE_LOGNO(0015) "board %s: anybody who reaches this server can write it; "
                                        "set " GLANCE_PASSPHRASE " or " GLANCE_PASSPHRASE_FILE,
                     settings->store->name);
    }
}

int glance_store_setup(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const glance_saved_t *saved = NULL;
    server_rec *one;
    int is_new;
    apr_status_t rv;

    (void)plog;
    /* At a start the configuration is read twice; nothing made in the first round survives. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    rv = retain(server, &is_new);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, server,
                     GLANCE_LOGNO(0016) "cannot make the lock or the bell of the boards");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (is_new) {
        saved = glance_keep_load(glance_config_state_file(server, ptemp), server, ptemp);
    }
    stores = NULL;
    main_server = server;
    for (one = server; one; one = one->next) {
        if (glance_config_has_board(one, server)
            && set_up_server(one, saved, pconf) != APR_SUCCESS) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    for (one = server; one; one = one->next) {
        if (!glance_config_has_board(one, server)) {
            glance_config_of(one)->store = glance_config_of(server)->store;
        }
        warn_of_keys(one);
    }
    drop_orphans(server, ptemp);
    return OK;
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
    return glance_lock_child_init(&retained->lock, pchild, server);
}

void glance_store_forget_kept(void)
{
    glance_segment_t *segment;

    for (segment = retained->segments; segment; segment = segment->next) {
        glance_memory_forget(&segment->memory);
    }
}

glance_store_t *glance_store_all(void)
{
    return stores;
}

glance_stats_t *glance_store_stats(void)
{
    return apr_shm_baseaddr_get(retained->stats);
}

/* ---- the bell ---- */

int glance_store_bell(void)
{
    return retained->bell;
}

/* Hubs wait for the bell edge by edge, and nobody reads it: one write wakes them all. A writer
 * killed before it rings leaves them to their next tick, a second later. */
static void ring_if_wanted(const glance_store_t *store)
{
    apr_uint64_t one = 1;

    if (glance_board_take_bell(store->board)
        && write(retained->bell, &one, sizeof one) != (ssize_t)sizeof one) {
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
        ring_if_wanted(store);
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
    rv = glance_board_report(store->board, shard, state, glance_clock_now(), store->timeout, was);
    return finish(store, rv, rv == APR_SUCCESS && was->from != was->to);
}

apr_status_t glance_store_live(glance_store_t *store, apr_uint32_t shard, glance_transition_t *was)
{
    apr_status_t rv = lock(store);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = glance_board_live(store->board, shard, glance_clock_now(), store->timeout, was);
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
        glance_board_sweep(store->board, now, store->timeout, transitions);
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
    glance_board_sweep(store->board, now, store->timeout, transitions);
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

static int is_fresh(const glance_store_t *store, const glance_snapshot_t *snapshot)
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
    if (!is_fresh(store, cache->snapshot)) {
        glance_snapshot_release(cache->snapshot);
        cache->snapshot = take_snapshot(store);
    }
    snapshot = cache->snapshot ? glance_snapshot_keep(cache->snapshot) : NULL;
    pthread_mutex_unlock(&cache->mutex);
    return snapshot;
}

apr_status_t glance_store_since(glance_store_t *store, glance_mark_e mark, apr_uint64_t number,
                                glance_changes_t *changes, apr_uint64_t *upto)
{
    apr_status_t rv = lock(store);

    if (rv == APR_SUCCESS) {
        *upto = glance_board_latest(store->board, mark);
        rv = glance_board_since(store->board, mark, number, changes);
        unlock(store);
    }
    return rv;
}
