/* mod_null.c: the reference for request rates: a handler that answers 204 and does nothing else.
 *
 * SPDX-License-Identifier: ISC
 */
#include "httpd.h"

#include "http_config.h"

static int handler(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, "null") != 0) {
        return DECLINED;
    }
    r->status = HTTP_NO_CONTENT;
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA null_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, 0,
};
