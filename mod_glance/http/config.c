/* config.c: the directives.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/config.h"

#include "apr_lib.h"
#include "apr_strings.h"

#include "http_core.h"

#include "core/auth.h"
#include "core/clusters.h"
#include "core/duration.h"
#include "core/secret.h"
#include "boards/post_config.h"
#include "boards/store.h"
#include "http/endpoint.h"

#define USUAL_TIMEOUT apr_time_from_sec(30)
#define USUAL_TIMER_INTERVAL apr_time_from_sec(15)
#define USUAL_STREAM_INTERVAL apr_time_from_msec(50)
#define USUAL_STATE_FILE "glance-state.json"
#define NO_STATE_FILE "none"

#define SECRETS_FILE_MAX 65536
#define MAX_VIEWERS_LIMIT 1000000

/* One server's directives as they stand; NULL and 0 mean "not set". */
typedef struct {
    glance_settings_t settings; /* what follows, with defaults, once all is read */
    apr_array_header_t *clusters;
    apr_array_header_t *keys;
    int open; /* GlancePassphrase "" */
    apr_interval_time_t timeout;
    apr_interval_time_t timer_interval;
    apr_interval_time_t stream_interval;
    int max_viewers; /* plus one */
    const char *state_file;
} server_t;

/* ---- create, merge, get ---- */

void *glance_config_create_server(apr_pool_t *pool, server_rec *server)
{
    (void)server;
    return apr_pcalloc(pool, sizeof(server_t));
}

/* A key for a cluster is for the board of the server where it is written: another board may have
 * an unrelated cluster of that name. What is left may be none: the check is on all the same. */
static apr_array_header_t *keys_for_all(apr_pool_t *pool, const apr_array_header_t *keys)
{
    apr_array_header_t *left = apr_array_make(pool, keys->nelts, sizeof(glance_key_t));
    int i;

    for (i = 0; i < keys->nelts; i++) {
        const glance_key_t *key = &APR_ARRAY_IDX(keys, i, glance_key_t);

        if (!key->cluster) {
            APR_ARRAY_PUSH(left, glance_key_t) = *key;
        }
    }
    return left;
}

static apr_array_header_t *inherited_keys(apr_pool_t *pool, const server_t *base,
                                          const server_t *vhost)
{
    return base->keys && vhost->clusters ? keys_for_all(pool, base->keys) : base->keys;
}

void *glance_config_merge_server(apr_pool_t *pool, void *base, void *add)
{
    const server_t *main_server = base;
    const server_t *vhost = add;
    server_t *merged = apr_pmemdup(pool, vhost, sizeof *vhost);

    if (!merged->clusters) {
        merged->clusters = main_server->clusters;
    }
    if (!merged->keys && !merged->open) {
        merged->keys = inherited_keys(pool, main_server, vhost);
        merged->open = main_server->open;
    }
    if (!merged->timeout) {
        merged->timeout = main_server->timeout;
    }
    if (!merged->timer_interval) {
        merged->timer_interval = main_server->timer_interval;
    }
    return merged;
}

void *glance_config_create_dir(apr_pool_t *pool, char *path)
{
    (void)path;
    return apr_pcalloc(pool, sizeof(glance_location_t));
}

void *glance_config_merge_dir(apr_pool_t *pool, void *base, void *add)
{
    const glance_location_t *outer = base;
    const glance_location_t *inner = add;

    return apr_pmemdup(pool, inner->handler ? inner : outer, sizeof *inner);
}

static server_t *server_of(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &glance_module);
}

glance_settings_t *glance_config_of(const server_rec *server)
{
    return &server_of(server)->settings;
}

void glance_config_settle(server_rec *main_server)
{
    server_rec *one;

    for (one = main_server; one; one = one->next) {
        server_t *server = server_of(one);
        glance_settings_t *settings = &server->settings;

        settings->clusters = server->clusters;
        settings->keys = server->keys;
        settings->timeout = server->timeout ? server->timeout : USUAL_TIMEOUT;
        settings->timer_interval = server->timer_interval ? server->timer_interval
                                                          : USUAL_TIMER_INTERVAL;
    }
}

int glance_config_is_own(const server_rec *server, const server_rec *main_server)
{
    return server == main_server || server_of(server) != server_of(main_server);
}

int glance_config_has_board(const server_rec *server, const server_rec *main_server)
{
    return glance_config_is_own(server, main_server) && glance_config_of(server)->declares_board;
}

const apr_array_header_t *glance_config_boards(const server_rec *main_server, apr_pool_t *pool)
{
    apr_array_header_t *boards = apr_array_make(pool, 1, sizeof(glance_post_config_board_t));
    const server_rec *one;

    for (one = main_server; one; one = one->next) {
        const glance_settings_t *settings = glance_config_of(one);
        glance_post_config_board_t *board;

        if (glance_config_has_board(one, main_server)) {
            board = apr_array_push(boards);
            board->server = one;
            board->clusters = settings->clusters;
            board->timeout = settings->timeout;
            board->timer_interval = settings->timer_interval;
        }
    }
    return boards;
}

void glance_config_attach(const server_rec *main_server)
{
    const server_rec *one;

    for (one = main_server; one; one = one->next) {
        glance_config_of(one)->store = glance_config_has_board(one, main_server)
                                           ? glance_store_find(one->server_hostname)
                                           : glance_config_of(main_server)->store;
    }
}

glance_hub_settings_t glance_config_hub(const server_rec *server)
{
    int viewers = server_of(server)->max_viewers;
    apr_interval_time_t interval = server_of(server)->stream_interval;

    return (glance_hub_settings_t){
        .max_viewers = viewers ? viewers - 1 : GLANCE_MAX_VIEWERS_AUTO,
        .stream_interval = interval ? interval : USUAL_STREAM_INTERVAL,
    };
}

/* Late, since DefaultRuntimeDir may stand below GlanceStateFile. */
const char *glance_config_state_file(const server_rec *server, apr_pool_t *pool)
{
    const char *file = server_of(server)->state_file;

    if (!file) {
        file = USUAL_STATE_FILE;
    }
    return ap_cstr_casecmp(file, NO_STATE_FILE) ? ap_runtime_dir_relative(pool, file) : NULL;
}

/* ---- directives ---- */

static const char *complain(const cmd_parms *cmd, const char *fault)
{
    return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", fault, NULL);
}

static const char *set_bots(cmd_parms *cmd, void *dir, const char *argument)
{
    server_t *server = server_of(cmd->server);
    const char *fault;

    (void)dir;
    if (!server->clusters) {
        server->clusters = apr_array_make(cmd->pool, 4, sizeof(glance_cluster_t));
        server->settings.declares_board = 1;
    }
    fault = glance_clusters_add(server->clusters, argument, cmd->pool);
    return fault ? complain(cmd, fault) : NULL;
}

/* cluster: which one the secret opens; NULL: all. */
static const char *add_secret(const cmd_parms *cmd, const char *secret, const char *cluster)
{
    server_t *server = server_of(cmd->server);
    const char *fault = glance_secret_fault(secret);
    glance_key_t *key;

    if (fault) {
        return complain(cmd, fault);
    }
    if (!server->keys) {
        server->keys = apr_array_make(cmd->pool, 2, sizeof(glance_key_t));
    }
    key = apr_array_push(server->keys);
    key->secret = secret;
    key->cluster = cluster;
    return NULL;
}

/* mod_info and -D DUMP_CONFIG show directives as they were read, and a core has what memory has. */
static void hide_secrets(const cmd_parms *cmd, const char *shown)
{
    ap_directive_t *directive = (ap_directive_t *)cmd->directive;

    memset((char *)directive->args, '*', strlen(directive->args));
    directive->args = shown;
}

static const char *contradiction(const cmd_parms *cmd)
{
    const server_t *server = server_of(cmd->server);

    return server->open && server->keys
               ? complain(cmd, GLANCE_PASSPHRASE " \"\" switches the check off, and another "
                                                 "passphrase switches it on; remove one of them")
               : NULL;
}

static const char *take_passphrase(const cmd_parms *cmd, const char *secret)
{
    const char *fault = NULL;

    if (*secret) {
        fault = add_secret(cmd, secret, NULL);
    }
    else {
        server_of(cmd->server)->open = 1;
        glance_config_of(cmd->server)->says_open = 1;
    }
    return fault ? fault : contradiction(cmd);
}

/* httpd's own loop over arguments (ITERATE) ends at an empty one. */
static const char *set_passphrases(cmd_parms *cmd, void *dir, const char *arguments)
{
    const char *fault = NULL;

    (void)dir;
    if (!*arguments) {
        return complain(cmd, "needs an argument: a passphrase, or \"\" for none");
    }
    while (*arguments && !fault) {
        fault = take_passphrase(cmd, ap_getword_conf(cmd->pool, &arguments));
    }
    hide_secrets(cmd, "(hidden)");
    return fault;
}

static const char *set_cluster_passphrases(cmd_parms *cmd, void *dir, const char *arguments)
{
    const char *cluster = ap_getword_conf(cmd->pool, &arguments);
    const char *fault = NULL;

    (void)dir;
    if (!*cluster || !*arguments) {
        return complain(cmd, "needs the name of a cluster and, behind it, a passphrase");
    }
    while (*arguments && !fault) {
        fault = add_secret(cmd, ap_getword_conf(cmd->pool, &arguments), cluster);
    }
    hide_secrets(cmd, apr_psprintf(cmd->pool, "\"%s\" (hidden)", cluster));
    return fault ? fault : contradiction(cmd);
}

/* Whether more can be done with the file than by its owner and by root's own group. */
static void warn_of_file(const cmd_parms *cmd, const char *path, const apr_finfo_t *info)
{
    apr_fileperms_t others = APR_FPROT_WREAD | APR_FPROT_WWRITE;

    if (info->group != 0) {
        others |= APR_FPROT_GREAD | APR_FPROT_GWRITE;
    }
    if (info->protection & others) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                     GLANCE_LOGNO(0001) GLANCE_PASSPHRASE_FILE
                     ": others than its owner can %s %s: chmod it to 0600",
                     info->protection & others & (APR_FPROT_WWRITE | APR_FPROT_GWRITE) ? "change"
                                                                                       : "read",
                     path);
    }
}

/* Reads the file into text, which has room for one byte more than the most, and the end. */
static const char *read_secrets(cmd_parms *cmd, const char *path, char *text)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t length = SECRETS_FILE_MAX + 1;
    apr_status_t rv;

    rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_PROT | APR_FINFO_OWNER, cmd->temp_pool);
    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        return complain(cmd, apr_psprintf(cmd->pool, "%s is not a regular file", path));
    }
    if (rv == APR_SUCCESS || rv == APR_INCOMPLETE) {
        rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, cmd->temp_pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, text, length, &length);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        return complain(cmd, apr_psprintf(cmd->pool, "cannot read %s: %pm", path, &rv));
    }
    if (length > SECRETS_FILE_MAX) {
        return complain(cmd, apr_psprintf(cmd->pool, "%s is larger than 64 KiB", path));
    }
    if (memchr(text, '\0', length)) {
        return complain(cmd, apr_psprintf(cmd->pool, "%s has a NUL, which no HTTP header can carry",
                                          path));
    }
    warn_of_file(cmd, path, &info);
    return NULL;
}

static const char *take_lines(cmd_parms *cmd, const char *path, char *text)
{
    const char *fault = NULL;
    int number = 0;
    int count = 0;
    char *line;

    while (!fault && (line = glance_secret_next(&text, &number))) {
        fault = add_secret(cmd, line, NULL);
        count++;
    }
    if (fault) {
        return apr_psprintf(cmd->pool, "%s (line %d of %s)", fault, number, path);
    }
    return count ? NULL : complain(cmd, apr_psprintf(cmd->pool, "%s holds no passphrase", path));
}

static const char *set_passphrase_file(cmd_parms *cmd, void *dir, const char *argument)
{
    const char *path = ap_server_root_relative(cmd->pool, argument);
    char *text = apr_pcalloc(cmd->pool, SECRETS_FILE_MAX + 2);
    const char *fault;

    (void)dir;
    if (!path) {
        return complain(cmd, apr_psprintf(cmd->pool, "'%s' is not a path", argument));
    }
    fault = read_secrets(cmd, path, text);
    if (!fault) {
        fault = take_lines(cmd, path, text);
    }
    return fault ? fault : contradiction(cmd);
}

static const char *read_time(const cmd_parms *cmd, const char *argument, apr_interval_time_t limit,
                             apr_interval_time_t *time)
{
    apr_status_t rv = glance_duration_parse(time, argument, limit);

    if (rv == APR_ENOSPC) {
        return complain(cmd, apr_psprintf(cmd->pool, "'%s' is longer than %d s", argument,
                                          (int)apr_time_sec(limit)));
    }
    if (rv != APR_SUCCESS) {
        return complain(cmd, apr_psprintf(cmd->pool,
                                          "'%s' is not a time such as 30, 30s, 500ms, 2min or 1h",
                                          argument));
    }
    if (*time <= 0) {
        return complain(cmd,
                        apr_psprintf(cmd->pool, "'%s' is no time; 1ms is the least", argument));
    }
    return NULL;
}

#define WEEK apr_time_from_sec(7 * 24 * 3600)

static const char *set_health_timeout(cmd_parms *cmd, void *dir, const char *argument)
{
    (void)dir;
    return read_time(cmd, argument, WEEK, &server_of(cmd->server)->timeout);
}

static const char *set_health_timer_interval(cmd_parms *cmd, void *dir, const char *argument)
{
    (void)dir;
    return read_time(cmd, argument, WEEK, &server_of(cmd->server)->timer_interval);
}

static const char *set_stream_interval(cmd_parms *cmd, void *dir, const char *argument)
{
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    (void)dir;
    return fault ? fault
                 : read_time(cmd, argument, apr_time_from_sec(60),
                             &server_of(cmd->server)->stream_interval);
}

static const char *set_max_viewers(cmd_parms *cmd, void *dir, const char *argument)
{
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    server_t *server = server_of(cmd->server);
    apr_size_t digits = strspn(argument, "0123456789");

    (void)dir;
    if (fault) {
        return fault;
    }
    if (!ap_cstr_casecmp(argument, "auto")) {
        server->max_viewers = 0;
        return NULL;
    }
    if (!digits || argument[digits] || digits > 7 || atoi(argument) > MAX_VIEWERS_LIMIT) {
        return complain(cmd, apr_psprintf(cmd->pool, "'%s' is neither auto nor a number up to %d",
                                          argument, MAX_VIEWERS_LIMIT));
    }
    server->max_viewers = atoi(argument) + 1;
    return NULL;
}

static const char *set_state_file(cmd_parms *cmd, void *dir, const char *argument)
{
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    apr_size_t length = strlen(argument);

    (void)dir;
    if (fault) {
        return fault;
    }
    if (!length || argument[length - 1] == '/' || !ap_runtime_dir_relative(cmd->pool, argument)) {
        return complain(cmd, apr_psprintf(cmd->pool,
                                          "'%s' is not the path of a file, nor " NO_STATE_FILE,
                                          argument));
    }
    server_of(cmd->server)->state_file = argument;
    return NULL;
}

/* GlanceEndpoint must know the path in front of the argument, so it takes a plain <Location>. */
static const char *location_fault(const cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;

    if (!section || ap_cstr_casecmp(section->directive, "<Location") != 0) {
        return "belongs inside <Location \"/a/path\">";
    }
    if (!cmd->path || *cmd->path != '/' || *section->args == '~' || ap_is_matchexp(cmd->path)) {
        return "needs a <Location> with a plain path, without regular expression or wildcard";
    }
    return NULL;
}

static const char *set_endpoint(cmd_parms *cmd, void *config, const char *name)
{
    glance_location_t *location = config;
    const char *fault = location_fault(cmd);
    apr_size_t length;

    if (fault) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", name, " ", fault, NULL);
    }
    location->handler = glance_endpoint_handler(name);
    if (!location->handler) {
        return complain(cmd,
                        apr_psprintf(cmd->pool, "'%s' is not one of " GLANCE_ENDPOINT_NAMES, name));
    }
    length = strlen(cmd->path);
    while (length && cmd->path[length - 1] == '/') {
        length--;
    }
    location->prefix = apr_pstrmemdup(cmd->pool, cmd->path, length);
    return NULL;
}

const command_rec glance_config_commands[] = {
    AP_INIT_ITERATE(GLANCE_BOTS, set_bots, NULL, RSRC_CONF,
                    "the bot's clusters, each as name:shards"),
    AP_INIT_RAW_ARGS(GLANCE_CLUSTER_PASSPHRASE, set_cluster_passphrases, NULL, RSRC_CONF,
                     "a cluster, and secrets that let a bot write that cluster alone"),
    AP_INIT_RAW_ARGS(GLANCE_PASSPHRASE, set_passphrases, NULL, RSRC_CONF,
                     "secrets, any of which lets a bot write"),
    AP_INIT_TAKE1(GLANCE_PASSPHRASE_FILE, set_passphrase_file, NULL, RSRC_CONF,
                  "a file with one such secret a line"),
    AP_INIT_TAKE1(GLANCE_ENDPOINT, set_endpoint, NULL, ACCESS_CONF,
                  GLANCE_ENDPOINT_NAMES ": what this location serves"),
    AP_INIT_TAKE1(GLANCE_HEALTH_TIMEOUT, set_health_timeout, NULL, RSRC_CONF,
                  "how long a shard may be silent before it is called unhealthy"),
    AP_INIT_TAKE1(GLANCE_HEALTH_TIMER_INTERVAL, set_health_timer_interval, NULL, RSRC_CONF,
                  "time between two of the parent's own sweeps"),
    AP_INIT_TAKE1(GLANCE_STATE_FILE, set_state_file, NULL, RSRC_CONF,
                  "where states are kept while the server is down, or none"),
    AP_INIT_TAKE1(GLANCE_STREAM_INTERVAL, set_stream_interval, NULL, RSRC_CONF,
                  "the shortest time between two broadcasts to viewers"),
    AP_INIT_TAKE1(GLANCE_MAX_VIEWERS, set_max_viewers, NULL, RSRC_CONF,
                  "how many streams one child may hold open, or auto"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};
