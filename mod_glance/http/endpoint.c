/* endpoint.c: the table of endpoints, which of them a request is for, and its handler.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/endpoint.h"

#include "apr_strings.h"

#include "http_core.h"
#include "http_request.h"

#include "core/clock.h"
#include "core/rate.h"
#include "boards/sweep.h"
#include "http/config.h"
#include "http/feed.h"
#include "http/push.h"
#include "http/response.h"
#include "http/status.h"
#include "http/stream.h"

typedef int (*handler_fn_t)(request_rec *, glance_store_t *, const char *);

struct glance_endpoint_t {
    const char *name;    /* for GlanceEndpoint */
    const char *handler; /* for SetHandler */
    const char *path;    /* where SetHandler works */
    handler_fn_t get;    /* GET and HEAD; NULL: 405 */
    handler_fn_t post;   /* POST; NULL: 405 */
    int takes_argument;  /* the rest of the path; without it, more path is 404 */
    int sweeps;          /* GET and HEAD run a due sweep first */
};

static const glance_endpoint_t endpoints[] = {
    {"status", "glance-status", "/api/status", glance_status_get, glance_push_status, 1, 1},
    {"health", "glance-health", "/api/health", NULL, glance_push_health, 1, 0},
    {"stream", "glance-stream", "/api/stream", glance_stream_open, NULL, 0, 1},
    {"feed", "glance-feed", "/api/feed", glance_feed_open, NULL, 0, 1},
    {"plain", "glance-plain", "/plain", glance_status_get_plain, NULL, 0, 1},
};

#define ENDPOINT_COUNT (sizeof endpoints / sizeof endpoints[0])

/* What a request asks for. */
typedef struct {
    const glance_endpoint_t *endpoint; /* NULL: nothing of ours */
    const char *rest; /* the path after the endpoint's own: "" or "/<cluster>/..."; NULL if the path
                         is not below it */
} target_t;

/* ---- names and locations ---- */

const glance_endpoint_t *glance_endpoint_find(const char *name)
{
    apr_size_t i;

    for (i = 0; i < ENDPOINT_COUNT; i++) {
        if (!ap_cstr_casecmp(name, endpoints[i].name)) {
            return &endpoints[i];
        }
    }
    return NULL;
}

const char *glance_endpoint_names(apr_pool_t *pool)
{
    const char *names = endpoints[0].name;
    apr_size_t i;

    for (i = 1; i < ENDPOINT_COUNT; i++) {
        names = apr_pstrcat(pool, names, ", ", endpoints[i].name, NULL);
    }
    return names;
}

void *glance_endpoint_create_location(apr_pool_t *pool, char *path)
{
    (void)path;
    return apr_pcalloc(pool, sizeof(glance_location_t));
}

/* Endpoint and prefix are merged as one setting. */
void *glance_endpoint_merge_location(apr_pool_t *pool, void *base, void *add)
{
    const glance_location_t *outer = base;
    const glance_location_t *inner = add;

    return apr_pmemdup(pool, inner->endpoint ? inner : outer, sizeof *inner);
}

/* ---- which endpoint ---- */

/* The path after the prefix, or NULL if the request is not below it. */
static const char *rest_of(const request_rec *r, const char *prefix)
{
    apr_size_t length = strlen(prefix);

    if (strncmp(r->uri, prefix, length) != 0 || (r->uri[length] && r->uri[length] != '/')) {
        return NULL;
    }
    return r->uri + length;
}

/* httpd's core evaluates SetHandler, which is an expression, only in a later phase. */
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

static target_t find_target(request_rec *r)
{
    const glance_location_t *location = ap_get_module_config(r->per_dir_config, &glance_module);
    target_t target = {NULL, NULL};
    apr_size_t i;

    if (location && location->endpoint) {
        target.endpoint = location->endpoint;
        target.rest = rest_of(r, location->prefix);
    }
    for (i = 0; !target.rest && i < ENDPOINT_COUNT; i++) {
        const char *rest = rest_of(r, endpoints[i].path);

        if (rest && is_set_handler(r, endpoints[i].handler)) {
            target.endpoint = &endpoints[i];
            target.rest = rest;
        }
    }
    return target;
}

/* Kept with the request as soon as it is found. Until then another module may still change the URL,
 * as mod_rewrite does with [PT]. */
static target_t target_of(request_rec *r)
{
    const target_t *kept = ap_get_module_config(r->request_config, &glance_module);
    target_t target;

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

/* This is the last phase before map_to_storage, and it knows the <Location>. */
int glance_endpoint_translate(request_rec *r)
{
    if (!target_of(r).rest) {
        return DECLINED;
    }
    r->filename = r->uri;
    return OK;
}

int glance_endpoint_map(request_rec *r)
{
    const target_t *target = ap_get_module_config(r->request_config, &glance_module);
    int status;

    /* A module such as mod_alias may have mapped the URL to a file: that mapping stays. */
    if (!target || r->filename != r->uri) {
        return DECLINED;
    }
    r->filename = apr_pstrdup(r->pool, ap_document_root(r));
    status = ap_directory_walk(r);
    r->filename = r->uri;
    r->path_info = NULL;
    return status == OK || status == DECLINED ? OK : status;
}

/* Access is granted by now, with the rules of the folder (<Directory>, .htaccess) and of the
 * <Location>. What a folder says of its files, such as rewriting, MultiViews or Dav, must not apply
 * to an endpoint in the phases that follow. So the request goes on with the settings of its
 * <Location> alone, by the same two walks with which httpd itself starts over before
 * map_to_storage. And it is for something that exists and is neither file nor folder, since modules
 * look for a substitute where nothing exists and for an index in a folder. */
static int leave_folder(request_rec *r)
{
    int status;

    r->finfo.filetype = APR_UNKFILE;
    r->per_dir_config = r->server->lookup_defaults;
    status = ap_location_walk(r);
    return status == OK ? ap_if_walk(r) : status;
}

int glance_endpoint_type(request_rec *r)
{
    target_t target = target_of(r);

    /* What ProxyPass sends to another server is not served here. */
    if (!target.endpoint || r->proxyreq) {
        return DECLINED;
    }
    r->handler = target.endpoint->handler;
    return leave_folder(r);
}

/* ---- its handler ---- */

/* Anybody may request the URL of a misconfigured endpoint, so the log gets one line a minute and
 * child. Each fault has a limit of its own: neither hides the other. */
static struct {
    glance_rate_t no_path;
    glance_rate_t no_board;
} limits = {
    .no_path = {.span = apr_time_from_sec(60), .most = 1},
    .no_board = {.span = apr_time_from_sec(60), .most = 1},
};

static void log_fault(const request_rec *r, glance_rate_t *limit, const char *fault)
{
    apr_uint32_t withheld;

    if (glance_rate_pass(limit, glance_clock_now(), &withheld)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      GLANCE_LOGNO(
                          0050) "cannot serve %s: %s (%u earlier requests were not logged)",
                      r->uri, fault, withheld);
    }
}

static int refuse_path(request_rec *r)
{
    log_fault(r, &limits.no_path,
              "SetHandler serves an endpoint's default path only; use " GLANCE_ENDPOINT
              " in the <Location> of this URL instead");
    return glance_response_failure(r);
}

static int refuse_board(request_rec *r)
{
    log_fault(r, &limits.no_board, "no " GLANCE_BOTS " is set for this server");
    return glance_response_error(
        r, HTTP_INTERNAL_SERVER_ERROR,
        "this server has no board; its administrator must set " GLANCE_BOTS);
}

static const glance_endpoint_t *endpoint_of_handler(const char *handler)
{
    apr_size_t i;

    for (i = 0; handler && i < ENDPOINT_COUNT; i++) {
        if (!strcmp(handler, endpoints[i].handler)) {
            return &endpoints[i];
        }
    }
    return NULL;
}

/* httpd takes HEAD for a GET whose body is left out. */
static handler_fn_t handler_for(const glance_endpoint_t *endpoint, int method)
{
    switch (method) {
    case M_GET:
        return endpoint->get;
    case M_POST:
        return endpoint->post;
    default:
        return NULL;
    }
}

static int refuse_method(request_rec *r, const glance_endpoint_t *endpoint)
{
    return glance_response_methods(r, apr_pstrcat(r->pool, endpoint->get ? "GET, HEAD, " : "",
                                                  endpoint->post ? "POST, " : "", "OPTIONS", NULL));
}

static int dispatch(request_rec *r, const glance_endpoint_t *endpoint, glance_store_t *store,
                    const char *rest)
{
    handler_fn_t handle = handler_for(endpoint, r->method_number);

    if (!handle) {
        return refuse_method(r, endpoint);
    }
    if (!endpoint->takes_argument && *rest && strcmp(rest, "/") != 0) {
        return glance_response_error(r, HTTP_NOT_FOUND,
                                     "no resource below this path; leave out '%s'", rest);
    }
    if (endpoint->sweeps && r->method_number == M_GET) {
        glance_sweep_if_due(store);
    }
    return handle(r, store, rest);
}

int glance_endpoint_handle(request_rec *r)
{
    const glance_endpoint_t *endpoint = endpoint_of_handler(r->handler);
    glance_store_t *store;
    const char *rest;

    if (!endpoint) {
        return DECLINED;
    }
    rest = target_of(r).rest;
    if (!rest) {
        return refuse_path(r);
    }
    store = glance_config_store(r->server);
    return store ? dispatch(r, endpoint, store, rest) : refuse_board(r);
}
