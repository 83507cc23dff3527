/* glance_setup.c: from the configuration to the boards, at every start and restart.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_setup.h"

#include "apr_sha1.h"
#include "apr_strings.h"

#include "http_core.h"

#include "glance_auth.h"
#include "glance_config.h"
#include "glance_keep.h"
#include "glance_shared.h"
#include "glance_store.h"

/* One round of setting up. */
typedef struct {
    const server_rec *main_server;
    const glance_saved_t *saved; /* what the state file holds; NULL: nothing, or not looked at */
    apr_pool_t *pool;            /* lives as long as the configuration */
} setup_t;

static int keeps_states(const setup_t *setup)
{
    return glance_config_state_file(setup->main_server, setup->pool) != NULL;
}

static const char *kept_path(const glance_store_t *store, const char *folder, apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha1;

    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, store->name, (unsigned)strlen(store->name));
    apr_sha1_final(digest, &sha1);
    return apr_psprintf(pool, "%s/glance-%02x%02x%02x%02x%02x%02x.board", folder, digest[0],
                        digest[1], digest[2], digest[3], digest[4], digest[5]);
}

/* Where a board's memory can be kept for the case that all processes are killed. */
static glance_memory_place_t kept_place(const glance_store_t *store, apr_pool_t *pool)
{
    const char *folder = ap_runtime_dir_relative(pool, "");
    glance_memory_place_t place = {NULL, -1};
    apr_status_t rv;

    if (!folder || !glance_memory_keeps_in(folder)) {
        return place;
    }
    rv = glance_shared_locks(&place.locks, folder, store->server);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, store->server,
                     GLANCE_LOGNO(0114) "board %s: cannot open glance.lock in %s: if all processes "
                                        "are killed, what the state file lacks is lost",
                     store->name, folder);
        return place;
    }
    place.path = kept_path(store, folder, pool);
    return place;
}

static apr_status_t new_epoch(apr_uint64_t *epoch)
{
    return apr_generate_random_bytes((unsigned char *)epoch, sizeof *epoch);
}

/* Makes a new board for the store, out of another one, which may be NULL. Children of an old
 * configuration still have that one mapped, and are told by its mark. If `latest` is not 0, the
 * board goes on from that number. */
static apr_status_t make_board(glance_store_t *store, const apr_array_header_t *clusters,
                               apr_uint64_t epoch, apr_uint64_t latest, glance_memory_place_t place,
                               glance_board_t *from, apr_pool_t *pool)
{
    glance_segment_t *segment = glance_segment_make(glance_shared_segments(), store->name, clusters,
                                                    epoch, place, store->server);
    apr_status_t rv = segment ? glance_segment_open(&store->board, segment, pool) : APR_ENOMEM;

    if (rv == APR_SUCCESS && from) {
        rv = glance_store_succeed(store, from);
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

/* Whether newer memory has taken its place, so that a later server does not find it. */
static int is_replaced(const glance_memory_t *old, const glance_memory_t *newer)
{
    return old->path && newer->path && !strcmp(old->path, newer->path);
}

/* The clusters have changed. */
static apr_status_t renew(glance_store_t *store, const apr_array_header_t *clusters,
                          glance_segment_t *old, apr_pool_t *pool)
{
    glance_segment_t **segments = glance_shared_segments();
    glance_memory_place_t place = {NULL, -1};
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
        if (old->memory.path) {
            place = kept_place(store, pool);
        }
        rv = make_board(store, clusters, epoch, 0, place, from, pool);
    }
    if (rv == APR_SUCCESS && !is_replaced(&old->memory, &(*segments)->memory)) {
        glance_memory_forget(&old->memory);
    }
    glance_segment_drop(segments, old);
    return rv;
}

/* A board that is not in memory yet: by the state file, if that knows of it. */
static apr_status_t begin(glance_store_t *store, const apr_array_header_t *clusters,
                          glance_memory_place_t place, const setup_t *setup)
{
    const glance_saved_t *saved = setup->saved;
    const char *name = glance_saved_name(setup->pool, store->name);
    const glance_saved_board_t *known = saved ? glance_saved_find(saved, name) : NULL;
    int goes_on = known && saved->clean && glance_board_matches(known->board, clusters);
    apr_uint64_t epoch = goes_on ? known->epoch : 0;
    apr_status_t rv = goes_on ? APR_SUCCESS : new_epoch(&epoch);

    if (rv == APR_SUCCESS) {
        rv = make_board(store, clusters, epoch, goes_on ? known->latest : 0, place,
                        known ? known->board : NULL, setup->pool);
    }
    return rv;
}

/* Why a board that lies in memory at a start must not be used, whatever it is, or NULL. A clean
 * stop leaves none behind, but one that nobody of that server knew of: such as one that had been
 * left to its old children. And without a state file no board is kept: one from before would be
 * there still after the next start with a state file, which knows better. */
static const char *why_stale(const setup_t *setup)
{
    if (!keeps_states(setup)) {
        return GLANCE_STATE_FILE " is none";
    }
    return setup->saved && setup->saved->clean ? "the state file is newer" : NULL;
}

static apr_status_t attach(glance_store_t *store, const apr_array_header_t *clusters,
                           const setup_t *setup)
{
    glance_segment_t **segments = glance_shared_segments();
    glance_segment_t *segment = glance_segment_find(*segments, store->name);
    const char *how = segment ? "kept" : "new";
    apr_status_t rv = APR_SUCCESS;

    if (!segment) {
        glance_memory_place_t place = kept_place(store, setup->pool);

        segment = glance_segment_adopt(segments, store->name, &place, why_stale(setup),
                                       store->server, setup->pool);
        how = segment ? "taken over from a server that was killed" : how;
        if (!segment) {
            if (!keeps_states(setup)) {
                place.path = NULL;
            }
            rv = begin(store, clusters, place, setup);
        }
    }
    if (segment && glance_segment_open(&store->board, segment, setup->pool) == APR_SUCCESS
        && glance_board_matches(store->board, clusters)) {
        /* The timeout may be another one now. */
        glance_board_expect_sweep(store->board);
    }
    else if (segment) {
        rv = renew(store, clusters, segment, setup->pool);
        how = "carried over to new clusters";
    }
    if (rv == APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, store->server,
                     GLANCE_LOGNO(0013) "board %s: clusters %u, shards %u, %s", store->name,
                     store->board->cluster_count, store->board->shard_count, how);
    }
    return rv;
}

static glance_store_t *make_store(const server_rec *server, apr_pool_t *pool)
{
    const glance_settings_t *settings = glance_config_of(server);
    char *name = apr_pstrdup(pool, server->server_hostname);
    glance_store_t *store;

    ap_str_tolower(name);
    store = glance_store_add(name, server, pool);
    store->timeout = settings->timeout;
    store->timer_interval = settings->timer_interval;
    return store;
}

static apr_status_t set_up_server(server_rec *server, const setup_t *setup)
{
    glance_settings_t *settings = glance_config_of(server);
    apr_status_t rv = APR_SUCCESS;

    settings->store = glance_store_find(server->server_hostname);
    if (!settings->store) {
        settings->store = make_store(server, setup->pool);
        rv = attach(settings->store, settings->clusters, setup);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, server,
                     GLANCE_LOGNO(0014) "cannot set up the board of %s", settings->store->name);
    }
    return rv;
}

/* Boards whose server is gone from the configuration. */
static void drop_orphans(server_rec *server, apr_pool_t *pool)
{
    glance_segment_t **segments = glance_shared_segments();
    glance_segment_t *segment;
    glance_segment_t *next;

    for (segment = *segments; segment; segment = next) {
        glance_store_t orphan = {.name = segment->name, .server = server};

        next = segment->next;
        if (glance_store_find(segment->name)) {
            continue;
        }
        if (glance_segment_open(&orphan.board, segment, pool) == APR_SUCCESS) {
            (void)glance_store_close(&orphan);
        }
        glance_memory_forget(&segment->memory);
        glance_segment_drop(segments, segment);
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

static void warn_of_keys(const server_rec *server, const server_rec *main_server)
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

static apr_status_t set_up_all(server_rec *server, const setup_t *setup)
{
    server_rec *one;
    apr_status_t rv;

    glance_store_begin();
    for (one = server; one; one = one->next) {
        rv = glance_config_has_board(one, server) ? set_up_server(one, setup) : APR_SUCCESS;
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    for (one = server; one; one = one->next) {
        if (!glance_config_has_board(one, server)) {
            glance_config_of(one)->store = glance_config_of(server)->store;
        }
        warn_of_keys(one, server);
    }
    return APR_SUCCESS;
}

int glance_setup_boards(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    setup_t setup = {.main_server = server, .pool = pconf};
    int is_new;
    apr_status_t rv;

    (void)plog;
    /* At a start the configuration is read twice; nothing made in the first round survives. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    rv = glance_shared_setup(server, &is_new);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, server,
                     GLANCE_LOGNO(0016) "cannot make the lock or the bell of the boards");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (is_new) {
        setup.saved = glance_keep_load(glance_config_state_file(server, ptemp), server, ptemp);
    }
    if (set_up_all(server, &setup) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    drop_orphans(server, ptemp);
    return OK;
}
