/* commands.c: the directives, as httpd parses them.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/commands.h"

#include "apr_strings.h"

#include "http_core.h"

#include "core/clusters.h"
#include "core/duration.h"
#include "http/config.h"
#include "http/endpoint.h"
#include "http/passphrase_directives.h"

#define WEEK apr_time_from_sec(7 * 24 * 3600)
#define MINUTE apr_time_from_sec(60)
#define MAX_VIEWERS_LIMIT 1000000

static const char *set_bots(cmd_parms *cmd, void *dir, const char *argument)
{
    glance_settings_t *settings = glance_config_written(cmd->server);
    const char *fault;

    (void)dir;
    if (!settings->clusters) {
        settings->clusters = apr_array_make(cmd->pool, 4, sizeof(glance_cluster_t));
    }
    fault = glance_clusters_add(settings->clusters, argument, cmd->pool);
    return fault ? glance_config_fault(cmd, "%s", fault) : NULL;
}

static const char *set_board(cmd_parms *cmd, void *dir, const char *argument)
{
    char *name = apr_pstrdup(cmd->pool, argument);

    (void)dir;
    if (!*name) {
        return glance_config_fault(cmd, "the name is empty");
    }
    ap_str_tolower(name);
    glance_config_written(cmd->server)->board = name;
    return NULL;
}

static const char *read_time(const cmd_parms *cmd, const char *argument, apr_interval_time_t limit,
                             apr_interval_time_t *time)
{
    apr_status_t rv = glance_duration_parse(time, argument, limit);

    if (rv == APR_ENOSPC) {
        return glance_config_fault(cmd, "'%s' is longer than %d s", argument,
                                   (int)apr_time_sec(limit));
    }
    if (rv != APR_SUCCESS) {
        return glance_config_fault(cmd, "'%s' is not a time such as 30, 30s, 500ms, 2min or 1h",
                                   argument);
    }
    return *time > 0 ? NULL : glance_config_fault(cmd, "'%s' is too short: at least 1ms", argument);
}

static const char *set_health_timeout(cmd_parms *cmd, void *dir, const char *argument)
{
    (void)dir;
    return read_time(cmd, argument, WEEK, &glance_config_written(cmd->server)->times.timeout);
}

static const char *set_health_timer_interval(cmd_parms *cmd, void *dir, const char *argument)
{
    (void)dir;
    return read_time(cmd, argument, WEEK,
                     &glance_config_written(cmd->server)->times.timer_interval);
}

static const char *set_stream_interval(cmd_parms *cmd, void *dir, const char *argument)
{
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    (void)dir;
    return fault ? fault
                 : read_time(cmd, argument, MINUTE,
                             &glance_config_written(cmd->server)->times.stream_interval);
}

static const char *set_max_viewers(cmd_parms *cmd, void *dir, const char *argument)
{
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    int *max_viewers = &glance_config_written(cmd->server)->max_viewers;
    apr_size_t digits = strspn(argument, "0123456789");

    (void)dir;
    if (fault) {
        return fault;
    }
    if (!ap_cstr_casecmp(argument, "auto")) {
        *max_viewers = GLANCE_MAX_VIEWERS_AUTO;
        return NULL;
    }
    if (!digits || argument[digits] || digits > 7 || atoi(argument) > MAX_VIEWERS_LIMIT) {
        return glance_config_fault(cmd, "'%s' is neither auto nor a number from 0 to %d", argument,
                                   MAX_VIEWERS_LIMIT);
    }
    *max_viewers = atoi(argument);
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
        return glance_config_fault(cmd, "'%s' is neither the path of a file nor none", argument);
    }
    glance_config_written(cmd->server)->state_file = argument;
    return NULL;
}

/* The path of a plain <Location> is where the endpoint's own path ends and its argument begins. */
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
    location->endpoint = glance_endpoint_find(name);
    if (!location->endpoint) {
        return glance_config_fault(cmd, "'%s' is not one of %s", name,
                                   glance_endpoint_names(cmd->pool));
    }
    length = strlen(cmd->path);
    while (length && cmd->path[length - 1] == '/') {
        length--;
    }
    location->prefix = apr_pstrmemdup(cmd->pool, cmd->path, length);
    return NULL;
}

const command_rec glance_commands[] = {
    AP_INIT_TAKE1(GLANCE_BOARD, set_board, NULL, RSRC_CONF,
                  "the name of this server's board, in place of its ServerName"),
    AP_INIT_ITERATE(GLANCE_BOTS, set_bots, NULL, RSRC_CONF,
                    "the bot's clusters, each as name:shards"),
    AP_INIT_RAW_ARGS(GLANCE_CLUSTER_PASSPHRASE, glance_passphrase_directives_set_cluster, NULL,
                     RSRC_CONF, "a cluster, and the passphrases that open this cluster only"),
    AP_INIT_RAW_ARGS(GLANCE_PASSPHRASE, glance_passphrase_directives_set, NULL, RSRC_CONF,
                     "passphrases, any of which lets a bot write"),
    AP_INIT_TAKE1(GLANCE_PASSPHRASE_FILE, glance_passphrase_directives_set_file, NULL, RSRC_CONF,
                  "a file with one passphrase a line"),
    AP_INIT_TAKE1(GLANCE_ENDPOINT, set_endpoint, NULL, ACCESS_CONF,
                  "the endpoint that this location serves"),
    AP_INIT_TAKE1(GLANCE_HEALTH_TIMEOUT, set_health_timeout, NULL, RSRC_CONF,
                  "how long a shard may be silent before it becomes unhealthy"),
    AP_INIT_TAKE1(GLANCE_HEALTH_TIMER_INTERVAL, set_health_timer_interval, NULL, RSRC_CONF,
                  "the time between two sweeps of httpd's parent process"),
    AP_INIT_TAKE1(GLANCE_STATE_FILE, set_state_file, NULL, RSRC_CONF,
                  "the file that keeps states while the server is down, or none"),
    AP_INIT_TAKE1(GLANCE_STREAM_INTERVAL, set_stream_interval, NULL, RSRC_CONF,
                  "the shortest time between two broadcasts to viewers"),
    AP_INIT_TAKE1(GLANCE_MAX_VIEWERS, set_max_viewers, NULL, RSRC_CONF,
                  "how many viewers one child may hold, or auto"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};
