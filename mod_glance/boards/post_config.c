/* post_config.c: makes the boards of the configuration, at every start and restart.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/post_config.h"

#include "apr_sha1.h"
#include "apr_strings.h"

#include "http_core.h"

#include "directives.h"
#include "core/board_migrate.h"
#include "core/clock.h"
#include "boards/retained.h"
#include "boards/scratch.h"
#include "boards/state_file.h"
#include "boards/store.h"

/* What one run of the hook knows. */
typedef struct {
    int keeps_states;                  /* there is a state file */
    const glance_saved_state_t *saved; /* what was read from it; NULL: nothing */
    apr_pool_t *pool;                  /* lives as long as the configuration */
} round_t;

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

/* Where a board's memory is kept in case all processes are killed. */
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

/* Gives the store a new, empty board, which no other process can find before it is published. */
static apr_status_t make_board(glance_store_t *store, const apr_array_header_t *clusters,
                               glance_shm_file_place_t place, glance_segment_t **segment,
                               apr_pool_t *pool)
{
    *segment = glance_segment_make(glance_retained_segments(), store->name, clusters, place,
                                   store->server);
    return *segment ? glance_segment_open(&store->board, *segment, pool) : APR_ENOMEM;
}

/* Whether a later server finds the newer memory in place of the old. */
static int is_replaced(const glance_shm_file_t *old, const glance_shm_file_t *newer)
{
    return old->path && newer->path && !strcmp(old->path, newer->path);
}

/* Migrates the states to a board of other clusters. Children of the old configuration still have
 * the old board mapped: its mark makes them refuse late writes. */
static apr_status_t migrate(glance_store_t *store, const apr_array_header_t *clusters,
                            glance_segment_t *old, apr_pool_t *pool)
{
    glance_shm_file_place_t place = {NULL, -1};
    glance_segment_t *segment;
    glance_board_t *from = NULL;
    apr_status_t rv;

    if (glance_segment_open(&from, old, pool) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, store->server,
                     GLANCE_LOGNO(0113) "board %s: cannot use its memory, which something has "
                                        "overwritten: all shards start as unknown",
                     store->name);
    }
    if (old->memory.path) {
        place = kept_place(store, pool);
    }
    rv = make_board(store, clusters, place, &segment, pool);
    if (rv == APR_SUCCESS && from) {
        rv = glance_store_migrate(store, from);
    }
    if (rv == APR_SUCCESS && old->memory.path && !is_replaced(&old->memory, &segment->memory)) {
        segment->replaced = apr_pstrdup(segment->pool, old->memory.path);
    }
    glance_segment_drop(glance_retained_segments(), old);
    return rv;
}

static const glance_saved_state_board_t *find_saved(const round_t *round, const char *name)
{
    return round->saved
               ? glance_saved_state_find(round->saved, glance_saved_state_name(round->pool, name))
               : NULL;
}

/* The name that httpd guessed for a server, under which its board may be found, or NULL. */
static const char *guessed_name(const char *name, const server_rec *server, apr_pool_t *pool)
{
    char *guessed;

    if (strcmp(name, GLANCE_BOARD_DEFAULT) != 0) {
        return NULL;
    }
    guessed = apr_pstrdup(pool, server->server_hostname);
    ap_str_tolower(guessed);
    return guessed;
}

/* What the state file has of a board, or NULL. */
static const glance_saved_state_board_t *saved_board(const round_t *round,
                                                     const glance_store_t *store)
{
    const glance_saved_state_board_t *saved = find_saved(round, store->name);
    const char *guessed = guessed_name(store->name, store->server, round->pool);

    return saved || !guessed ? saved : find_saved(round, guessed);
}

/* The board's memory, or NULL. */
static glance_segment_t *find_segment(const glance_store_t *store, apr_pool_t *pool)
{
    glance_segment_t *list = *glance_retained_segments();
    glance_segment_t *segment = glance_segment_find(list, store->name);
    const char *guessed = guessed_name(store->name, store->server, pool);

    if (segment || !guessed) {
        return segment;
    }
    segment = glance_segment_find(list, guessed);
    if (segment) {
        glance_segment_rename(segment, store->name);
    }
    return segment;
}

/* Makes a board that is not in memory yet, with the states of the state file. */
static apr_status_t begin(glance_store_t *store, const apr_array_header_t *clusters,
                          glance_shm_file_place_t place, const round_t *round)
{
    const glance_saved_state_board_t *saved = saved_board(round, store);
    glance_segment_t *segment;
    apr_status_t rv = make_board(store, clusters, place, &segment, round->pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (saved) {
        glance_saved_state_restore(saved, store->board, glance_clock_now());
        if (round->saved->clean && glance_clusters_equal(saved->clusters, clusters)) {
            glance_board_restore_sequence(store->board, saved->epoch, saved->latest);
        }
    }
    return APR_SUCCESS;
}

/* Without a state file no board is kept: it would still be there at a later start with a newer
 * state file. */
static const char *why_stale(const char *name, const glance_board_t *board, const void *data)
{
    const round_t *round = data;
    const glance_saved_state_board_t *saved = find_saved(round, name);

    if (!round->keeps_states) {
        return GLANCE_STATE_FILE " is none";
    }
    return saved && glance_saved_state_is_newer(saved, round->saved->clean, board)
               ? "the state file is newer"
               : NULL;
}

/* The board that a killed server left, or else a new one. */
static apr_status_t adopt_or_begin(glance_store_t *store, const apr_array_header_t *clusters,
                                   glance_segment_t **segment, const round_t *round)
{
    glance_shm_file_place_t place = kept_place(store, round->pool);

    *segment = glance_segment_adopt(glance_retained_segments(), store->name, &place, why_stale,
                                    round, store->server, round->pool);
    if (*segment) {
        return APR_SUCCESS;
    }
    if (!round->keeps_states) {
        place.path = NULL;
    }
    return begin(store, clusters, place, round);
}

static apr_status_t attach(glance_store_t *store, const apr_array_header_t *clusters,
                           const round_t *round)
{
    glance_segment_t *segment = find_segment(store, round->pool);
    const char *how = "kept";
    apr_status_t rv = APR_SUCCESS;

    if (!segment) {
        rv = adopt_or_begin(store, clusters, &segment, round);
        how = segment ? "taken over from a server that was killed" : "new";
    }
    if (segment && glance_segment_open(&store->board, segment, round->pool) == APR_SUCCESS
        && glance_board_matches(store->board, clusters)) {
        /* The timeout may have changed. */
        glance_board_expect_sweep(store->board);
    }
    else if (segment) {
        rv = migrate(store, clusters, segment, round->pool);
        how = "migrated to new clusters";
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
    glance_store_t *store = glance_store_add(declared->name, declared->server, pool);

    store->times = declared->times;
    return store;
}

static apr_status_t set_up_board(const glance_post_config_board_t *declared, const round_t *round)
{
    glance_store_t *store = glance_store_find(declared->name);
    apr_status_t rv;

    if (store) {
        return APR_SUCCESS;
    }
    store = make_store(declared, round->pool);
    rv = attach(store, declared->clusters, round);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, declared->server,
                     GLANCE_LOGNO(0014) "cannot set up the board of %s", store->name);
    }
    return rv;
}

/* Drops the boards whose server is no longer configured. */
static void drop_orphans(server_rec *server, apr_pool_t *pool)
{
    glance_segment_t **segments = glance_retained_segments();
    glance_segment_t *segment;
    glance_segment_t *next;

    for (segment = *segments; segment; segment = next) {
        glance_board_t *board;

        next = segment->next;
        if (glance_store_find(segment->name)) {
            continue;
        }
        if (glance_segment_open(&board, segment, pool) == APR_SUCCESS) {
            (void)glance_store_close(board, segment->name, server);
        }
        glance_shm_file_forget(&segment->memory);
        glance_segment_drop(segments, segment);
    }
}

static apr_status_t set_up_all(const apr_array_header_t *boards, const round_t *round)
{
    int i;

    glance_store_begin();
    for (i = 0; i < boards->nelts; i++) {
        apr_status_t rv = set_up_board(&APR_ARRAY_IDX(boards, i, glance_post_config_board_t),
                                       round);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

void glance_post_config_publish(server_rec *server, apr_pool_t *ptemp)
{
    glance_segment_t *segment;

    for (segment = *glance_retained_segments(); segment; segment = segment->next) {
        glance_segment_publish(segment, server);
    }
    drop_orphans(server, ptemp);
}

int glance_post_config_boards(const apr_array_header_t *boards, const char *state_file,
                              server_rec *server, apr_pool_t *pconf)
{
    round_t round = {.keeps_states = state_file != NULL, .pool = pconf};
    apr_pool_t *loading;
    int is_new;
    apr_status_t rv;

    rv = glance_retained_post_config(server, &is_new);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, server,
                     GLANCE_LOGNO(0016) "cannot make the lock or the shared memory of the boards");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    loading = glance_scratch_begin("glance_state_file");
    if (is_new) {
        round.saved = glance_state_file_load(state_file, server, loading);
    }
    rv = set_up_all(boards, &round);
    glance_scratch_end(loading);
    return rv == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}
