/* config_check.c: what no single directive can check: whether they fit together.
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

static int check_server(apr_pool_t *pool, const server_rec *server)
{
    const glance_settings_t *own = glance_config_of(server);

    if (own->declares_board && !own->clusters->nelts) {
        COMPLAIN(server, GLANCE_BOTS " in %s names no cluster; give it one as name:shards",
                 place_of(pool, server));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (own->declares_board && !glance_board_size(own->clusters)) {
        COMPLAIN(server, GLANCE_BOTS " in %s names more shards than one board can have",
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
                     " for %s is for the cluster '%s', which no " GLANCE_BOTS " there names; "
                     "write it beside the " GLANCE_BOTS " that names it",
                     place_of(pool, server), cluster);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

/* A virtual host without a board of its own shares the main server's, with its times. */
static int check_times(apr_pool_t *pool, const server_rec *main_server, const server_rec *server)
{
    const glance_settings_t *base = glance_config_of(main_server);
    const glance_settings_t *own = glance_config_of(server);

    if (!glance_config_is_own(server, main_server) || glance_config_has_board(server, main_server)
        || (own->timeout == base->timeout && own->timer_interval == base->timer_interval)) {
        return OK;
    }
    COMPLAIN(server,
             "%s sets %s but shares the main server's board: move it to the main server, "
             "or add " GLANCE_BOTS " for a board of its own",
             place_of(pool, server),
             own->timeout != base->timeout ? GLANCE_HEALTH_TIMEOUT : GLANCE_HEALTH_TIMER_INTERVAL);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* Servers of one name share one board, so they must say the same about it. */
static int check_pair(apr_pool_t *pool, const server_rec *main_server, const server_rec *one,
                      const server_rec *other)
{
    const glance_settings_t *a = glance_config_of(one);
    const glance_settings_t *b = glance_config_of(other);
    const char *culprit = NULL;

    if (!glance_config_has_board(other, main_server)
        || ap_cstr_casecmp(one->server_hostname, other->server_hostname) != 0) {
        return OK;
    }
    if (!glance_clusters_equal(a->clusters, b->clusters)) {
        culprit = GLANCE_BOTS;
    }
    else if (a->timeout != b->timeout) {
        culprit = GLANCE_HEALTH_TIMEOUT;
    }
    else if (a->timer_interval != b->timer_interval) {
        culprit = GLANCE_HEALTH_TIMER_INTERVAL;
    }
    if (!culprit) {
        return OK;
    }
    COMPLAIN(other,
             "%s differs between %s and %s, which share one board because both have the "
             "ServerName %s: make them equal, or change one of the names",
             culprit, place_of(pool, one), place_of(pool, other), one->server_hostname);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* Whether a Mutex directive's names, all that follows the mechanism, hold this one. */
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

/* The directive that decides about that mutex: the last one that names it. */
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

/* A POSIX semaphore stays taken for ever when a child dies holding it. */
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
             "Mutex at %s:%d: mod_glance cannot use posixsem, which hangs for ever after a child "
             "dies holding it; add a line such as: Mutex pthread glance",
             directive->filename, directive->line_num);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int check_one(apr_pool_t *pool, const server_rec *main_server, const server_rec *one)
{
    const server_rec *other;

    if (check_server(pool, one) != OK || check_keys(pool, main_server, one) != OK
        || check_times(pool, main_server, one) != OK) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!glance_config_has_board(one, main_server)) {
        return OK;
    }
    for (other = one->next; other; other = other->next) {
        if (check_pair(pool, main_server, one, other) != OK) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return check_mutex(pool, one);
}

int glance_config_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const server_rec *one;

    (void)pconf;
    (void)plog;
    glance_config_settle(server);
    for (one = server; one; one = one->next) {
        if (check_one(ptemp, server, one) != OK) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
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

void glance_config_check_keys(const server_rec *main_server)
{
    const server_rec *one;

    for (one = main_server; one; one = one->next) {
        warn_of_keys(one, main_server);
    }
}
