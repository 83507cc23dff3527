/* api.c: the handlers of status, health and plain.
 *
 * A POST's checks stand in the order of the contract: 405, 401, 404, 413, 400, 503, 409.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/api.h"

#include "apr_strings.h"

#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"

#include "core/auth.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/path.h"
#include "core/plain.h"
#include "core/rate.h"
#include "boards/sweep.h"
#include "http/response.h"

#define BODY_MAX 65536

/* ---- POST ---- */

static int is_too_long(const request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t limit = ap_get_limit_req_body(r);

    return length && apr_atoi64(length) > (limit && limit < BODY_MAX ? limit : BODY_MAX);
}

/* Reads a body of up to BODY_MAX bytes, and forgets it.
 * Returns OK, the HTTP status that the request has earned, or AP_FILTER_ERROR if a filter has
 * answered already. */
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
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return glance_response_error(r, status,
                                     "the body is larger than 64 KiB; send none, all is "
                                     "said in the path");
    }
    return glance_response_error(r, status,
                                 "the body cannot be read; send none, all is said in the "
                                 "path");
}

/* Whether the sender may write what the path names; of which no more than the first part is looked
 * at yet. A key for another cluster is a wrong one: it tells nothing of this one. */
static int is_admitted(const request_rec *r, const char *rest)
{
    apr_size_t length;
    const char *cluster = glance_path_cluster(rest, &length);

    return glance_auth_allows(apr_table_get(r->headers_in, "Authorization"),
                              glance_config_of(r->server)->keys, cluster, length);
}

/* So that an admin hears of a bot with an old passphrase, and of a guesser without his log filling
 * up. */
static void log_stranger(const request_rec *r)
{
    static glance_rate_t rate = {.span = apr_time_from_sec(60), .most = 1};
    apr_uint32_t withheld;

    if (glance_rate_pass(&rate, glance_clock_now(), &withheld)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      GLANCE_LOGNO(0120) "no passphrase, or a wrong one, for %s; before that, %u "
                                         "more that were not logged",
                      r->uri, withheld);
    }
}

static int refuse_stranger(request_rec *r)
{
    log_stranger(r);
    apr_table_setn(r->headers_out, "WWW-Authenticate", "Bearer realm=\"glance\"");
    return glance_response_error(r, HTTP_UNAUTHORIZED,
                                 "the passphrase is missing or wrong; send it in the header "
                                 "Authorization: Bearer <passphrase>");
}

static int refuse_path(request_rec *r, int depth)
{
    return glance_response_error(r, HTTP_NOT_FOUND, "there is nothing at this path; POST to %s",
                                 depth == 3 ? ".../status/<cluster>/<id>/<state>, with the id and "
                                              "the state in decimal digits"
                                            : ".../health/<cluster>/<id>, with the id in decimal "
                                              "digits");
}

/* "main, patron": at most the first ten. */
static const char *names_of(apr_pool_t *pool, const glance_board_t *board)
{
    const char *names = board->clusters[0].name;
    apr_uint32_t i;

    for (i = 1; i < board->cluster_count && i < 10; i++) {
        names = apr_pstrcat(pool, names, ", ", board->clusters[i].name, NULL);
    }
    return i < board->cluster_count ? apr_pstrcat(pool, names, ", ...", NULL) : names;
}

static int refuse_cluster(request_rec *r, const glance_store_t *store, const glance_path_t *path)
{
    return glance_response_error(r, HTTP_BAD_REQUEST, "there is no cluster '%s'; there is: %s",
                                 apr_pstrmemdup(r->pool, path->cluster, path->cluster_length),
                                 names_of(r->pool, store->board));
}

static int refuse_id(request_rec *r, const glance_board_cluster_t *cluster)
{
    return glance_response_error(r, HTTP_BAD_REQUEST,
                                 "the shard id is outside cluster '%s', which has the ids 0 to %u",
                                 cluster->name, cluster->shards - 1);
}

static int is_id_of(const glance_board_cluster_t *cluster, const glance_path_t *path)
{
    return path->id != GLANCE_PATH_OUTSIDE && (apr_uint32_t)path->id < cluster->shards;
}

/* The answer to a write that reached the board, or did not. */
static int conclude_write(request_rec *r, const glance_store_t *store,
                          const glance_board_cluster_t *cluster, const glance_path_t *path,
                          apr_status_t rv, const glance_transition_t *was)
{
    switch (rv) {
    case APR_SUCCESS:
        glance_sweep_log_return(store, was);
        r->status = HTTP_NO_CONTENT;
        return OK;
    case GLANCE_SUPERSEDED:
        apr_table_setn(r->headers_out, "Retry-After", "1");
        return glance_response_error(r, HTTP_SERVICE_UNAVAILABLE,
                                     "the board is being replaced by a configuration reload; send "
                                     "this again in a second");
    case APR_NOTFOUND:
        return glance_response_error(r, HTTP_CONFLICT,
                                     "shard %d of cluster '%s' has not reported a status yet; POST "
                                     "its status (status/%s/%d/<state>) first",
                                     path->id, cluster->name, cluster->name, path->id);
    default:
        return glance_response_failure(r);
    }
}

/* Everything about a POST but what it is for. Returns the shard's cluster if all is well, else NULL
 * with what the handler returns. */
static const glance_board_cluster_t *take_post(request_rec *r, const glance_store_t *store,
                                               const char *rest, int depth, glance_path_t *path,
                                               int *answer)
{
    const glance_board_cluster_t *cluster;
    int status;

    if (!is_admitted(r, rest)) {
        *answer = refuse_stranger(r);
        return NULL;
    }
    if (glance_path_parse(path, rest) != APR_SUCCESS || path->depth != depth) {
        *answer = refuse_path(r, depth);
        return NULL;
    }
    status = read_body(r);
    if (status != OK) {
        *answer = refuse_body(r, status);
        return NULL;
    }
    cluster = glance_board_find(store->board, path->cluster, path->cluster_length);
    if (!cluster) {
        *answer = refuse_cluster(r, store, path);
        return NULL;
    }
    if (!is_id_of(cluster, path)) {
        *answer = refuse_id(r, cluster);
        return NULL;
    }
    return cluster;
}

static int post_status(request_rec *r, glance_store_t *store, const char *rest)
{
    glance_path_t path = {0};
    glance_transition_t was;
    int answer = OK;
    const glance_board_cluster_t *cluster = take_post(r, store, rest, 3, &path, &answer);
    apr_status_t rv;

    if (!cluster) {
        return answer;
    }
    if (path.state == GLANCE_PATH_OUTSIDE || path.state >= GLANCE_STATES) {
        return glance_response_error(r, HTTP_BAD_REQUEST,
                                     "that is no state; the states are 0 unknown, 1 unhealthy, "
                                     "2 offline, 3 online, 4 starting, 5 stopping, 6 resuming");
    }
    rv = glance_store_report(store, cluster->first + (apr_uint32_t)path.id,
                             (glance_state_e)path.state, &was);
    return conclude_write(r, store, cluster, &path, rv, &was);
}

static int post_health(request_rec *r, glance_store_t *store, const char *rest)
{
    glance_path_t path = {0};
    glance_transition_t was;
    int answer = OK;
    const glance_board_cluster_t *cluster = take_post(r, store, rest, 2, &path, &answer);
    apr_status_t rv;

    if (!cluster) {
        return answer;
    }
    rv = glance_store_heartbeat(store, cluster->first + (apr_uint32_t)path.id, &was);
    return conclude_write(r, store, cluster, &path, rv, &was);
}

int glance_api_health(request_rec *r, glance_store_t *store, const char *rest)
{
    return r->method_number == M_POST ? post_health(r, store, rest)
                                      : glance_response_methods(r, "POST, OPTIONS");
}

/* ---- GET ---- */

static apr_status_t send_piece(void *context, const char *data, apr_size_t length)
{
    request_rec *r = context;

    return ap_rwrite(data, (int)length, r) < 0 ? APR_ECONNABORTED : APR_SUCCESS;
}

/* Says what the document is a version of. */
static void set_version(request_rec *r, const glance_store_t *store, apr_uint64_t seq)
{
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    apr_table_setn(r->headers_out, "ETag",
                   apr_psprintf(r->pool, "W/\"%016" APR_UINT64_T_HEX_FMT "-%" APR_UINT64_T_FMT "\"",
                                glance_board_epoch(store->board), seq));
}

/* Whether the client has this version already. Only If-None-Match asks that: ap_meets_conditions()
 * would also go by the time of the request, which says nothing about a board. */
static int is_known(request_rec *r, const glance_store_t *store)
{
    set_version(r, store, glance_board_latest(store->board, GLANCE_CHANGE));
    return ap_condition_if_none_match(r, r->headers_out) > AP_CONDITION_NOMATCH;
}

static int get_clusters(request_rec *r, glance_store_t *store,
                        const glance_board_cluster_t *clusters, apr_uint32_t count)
{
    glance_snapshot_t *snapshot;
    apr_status_t rv;

    if (is_known(r, store)) {
        return HTTP_NOT_MODIFIED;
    }
    ap_set_content_type(r, "application/json");
    if (r->header_only) {
        return OK;
    }
    snapshot = glance_store_snapshot(store);
    if (!snapshot) {
        return glance_response_failure(r);
    }
    set_version(r, store, snapshot->seq);
    rv = glance_json_status(snapshot, clusters, count, send_piece, r);
    glance_snapshot_release(snapshot);
    if (rv == APR_ENOMEM) {
        /* Too late for another status: cut the answer off, so that nobody takes it for whole. */
        r->connection->aborted = 1;
    }
    return OK;
}

static int get_shard(request_rec *r, glance_store_t *store, const glance_board_cluster_t *cluster,
                     apr_uint32_t id)
{
    glance_row_t row;

    if (is_known(r, store)) {
        return HTTP_NOT_MODIFIED;
    }
    if (glance_store_row(store, cluster->first + id, &row) != APR_SUCCESS) {
        return glance_response_failure(r);
    }
    return glance_response_text(r, "application/json",
                                glance_json_shard(cluster, id, &row, apr_time_now()));
}

static int get_status(request_rec *r, glance_store_t *store, const char *rest)
{
    const glance_board_cluster_t *cluster;
    glance_path_t path;

    if (glance_path_parse(&path, rest) != APR_SUCCESS || path.depth > 2) {
        return glance_response_error(r, HTTP_NOT_FOUND,
                                     "there is nothing at this path; GET .../status, "
                                     ".../status/<cluster> or .../status/<cluster>/<id>");
    }
    glance_sweep_if_due(store);
    if (path.depth == 0) {
        return get_clusters(r, store, store->board->clusters, store->board->cluster_count);
    }
    cluster = glance_board_find(store->board, path.cluster, path.cluster_length);
    if (!cluster) {
        return refuse_cluster(r, store, &path);
    }
    if (path.depth == 1) {
        return get_clusters(r, store, cluster, 1);
    }
    return is_id_of(cluster, &path) ? get_shard(r, store, cluster, (apr_uint32_t)path.id)
                                    : refuse_id(r, cluster);
}

int glance_api_status(request_rec *r, glance_store_t *store, const char *rest)
{
    switch (r->method_number) {
    case M_GET:
        return get_status(r, store, rest);
    case M_POST:
        return post_status(r, store, rest);
    default:
        return glance_response_methods(r, "GET, HEAD, POST, OPTIONS");
    }
}

int glance_api_plain(request_rec *r, glance_store_t *store, const char *rest)
{
    glance_snapshot_t *snapshot;
    glance_buffer_t *buffer;
    int answer = glance_response_unless_get(r, rest);

    if (answer != DECLINED) {
        return answer;
    }
    glance_sweep_if_due(store);
    snapshot = glance_store_snapshot(store);
    buffer = snapshot ? glance_plain_make(snapshot) : NULL;
    glance_snapshot_release(snapshot);
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    return glance_response_text(r, "text/plain; charset=utf-8", buffer);
}
