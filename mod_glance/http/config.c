/* config.c: the settings of each server: created, merged, resolved, read.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/config.h"

#include <limits.h>
#include <string.h>

#include "apr_strings.h"

#include "core/auth.h"
#include "boards/post_config.h"

/* No directive accepts it, and it differs from GLANCE_MAX_VIEWERS_AUTO. */
#define UNSET INT_MIN

#define USUAL_TIMEOUT apr_time_from_sec(30)
#define USUAL_TIMER_INTERVAL apr_time_from_sec(15)
#define USUAL_STREAM_INTERVAL apr_time_from_msec(50)
#define USUAL_STATE_FILE "glance-state.json"

typedef struct {
    glance_settings_t written;
    glance_settings_t resolved;
    glance_store_t *store;
} config_t;

/* ---- create and merge ---- */

void *glance_config_create(apr_pool_t *pool, server_rec *server)
{
    config_t *config = apr_pcalloc(pool, sizeof *config);

    (void)server;
    config->written = (glance_settings_t){
        .is_open = UNSET,
        .times = {.timeout = UNSET, .timer_interval = UNSET, .stream_interval = UNSET},
        .max_viewers = UNSET,
    };
    return config;
}

/* The passphrases of the main server that open all clusters. Without any, this is an empty list,
 * with which the check is still on. */
static apr_array_header_t *general_keys(apr_pool_t *pool, const apr_array_header_t *keys)
{
    apr_array_header_t *general = apr_array_make(pool, keys->nelts, sizeof(glance_key_t));
    int i;

    for (i = 0; i < keys->nelts; i++) {
        const glance_key_t *key = &APR_ARRAY_IDX(keys, i, glance_key_t);

        if (!key->cluster) {
            APR_ARRAY_PUSH(general, glance_key_t) = *key;
        }
    }
    return general;
}

/* A virtual host with a board of its own does not inherit passphrases of single clusters: its board
 * may have an unrelated cluster of the same name. */
static void merge_keys(apr_pool_t *pool, glance_settings_t *merged, const glance_settings_t *base)
{
    if (merged->keys || merged->is_open != UNSET) {
        return;
    }
    merged->is_open = base->is_open;
    merged->keys = base->keys && merged->clusters ? general_keys(pool, base->keys) : base->keys;
}

#define INHERIT(member, unset) \
    do { \
        if (merged->member == (unset)) { \
            merged->member = base->member; \
        } \
    } while (0)

static void merge(apr_pool_t *pool, glance_settings_t *merged, const glance_settings_t *base)
{
    merge_keys(pool, merged, base);
    INHERIT(clusters, NULL);
    INHERIT(times.timeout, UNSET);
    INHERIT(times.timer_interval, UNSET);
    INHERIT(times.stream_interval, UNSET);
    INHERIT(max_viewers, UNSET);
    INHERIT(state_file, NULL);
}

void *glance_config_merge(apr_pool_t *pool, void *base, void *add)
{
    const config_t *main_server = base;
    config_t *merged = apr_pmemdup(pool, add, sizeof *merged);

    merge(pool, &merged->written, &main_server->written);
    return merged;
}

/* httpd gives a virtual host without any of our directives the main server's own structure. */
static config_t *config_of(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &glance_module);
}

/* ---- write ---- */

glance_settings_t *glance_config_written(const server_rec *server)
{
    return &config_of(server)->written;
}

const char *glance_config_fault(const cmd_parms *cmd, const char *format, ...)
{
    const char *fault;
    va_list arguments;

    va_start(arguments, format);
    fault = apr_pvsprintf(cmd->pool, format, arguments);
    va_end(arguments);
    return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", fault, NULL);
}

/* ---- the names of boards ---- */

static int has_server_name(const ap_directive_t *directive)
{
    while (directive && ap_cstr_casecmp(directive->directive, "ServerName") != 0) {
        directive = directive->next;
    }
    return directive != NULL;
}

/* The section of a virtual host in the configuration, or NULL. */
static const ap_directive_t *section_of(const server_rec *server)
{
    const ap_directive_t *directive;

    for (directive = ap_conftree; directive; directive = directive->next) {
        if (!ap_cstr_casecmp(directive->directive, "<VirtualHost")
            && directive->line_num == (int)server->defn_line_number
            && !strcmp(directive->filename, server->defn_name)) {
            return directive;
        }
    }
    return NULL;
}

/* httpd guesses the name of a server without ServerName from that of the machine or of its address,
 * before any hook of a module runs. So only the parsed configuration tells who wrote it. A virtual
 * host without ServerName may have the main server's. */
static int is_name_written(const server_rec *server, const server_rec *main_server)
{
    const ap_directive_t *section;

    if (!server->defn_name) {
        return has_server_name(ap_conftree);
    }
    section = section_of(server);
    return (section && has_server_name(section->first_child))
           || (!ap_cstr_casecmp(server->server_hostname, main_server->server_hostname)
               && has_server_name(ap_conftree));
}

static const char *board_name(const server_rec *server, const server_rec *main_server,
                              const char *written, apr_pool_t *pool)
{
    char *name;

    if (written) {
        return written;
    }
    if (!is_name_written(server, main_server)) {
        return GLANCE_BOARD_DEFAULT;
    }
    name = apr_pstrdup(pool, server->server_hostname);
    ap_str_tolower(name);
    return name;
}

/* ---- resolve ---- */

static apr_interval_time_t time_or(apr_interval_time_t written, apr_interval_time_t usual)
{
    return written == UNSET ? usual : written;
}

/* DefaultRuntimeDir may be written after GlanceStateFile, so this waits for all directives. */
static const char *state_path(apr_pool_t *pool, const char *written)
{
    const char *file = written ? written : USUAL_STATE_FILE;

    return ap_cstr_casecmp(file, "none") ? ap_runtime_dir_relative(pool, file) : NULL;
}

static glance_settings_t resolve(const glance_settings_t *written, apr_pool_t *pool)
{
    glance_settings_t settings = *written;

    settings.is_open = written->is_open == 1;
    settings.times.timeout = time_or(written->times.timeout, USUAL_TIMEOUT);
    settings.times.timer_interval = time_or(written->times.timer_interval, USUAL_TIMER_INTERVAL);
    settings.times.stream_interval = time_or(written->times.stream_interval, USUAL_STREAM_INTERVAL);
    if (written->max_viewers == UNSET) {
        settings.max_viewers = GLANCE_MAX_VIEWERS_AUTO;
    }
    settings.state_file = state_path(pool, written->state_file);
    return settings;
}

int glance_config_resolve(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                          server_rec *main_server)
{
    const server_rec *one;

    (void)plog;
    (void)ptemp;
    for (one = main_server; one; one = one->next) {
        config_t *config = config_of(one);

        config->resolved = resolve(&config->written, pconf);
        config->resolved.board = board_name(one, main_server, config->written.board, pconf);
    }
    return OK;
}

/* ---- read ---- */

const glance_settings_t *glance_config_of(const server_rec *server)
{
    return &config_of(server)->resolved;
}

glance_store_t *glance_config_store(const server_rec *server)
{
    return config_of(server)->store;
}

/* An inherited list is the same array. */
int glance_config_has_board(const server_rec *server, const server_rec *main_server)
{
    const apr_array_header_t *clusters = glance_config_of(server)->clusters;

    return clusters
           && (server == main_server || clusters != glance_config_of(main_server)->clusters);
}

const apr_array_header_t *glance_config_boards(const server_rec *main_server, apr_pool_t *pool)
{
    apr_array_header_t *boards = apr_array_make(pool, 1, sizeof(glance_post_config_board_t));
    const server_rec *one;

    for (one = main_server; one; one = one->next) {
        if (glance_config_has_board(one, main_server)) {
            APR_ARRAY_PUSH(boards, glance_post_config_board_t) = (glance_post_config_board_t){
                .server = one,
                .name = glance_config_of(one)->board,
                .clusters = glance_config_of(one)->clusters,
                .times = glance_config_of(one)->times,
            };
        }
    }
    return boards;
}

void glance_config_attach(const server_rec *main_server)
{
    const server_rec *one;

    for (one = main_server; one; one = one->next) {
        config_of(one)->store = glance_config_has_board(one, main_server)
                                    ? glance_store_find(glance_config_of(one)->board)
                                    : config_of(main_server)->store;
    }
}

glance_hub_settings_t glance_config_hub(const server_rec *main_server)
{
    const glance_settings_t *settings = glance_config_of(main_server);

    return (glance_hub_settings_t){
        .max_viewers = settings->max_viewers,
        .stream_interval = settings->times.stream_interval,
    };
}
