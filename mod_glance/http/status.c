/* status.c: the documents about a board: JSON for programs, text for people.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/status.h"

#include "apr_strings.h"

#include "http_protocol.h"
#include "http_request.h"

#include "core/json.h"
#include "core/path.h"
#include "core/plain.h"
#include "http/response.h"

/* ---- ETag ---- */

/* Sets the ETag of the document that covers every change up to `seq`. */
static void set_version(request_rec *r, const glance_store_t *store, apr_uint64_t seq)
{
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    apr_table_setn(r->headers_out, "ETag",
                   apr_psprintf(r->pool, "W/\"%016" APR_UINT64_T_HEX_FMT "-%" APR_UINT64_T_FMT "\"",
                                glance_board_epoch(store->board), seq));
}

/* Whether the client has this version already. ap_meets_conditions() would also compare dates, and
 * a board has none. */
static int is_known(request_rec *r, const glance_store_t *store)
{
    set_version(r, store, glance_board_latest(store->board, GLANCE_CHANGE));
    return ap_condition_if_none_match(r, r->headers_out) > AP_CONDITION_NOMATCH;
}

/* A 304 as a status of the response, not as the handler's result: httpd takes that for an error,
 * and removes the filters, among them the one by which mod_cache answers from its cache. */
static int answer_known(request_rec *r)
{
    r->status = HTTP_NOT_MODIFIED;
    return OK;
}

/* ---- JSON ---- */

static apr_status_t send_piece(void *context, const char *data, apr_size_t length)
{
    request_rec *r = context;

    return ap_rwrite(data, (int)length, r) < 0 ? APR_ECONNABORTED : APR_SUCCESS;
}

static int get_clusters(request_rec *r, glance_store_t *store,
                        const glance_board_cluster_t *clusters, apr_uint32_t count)
{
    glance_snapshot_t *snapshot;
    apr_status_t rv;

    if (is_known(r, store)) {
        return answer_known(r);
    }
    ap_set_content_type(r, "application/json");
    if (r->header_only) {
        return OK;
    }
    snapshot = count == 1 ? glance_store_cluster_snapshot(store, clusters)
                          : glance_store_snapshot(store);
    if (!snapshot) {
        return glance_response_failure(r);
    }
    set_version(r, store, snapshot->seq);
    rv = glance_json_status(snapshot, clusters, count, send_piece, r);
    glance_snapshot_release(snapshot);
    if (rv == APR_ENOMEM) {
        /* The status line is already sent. The client sees the incomplete document by the aborted
         * connection. */
        r->connection->aborted = 1;
    }
    return OK;
}

static int get_shard(request_rec *r, glance_store_t *store, const glance_board_cluster_t *cluster,
                     apr_uint32_t id)
{
    glance_row_t row;

    if (is_known(r, store)) {
        return answer_known(r);
    }
    if (glance_store_row(store, cluster->first + id, &row) != APR_SUCCESS) {
        return glance_response_failure(r);
    }
    return glance_response_text(r, "application/json",
                                glance_json_shard(cluster, id, &row, apr_time_now()));
}

static int get_cluster_or_shard(request_rec *r, glance_store_t *store, const glance_path_t *path)
{
    const glance_board_cluster_t *cluster = glance_board_find(store->board, path->cluster,
                                                              path->cluster_length);
    int answer;

    if (!cluster) {
        return glance_response_no_cluster(r, store->board, path);
    }
    if (path->depth == 1) {
        return get_clusters(r, store, cluster, 1);
    }
    answer = glance_response_unless_shard(r, cluster, path->id);
    return answer == DECLINED ? get_shard(r, store, cluster, (apr_uint32_t)path->id) : answer;
}

int glance_status_get(request_rec *r, glance_store_t *store, const char *rest)
{
    glance_path_t path;

    if (glance_path_parse(&path, rest) != APR_SUCCESS || path.depth > 2) {
        return glance_response_error(r, HTTP_NOT_FOUND,
                                     "no resource at this path; GET .../status, "
                                     ".../status/<cluster> or .../status/<cluster>/<id>");
    }
    return path.depth ? get_cluster_or_shard(r, store, &path)
                      : get_clusters(r, store, store->board->clusters, store->board->cluster_count);
}

/* ---- text ---- */

int glance_status_get_plain(request_rec *r, glance_store_t *store, const char *rest)
{
    glance_snapshot_t *snapshot = glance_store_snapshot(store);
    glance_buffer_t *buffer = snapshot ? glance_plain_get(snapshot) : NULL;

    (void)rest;
    glance_snapshot_release(snapshot);
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    return glance_response_text(r, "text/plain; charset=utf-8", buffer);
}
