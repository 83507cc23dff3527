/* config_check.c: whether the settings of all servers fit together.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/config_check.h"

#include "apr_strings.h"

#include "util_mutex.h"

#include "core/auth.h"
#include "core/board.h"
#include "boards/store.h"
#include "http/config.h"

#define COMPLAIN(server, ...) \
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, server, __VA_ARGS__)

static const char *place_of(apr_pool_t *pool, const server_rec *server)
{
    return server->defn_name ? apr_psprintf(pool, "the virtual host at %s:%u", server->defn_name,
                                            server->defn_line_number)
                             : "the main server";
}

static int check_board(apr_pool_t *pool, const server_rec *server)
{
    const apr_array_header_t *clusters = glance_config_of(server)->clusters;

    if (!clusters->nelts) {
        COMPLAIN(server, GLANCE_BOTS " in %s names no cluster; add one as name:shards",
                 place_of(pool, server));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!glance_board_size(clusters)) {
        COMPLAIN(server,
                 GLANCE_BOTS " in %s names more shards than one board can have; declare "
                             "some of its clusters in a virtual host of their own",
                 place_of(pool, server));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

static int names_cluster(const apr_array_header_t *clusters, const char *name)
{
    int i;

    for (i = 0; clusters && i < clusters->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(clusters, i, glance_cluster_t).name, name)) {
            return 1;
        }
    }
    return 0;
}

/* Inherited passphrases are checked where they are written. */
static int check_keys(apr_pool_t *pool, const server_rec *main_server, const server_rec *server)
{
    const glance_settings_t *own = glance_config_of(server);
    int i;

    if (server != main_server && own->keys == glance_config_of(main_server)->keys) {
        return OK;
    }
    for (i = 0; own->keys && i < own->keys->nelts; i++) {
        const char *cluster = APR_ARRAY_IDX(own->keys, i, glance_key_t).cluster;

        if (cluster && !names_cluster(own->clusters, cluster)) {
            COMPLAIN(server,
                     GLANCE_CLUSTER_PASSPHRASE
                     " in %s is for cluster '%s', which no " GLANCE_BOTS
                     " of that server names; write it beside the " GLANCE_BOTS " that names it",
                     place_of(pool, server), cluster);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

/* The directive whose time differs, or NULL. */
static const char *differing_time(const glance_settings_t *one, const glance_settings_t *other)
{
    if (one->times.timeout != other->times.timeout) {
        return GLANCE_HEALTH_TIMEOUT;
    }
    return one->times.timer_interval != other->times.timer_interval ? GLANCE_HEALTH_TIMER_INTERVAL
                                                                    : NULL;
}

/* A virtual host without a board of its own shares the main server's board and its times. */
static int check_times(apr_pool_t *pool, const server_rec *main_server, const server_rec *server)
{
    const glance_settings_t *own = glance_config_of(server);
    const char *directive = differing_time(own, glance_config_of(main_server));

    if (server != main_server && glance_config_written(server)->board
        && glance_config_written(server) != glance_config_written(main_server)) {
        directive = GLANCE_BOARD;
    }
    if (!directive) {
        return OK;
    }
    COMPLAIN(server,
             "%s sets %s but shares the main server's board: move it to the main server, "
             "or add " GLANCE_BOTS " for a board of its own",
             place_of(pool, server), directive);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* Servers whose boards have the same name share one board, so its settings must be the same. */
static int check_pair(apr_pool_t *pool, const server_rec *one, const server_rec *other)
{
    const glance_settings_t *a = glance_config_of(one);
    const glance_settings_t *b = glance_config_of(other);
    const char *directive = glance_clusters_equal(a->clusters, b->clusters) ? differing_time(a, b)
                                                                            : GLANCE_BOTS;

    if (!directive) {
        return OK;
    }
    COMPLAIN(other,
             "%s differs between %s and %s, which share one board because both have the "
             "name %s: make them equal, or name one of the boards with " GLANCE_BOARD,
             directive, place_of(pool, one), place_of(pool, other), glance_config_of(one)->board);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int check_pairs(apr_pool_t *pool, const server_rec *main_server, const server_rec *one)
{
    const server_rec *other;

    for (other = one->next; other; other = other->next) {
        if (glance_config_has_board(other, main_server)
            && !strcmp(glance_config_of(one)->board, glance_config_of(other)->board)
            && check_pair(pool, one, other) != OK) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

/* Whether the names after a Mutex directive's mechanism apply to this mutex. */
static int names_mutex(apr_pool_t *pool, const char *names, const char *wanted)
{
    int found = 0;
    int any = 0;

    while (*names) {
        const char *name = ap_getword_conf(pool, &names);

        found |= !ap_cstr_casecmp(name, wanted);
        any |= ap_cstr_casecmp(name, "OmitPID") != 0;
    }
    return found || (!any && !strcmp(wanted, "default"));
}

/* The Mutex directive that applies to this mutex: the last one that names it. */
static const ap_directive_t *mutex_directive(apr_pool_t *pool, const char *wanted)
{
    const ap_directive_t *found = NULL;
    const ap_directive_t *directive;

    for (directive = ap_conftree; directive; directive = directive->next) {
        const char *args = directive->args;

        if (!ap_cstr_casecmp(directive->directive, "Mutex")) {
            (void)ap_getword_conf(pool, &args);
            if (names_mutex(pool, args, wanted)) {
                found = directive;
            }
        }
    }
    return found;
}

/* A POSIX semaphore stays locked forever when a child dies while it holds it. */
static int check_mutex(apr_pool_t *pool, const server_rec *server)
{
    const ap_directive_t *directive = mutex_directive(pool, "glance");
    const char *args;
    const char *file;
    apr_lockmech_e mechanism;

    if (!directive) {
        directive = mutex_directive(pool, "default");
    }
    if (!directive) {
        return OK;
    }
    args = directive->args;
    if (ap_parse_mutex(ap_getword_conf(pool, &args), pool, &mechanism, &file) != APR_SUCCESS
        || mechanism != APR_LOCK_POSIXSEM) {
        return OK;
    }
    COMPLAIN(server,
             "Mutex at %s:%d: mod_glance cannot use posixsem, which stays locked forever after "
             "a child dies while it holds it; add a line such as: Mutex pthread glance",
             directive->filename, directive->line_num);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int check_one(apr_pool_t *pool, const server_rec *main_server, const server_rec *one)
{
    int status = check_keys(pool, main_server, one);

    if (status != OK) {
        return status;
    }
    if (!glance_config_has_board(one, main_server)) {
        return check_times(pool, main_server, one);
    }
    status = check_board(pool, one);
    if (status == OK) {
        status = check_pairs(pool, main_server, one);
    }
    return status == OK ? check_mutex(pool, one) : status;
}

int glance_config_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const server_rec *one;
    int status = OK;

    (void)pconf;
    (void)plog;
    for (one = server; one && status == OK; one = one->next) {
        status = check_one(ptemp, server, one);
    }
    return status;
}

/* ---- who can write, on the post_config hook ---- */

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

/* One passphrase turns the check on for all clusters. */
static void warn_of_closed_clusters(const server_rec *server, const apr_array_header_t *keys,
                                    const glance_store_t *store)
{
    apr_uint32_t i;

    for (i = 0; i < store->board->cluster_count; i++) {
        const glance_board_cluster_t *cluster = &store->board->clusters[i];

        if (!has_key(keys, cluster)) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                         GLANCE_LOGNO(0121) "board %s: nobody can write cluster '%s' here, as no "
                                            "passphrase opens it; set " GLANCE_PASSPHRASE
                                            " or " GLANCE_CLUSTER_PASSPHRASE,
                         store->name, cluster->name);
        }
    }
}

/* Whether the warnings of the main server say the same. */
static int is_like_main(const server_rec *server, const server_rec *main_server)
{
    return server != main_server && !glance_config_has_board(server, main_server)
           && glance_config_of(server)->keys == glance_config_of(main_server)->keys;
}

static void warn_of_keys(const server_rec *server, const server_rec *main_server)
{
    const apr_array_header_t *keys = glance_config_of(server)->keys;
    const glance_store_t *store = glance_config_store(server);

    if (!store || is_like_main(server, main_server)) {
        return;
    }
    if (keys) {
        warn_of_closed_clusters(server, keys, store);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 GLANCE_LOGNO(0015) "board %s: everybody who reaches this server can write it; "
                                    "set " GLANCE_PASSPHRASE " or " GLANCE_PASSPHRASE_FILE,
                 store->name);
}

void glance_config_check_keys(const server_rec *main_server)
{
    const server_rec *one;

    for (one = main_server; one; one = one->next) {
        warn_of_keys(one, main_server);
    }
}
