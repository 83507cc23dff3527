/* mod_glance.c: the module's record, its hooks, and the way from a request to its handler.
 *
 * SPDX-License-Identifier: ISC
 */
#include "httpd_private.h"

#include "http_connection.h"
#include "http_core.h"
#include "http_request.h"
#include "mpm_common.h"

#include "boards/lock.h"
#include "boards/post_config.h"
#include "boards/state_saver.h"
#include "boards/store.h"
#include "boards/sweep.h"
#include "live/admission.h"
#include "live/hub.h"
#include "live/tls.h"
#include "http/api.h"
#include "http/commands.h"
#include "http/config.h"
#include "http/config_check.h"
#include "http/endpoint.h"
#include "http/feed.h"
#include "http/mod_status.h"
#include "http/response.h"
#include "http/stream.h"

typedef int (*handler_fn_t)(request_rec *, glance_store_t *, const char *);

static const struct {
    const char *name;
    handler_fn_t handle;
} handlers[] = {
    {"glance-status", glance_api_status}, {"glance-health", glance_api_health},
    {"glance-plain", glance_api_plain},   {"glance-stream", glance_stream_open},
    {"glance-feed", glance_feed_open},
};

static handler_fn_t handler_named(const char *name)
{
    apr_size_t i;

    for (i = 0; name && i < sizeof handlers / sizeof handlers[0]; i++) {
        if (!strcmp(name, handlers[i].name)) {
            return handlers[i].handle;
        }
    }
    return NULL;
}

/* A fault of the configuration is said once a child: anybody may ask for the URL. */
static void complain_once(const request_rec *r, const char *fault)
{
    static int said;

    if (!__atomic_exchange_n(&said, 1, __ATOMIC_RELAXED)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, GLANCE_LOGNO(0050) "cannot serve %s: %s", r->uri,
                      fault);
    }
}

static int handler(request_rec *r)
{
    handler_fn_t handle = handler_named(r->handler);
    glance_store_t *store = glance_config_store(r->server);
    glance_target_t target;

    if (!handle) {
        return DECLINED;
    }
    target = glance_endpoint_target(r);
    if (!target.rest) {
        complain_once(r, "SetHandler serves one path only; use " GLANCE_ENDPOINT
                         " in this URL's <Location> instead");
        return glance_response_failure(r);
    }
    if (!store) {
        complain_once(r, "no " GLANCE_BOTS " is set");
        return glance_response_error(r, HTTP_INTERNAL_SERVER_ERROR,
                                     "this server has no board; its admin must set " GLANCE_BOTS);
    }
    return handle(r, store, target.rest);
}

static int set_up_boards(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)plog;
    /* At a start the configuration is read twice; nothing made in the first round survives. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    if (glance_post_config_boards(glance_config_boards(server, ptemp),
                                  glance_config_of(server)->state_file, server, pconf, ptemp)
        != OK) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    glance_config_attach(server);
    glance_config_check_keys(server);
    return OK;
}

static int start_saving(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)plog;
    (void)ptemp;
    glance_state_saver_post_config(pconf, server, glance_config_of(server)->state_file);
    return OK;
}

/* Last of all, so that every descriptor that children inherit is open. */
static int check_live(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG && glance_store_all()) {
        glance_hub_settings_t settings = glance_config_hub(server);

        glance_tls_check(server);
        glance_hub_check_room(server, &settings);
    }
    return OK;
}

static void child_init(apr_pool_t *pchild, server_rec *server)
{
    glance_hub_settings_t settings = glance_config_hub(server);

    if (glance_store_child_init(pchild, server) == APR_SUCCESS) {
        glance_hub_start(pchild, server, &settings);
    }
}

static void register_hooks(apr_pool_t *pool)
{
    glance_admission_register(pool);
    glance_mod_status_register(pool);
    ap_hook_pre_config(glance_lock_register, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(glance_config_resolve, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_check_config(glance_config_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(set_up_boards, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(start_saving, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_post_config(check_live, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(glance_hub_stop, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(glance_sweep_monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(glance_state_saver_monitor, NULL, NULL, APR_HOOK_LAST);
    ap_hook_translate_name(glance_endpoint_translate, NULL, NULL, APR_HOOK_LAST);
    ap_hook_map_to_storage(glance_endpoint_map, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_type_checker(glance_endpoint_type, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA glance_module = {
    STANDARD20_MODULE_STUFF,
    glance_endpoint_create_location,
    glance_endpoint_merge_location,
    glance_config_create,
    glance_config_merge,
    glance_commands,
    register_hooks,
    0,
};
