/* mod_glance.c: the module's record and its hooks.
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
#include "live/limits.h"
#include "live/tls.h"
#include "http/commands.h"
#include "http/config.h"
#include "http/config_check.h"
#include "http/endpoint.h"
#include "http/mod_status.h"

static int set_up_boards(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)plog;
    /* httpd reads the configuration twice at a start, and unloads modules in between. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    if (glance_post_config_boards(glance_config_boards(server, ptemp),
                                  glance_config_of(server)->state_file, server, pconf)
        != OK) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    glance_config_attach(server);
    glance_config_check_keys(server);
    return OK;
}

/* After the hooks of all other modules: if one of them fails, nothing has been published. */
static int start_saving(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG) {
        glance_post_config_publish(server, ptemp);
    }
    glance_state_saver_post_config(pconf, server, glance_config_of(server)->state_file);
    return OK;
}

/* This hook runs last: all descriptors that the children inherit are open. */
static int check_live(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG && glance_store_all()) {
        glance_hub_settings_t settings = glance_config_hub(server);

        glance_tls_check(server);
        glance_limits_check(server, settings.max_viewers);
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
    ap_hook_post_config(start_saving, NULL, NULL, APR_HOOK_REALLY_LAST + 1);
    ap_hook_post_config(check_live, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(glance_hub_stop, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(glance_sweep_monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(glance_state_saver_monitor, NULL, NULL, APR_HOOK_LAST);
    ap_hook_translate_name(glance_endpoint_translate, NULL, NULL, APR_HOOK_LAST);
    ap_hook_map_to_storage(glance_endpoint_map, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_type_checker(glance_endpoint_type, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(glance_endpoint_handle, NULL, NULL, APR_HOOK_MIDDLE);
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
