/* push.c: what bots push: the POSTs of status and health.
 *
 * After the dispatcher's 405, the contract's order of checks is 401, 404, 413, 400, 503, 409.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/push.h"

#include "apr_strings.h"

#include "http_core.h"
#include "http_protocol.h"

#include "core/path.h"
#include "boards/sweep.h"
#include "http/passphrases.h"
#include "http/response.h"

#define BODY_MAX 65536 /* bytes */

/* One POST, and what its checks have found so far. */
typedef struct {
    request_rec *r;
    glance_store_t *store;
    glance_path_t path;
    const glance_board_cluster_t *cluster; /* the path's, once all but the state is checked */
} push_t;

/* ---- 413 ---- */

/* httpd itself rejects a body over LimitRequestBody, but not with JSON. So this check comes first.
 */
static int is_too_long(const request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t limit = ap_get_limit_req_body(r);

    return length && apr_atoi64(length) > (limit && limit < BODY_MAX ? limit : BODY_MAX);
}

/* Reads a body of up to BODY_MAX bytes and ignores it.
 * Returns OK, the HTTP status to answer with, or AP_FILTER_ERROR if a filter has answered. */
static int read_body(request_rec *r)
{
    apr_bucket_brigade *brigade;
    apr_off_t total = 0;
    int ended = 0;

    if (!ap_request_has_body(r)) {
        return OK;
    }
    if (is_too_long(r)) {
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (!ended) {
        apr_off_t length = 0;
        apr_status_t rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES,
                                         APR_BLOCK_READ, HUGE_STRING_LEN);

        if (rv == APR_SUCCESS) {
            rv = apr_brigade_length(brigade, 1, &length);
        }
        if (rv != APR_SUCCESS) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        ended = !APR_BRIGADE_EMPTY(brigade) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
        apr_brigade_cleanup(brigade);
        total += length;
        if (total > BODY_MAX) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
    }
    return OK;
}

static int refuse_body(request_rec *r, int status)
{
    if (status == AP_FILTER_ERROR) {
        return status;
    }
    return glance_response_error(r, status,
                                 status == HTTP_REQUEST_ENTITY_TOO_LARGE
                                     ? "the body is larger than 64 KiB; send no body"
                                     : "the body cannot be read; send no body");
}

/* ---- all checks but the state ---- */

static int refuse_path(request_rec *r, int depth)
{
    return glance_response_error(r, HTTP_NOT_FOUND, "no resource at this path; POST to %s",
                                 depth == 3 ? ".../status/<cluster>/<id>/<state>, with the id and "
                                              "the state in decimal digits"
                                            : ".../health/<cluster>/<id>, with the id in decimal "
                                              "digits");
}

/* Checks everything but the state, which is 400 as well. `depth` is the number of the path's parts.
 * Sets push->cluster if all is well, else returns what the handler returns. */
static int check(push_t *push, const char *rest, int depth)
{
    request_rec *r = push->r;
    const glance_board_cluster_t *cluster;
    int status;

    if (!glance_passphrases_allow(r, rest)) {
        return glance_passphrases_refuse(r);
    }
    if (glance_path_parse(&push->path, rest) != APR_SUCCESS || push->path.depth != depth) {
        return refuse_path(r, depth);
    }
    status = read_body(r);
    if (status != OK) {
        return refuse_body(r, status);
    }
    cluster = glance_board_find(push->store->board, push->path.cluster, push->path.cluster_length);
    if (!cluster) {
        return glance_response_no_cluster(r, push->store->board, &push->path);
    }
    status = glance_response_unless_shard(r, cluster, push->path.id);
    push->cluster = status == DECLINED ? cluster : NULL;
    return status;
}

/* ---- 503, 409, 204 ---- */

static apr_uint32_t shard_of(const push_t *push)
{
    return push->cluster->first + (apr_uint32_t)push->path.id;
}

/* Answers a write: `rv` is what the store returned. */
static int conclude(const push_t *push, apr_status_t rv, const glance_transition_t *was)
{
    request_rec *r = push->r;
    const char *cluster = push->cluster->name;
    int id = push->path.id;

    switch (rv) {
    case APR_SUCCESS:
        glance_sweep_log_return(push->store, was);
        r->status = HTTP_NO_CONTENT;
        return OK;
    case GLANCE_SUPERSEDED:
        apr_table_setn(r->headers_out, "Retry-After", "1");
        return glance_response_error(r, HTTP_SERVICE_UNAVAILABLE,
                                     "a configuration reload is replacing the board; repeat this "
                                     "request in a second");
    case APR_NOTFOUND:
        return glance_response_error(r, HTTP_CONFLICT,
                                     "shard %d of cluster '%s' has not reported a status yet; POST "
                                     "its status (status/%s/%d/<state>) first",
                                     id, cluster, cluster, id);
    default:
        return glance_response_failure(r);
    }
}

/* ---- the handlers ---- */

int glance_push_status(request_rec *r, glance_store_t *store, const char *rest)
{
    push_t push = {.r = r, .store = store};
    glance_transition_t was;
    apr_status_t rv;
    int answer = check(&push, rest, 3);

    if (!push.cluster) {
        return answer;
    }
    if (push.path.state == GLANCE_PATH_OUTSIDE || push.path.state >= GLANCE_STATES) {
        return glance_response_error(r, HTTP_BAD_REQUEST,
                                     "invalid state; the states are 0 unknown, 1 unhealthy, "
                                     "2 offline, 3 online, 4 starting, 5 stopping, 6 resuming");
    }
    rv = glance_store_report(store, shard_of(&push), (glance_state_e)push.path.state, &was);
    return conclude(&push, rv, &was);
}

int glance_push_health(request_rec *r, glance_store_t *store, const char *rest)
{
    push_t push = {.r = r, .store = store};
    glance_transition_t was;
    apr_status_t rv;
    int answer = check(&push, rest, 2);

    if (!push.cluster) {
        return answer;
    }
    rv = glance_store_heartbeat(store, shard_of(&push), &was);
    return conclude(&push, rv, &was);
}
