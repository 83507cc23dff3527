/* endpoint.c: which of our endpoints a request is for.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/endpoint.h"

#include "apr_strings.h"

#include "http_core.h"
#include "http_request.h"

static const struct {
    const char *name;
    glance_location_t usual; /* where plain SetHandler works */
} endpoints[] = {
    {"status", {"glance-status", "/api/status"}}, {"health", {"glance-health", "/api/health"}},
    {"stream", {"glance-stream", "/api/stream"}}, {"feed", {"glance-feed", "/api/feed"}},
    {"plain", {"glance-plain", "/plain"}},
};

#define ENDPOINT_COUNT (sizeof endpoints / sizeof endpoints[0])

void *glance_endpoint_create_location(apr_pool_t *pool, char *path)
{
    (void)path;
    return apr_pcalloc(pool, sizeof(glance_location_t));
}

/* Handler and prefix stay together. */
void *glance_endpoint_merge_location(apr_pool_t *pool, void *base, void *add)
{
    const glance_location_t *outer = base;
    const glance_location_t *inner = add;

    return apr_pmemdup(pool, inner->handler ? inner : outer, sizeof *inner);
}

/* The path behind the prefix, or NULL if the request is not below it. */
static const char *rest_of(const request_rec *r, const char *prefix)
{
    apr_size_t length = strlen(prefix);

    if (strncmp(r->uri, prefix, length) != 0 || (r->uri[length] && r->uri[length] != '/')) {
        return NULL;
    }
    return r->uri + length;
}

/* core evaluates SetHandler, which is an expression, only in a later phase. */
static int is_set_handler(request_rec *r, const char *name)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    const char *error = NULL;
    const char *value;

    if (!core->expr_handler) {
        return 0;
    }
    value = ap_expr_str_exec(r, core->expr_handler, &error);
    return value && !error && !ap_cstr_casecmp(value, name);
}

const char *glance_endpoint_handler(const char *name)
{
    apr_size_t i;

    for (i = 0; i < ENDPOINT_COUNT; i++) {
        if (!ap_cstr_casecmp(name, endpoints[i].name)) {
            return endpoints[i].usual.handler;
        }
    }
    return NULL;
}

static glance_target_t find_target(request_rec *r)
{
    const glance_location_t *location = ap_get_module_config(r->per_dir_config, &glance_module);
    glance_target_t target = {NULL, NULL};
    apr_size_t i;

    if (location && location->handler) {
        target.handler = location->handler;
        target.rest = rest_of(r, location->prefix);
    }
    for (i = 0; !target.rest && i < ENDPOINT_COUNT; i++) {
        const char *rest = rest_of(r, endpoints[i].usual.prefix);

        if (rest && is_set_handler(r, endpoints[i].usual.handler)) {
            target.handler = endpoints[i].usual.handler;
            target.rest = rest;
        }
    }
    return target;
}

/* Kept once it is known; before that, another module may still change the URL, as mod_rewrite's
 * [PT] does. */
glance_target_t glance_endpoint_target(request_rec *r)
{
    glance_target_t *kept = ap_get_module_config(r->request_config, &glance_module);
    glance_target_t target;

    if (kept) {
        return *kept;
    }
    target = find_target(r);
    if (target.rest) {
        ap_set_module_config(r->request_config, &glance_module,
                             apr_pmemdup(r->pool, &target, sizeof target));
    }
    return target;
}

/* The last phase before map_to_storage that knows the <Location>. */
int glance_endpoint_translate(request_rec *r)
{
    if (!glance_endpoint_target(r).rest) {
        return DECLINED;
    }
    r->filename = r->uri;
    return OK;
}

int glance_endpoint_map(request_rec *r)
{
    const glance_target_t *target = ap_get_module_config(r->request_config, &glance_module);
    int status;

    /* Where another module has mapped the URL to a file, such as mod_alias, that stands. */
    if (!target || r->filename != r->uri) {
        return DECLINED;
    }
    r->filename = apr_pstrdup(r->pool, ap_document_root(r));
    status = ap_directory_walk(r);
    r->filename = r->uri;
    r->path_info = NULL;
    r->finfo.filetype = APR_NOFILE;
    return status == OK || status == DECLINED ? OK : status;
}

int glance_endpoint_type(request_rec *r)
{
    glance_target_t target = glance_endpoint_target(r);

    if (!target.handler) {
        return DECLINED;
    }
    r->handler = target.handler;
    return OK;
}
