/* post_config.c: from the configuration to the boards, at every start and restart.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/post_config.h"

#include "apr_sha1.h"
#include "apr_strings.h"

#include "http_core.h"

#include "directives.h"
#include "boards/retained.h"
#include "boards/state_file.h"
#include "boards/store.h"

/* One round of setting up. */
typedef struct {
    int keeps_states;                  /* there is a state file */
    const glance_saved_state_t *saved; /* what it holds; NULL: nothing, or not looked at */
    apr_pool_t *pool;                  /* lives as long as the configuration */
} setup_t;

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
static glance_shm_file_place_t kept_place(const glance_store_t *store, apr_pool_t *pool)
{
    const char *folder = ap_runtime_dir_relative(pool, "");
    glance_shm_file_place_t place = {NULL, -1};
    apr_status_t rv;

    if (!folder || !glance_shm_file_keeps_in(folder)) {
        return place;
    }
    rv = glance_retained_locks(&place.locks, folder, store->server);
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
                               apr_uint64_t epoch, apr_uint64_t latest,
                               glance_shm_file_place_t place, glance_board_t *from,
                               apr_pool_t *pool)
{
    glance_segment_t *segment = glance_segment_make(glance_retained_segments(), store->name,
                                                    clusters, epoch, place, store->server);
    apr_status_t rv = segment ? glance_segment_open(&store->board, segment, pool) : APR_ENOMEM;

    if (rv == APR_SUCCESS && from) {
        rv = glance_store_migrate(store, from);
    }
    if (rv == APR_SUCCESS && latest) {
        glance_board_restore_sequence(store->board, latest);
    }
    if (rv == APR_SUCCESS) {
        /* Only now is it worth more than what it replaces. */
        glance_segment_publish(segment, store->server);
    }
    return rv;
}

/* Whether newer memory has taken its place, so that a later server does not find it. */
static int is_replaced(const glance_shm_file_t *old, const glance_shm_file_t *newer)
{
    return old->path && newer->path && !strcmp(old->path, newer->path);
}

/* The clusters have changed. */
static apr_status_t renew(glance_store_t *store, const apr_array_header_t *clusters,
                          glance_segment_t *old, apr_pool_t *pool)
{
    glance_segment_t **segments = glance_retained_segments();
    glance_shm_file_place_t place = {NULL, -1};
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
        glance_shm_file_forget(&old->memory);
    }
    glance_segment_drop(segments, old);
    return rv;
}

/* A board that is not in memory yet: by the state file, if that knows of it. */
static apr_status_t begin(glance_store_t *store, const apr_array_header_t *clusters,
                          glance_shm_file_place_t place, const setup_t *setup)
{
    const glance_saved_state_t *saved = setup->saved;
    const char *name = glance_saved_state_name(setup->pool, store->name);
    const glance_saved_state_board_t *known = saved ? glance_saved_state_find(saved, name) : NULL;
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
    if (!setup->keeps_states) {
        return GLANCE_STATE_FILE " is none";
    }
    return setup->saved && setup->saved->clean ? "the state file is newer" : NULL;
}

static apr_status_t attach(glance_store_t *store, const apr_array_header_t *clusters,
                           const setup_t *setup)
{
    glance_segment_t **segments = glance_retained_segments();
    glance_segment_t *segment = glance_segment_find(*segments, store->name);
    const char *how = segment ? "kept" : "new";
    apr_status_t rv = APR_SUCCESS;

    if (!segment) {
        glance_shm_file_place_t place = kept_place(store, setup->pool);

        segment = glance_segment_adopt(segments, store->name, &place, why_stale(setup),
                                       store->server, setup->pool);
        how = segment ? "taken over from a server that was killed" : how;
        if (!segment) {
            if (!setup->keeps_states) {
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

static glance_store_t *make_store(const glance_post_config_board_t *declared, apr_pool_t *pool)
{
    char *name = apr_pstrdup(pool, declared->server->server_hostname);
    glance_store_t *store;

    ap_str_tolower(name);
    store = glance_store_add(name, declared->server, pool);
    store->times = declared->times;
    return store;
}

static apr_status_t set_up_board(const glance_post_config_board_t *declared, const setup_t *setup)
{
    glance_store_t *store = glance_store_find(declared->server->server_hostname);
    apr_status_t rv;

    if (store) {
        return APR_SUCCESS;
    }
    store = make_store(declared, setup->pool);
    rv = attach(store, declared->clusters, setup);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, declared->server,
                     GLANCE_LOGNO(0014) "cannot set up the board of %s", store->name);
    }
    return rv;
}

/* Boards whose server is gone from the configuration. */
static void drop_orphans(server_rec *server, apr_pool_t *pool)
{
    glance_segment_t **segments = glance_retained_segments();
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
        glance_shm_file_forget(&segment->memory);
        glance_segment_drop(segments, segment);
    }
}

static apr_status_t set_up_all(const apr_array_header_t *boards, const setup_t *setup)
{
    int i;

    glance_store_begin();
    for (i = 0; i < boards->nelts; i++) {
        apr_status_t rv = set_up_board(&APR_ARRAY_IDX(boards, i, glance_post_config_board_t),
                                       setup);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

int glance_post_config_boards(const apr_array_header_t *boards, const char *state_file,
                              server_rec *server, apr_pool_t *pconf, apr_pool_t *ptemp)
{
    setup_t setup = {.keeps_states = state_file != NULL, .pool = pconf};
    int is_new;
    apr_status_t rv;

    rv = glance_retained_post_config(server, &is_new);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, server,
                     GLANCE_LOGNO(0016) "cannot make the lock or the bell of the boards");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (is_new) {
        setup.saved = glance_state_file_load(state_file, server, ptemp);
    }
    if (set_up_all(boards, &setup) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    drop_orphans(server, ptemp);
    return OK;
}
