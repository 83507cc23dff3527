/* response.c: the responses that all handlers share.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/response.h"

#include "apr_strings.h"

#include "http_protocol.h"

#include "core/json.h"

#define NAMES_MAX 10 /* clusters that an error names */

static int write_buffer(request_rec *r, glance_buffer_t *buffer)
{
    ap_set_content_length(r, (apr_off_t)buffer->length);
    if (!r->header_only) {
        ap_rwrite(buffer->data, (int)buffer->length, r);
    }
    glance_buffer_release(buffer);
    return OK;
}

/* On a connection that stays open, httpd reads the whole body before it sends the response. */
static void leave_body(request_rec *r)
{
    if (ap_request_has_body(r)) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
}

int glance_response_error(request_rec *r, int status, const char *format, ...)
{
    glance_buffer_t *buffer;
    va_list arguments;

    leave_body(r);
    va_start(arguments, format);
    buffer = glance_json_error(apr_pvsprintf(r->pool, format, arguments));
    va_end(arguments);
    if (!buffer) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    r->status = status;
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_unset(r->headers_out, "ETag"); /* that of the document that could not be sent */
    return write_buffer(r, buffer);
}

int glance_response_failure(request_rec *r)
{
    return glance_response_error(r, HTTP_INTERNAL_SERVER_ERROR,
                                 "the server failed; its error log says why");
}

int glance_response_methods(request_rec *r, const char *allow)
{
    apr_table_setn(r->headers_out, "Allow", allow);
    if (r->method_number == M_OPTIONS) {
        leave_body(r);
        r->status = HTTP_NO_CONTENT;
        return OK;
    }
    return glance_response_error(r, HTTP_METHOD_NOT_ALLOWED, "%s does not accept %s; use %s",
                                 r->uri, r->method, allow);
}

/* "main, patron, ..." */
static const char *cluster_names(apr_pool_t *pool, const glance_board_t *board)
{
    const char *names = board->clusters[0].name;
    apr_uint32_t i;

    for (i = 1; i < board->cluster_count && i < NAMES_MAX; i++) {
        names = apr_pstrcat(pool, names, ", ", board->clusters[i].name, NULL);
    }
    return i < board->cluster_count ? apr_pstrcat(pool, names, ", ...", NULL) : names;
}

int glance_response_no_cluster(request_rec *r, const glance_board_t *board,
                               const glance_path_t *path)
{
    return glance_response_error(r, HTTP_BAD_REQUEST, "no cluster '%s'; use one of: %s",
                                 apr_pstrmemdup(r->pool, path->cluster, path->cluster_length),
                                 cluster_names(r->pool, board));
}

int glance_response_unless_shard(request_rec *r, const glance_board_cluster_t *cluster,
                                 apr_int32_t id)
{
    if (id != GLANCE_PATH_OUTSIDE && (apr_uint32_t)id < cluster->shards) {
        return DECLINED;
    }
    return glance_response_error(r, HTTP_BAD_REQUEST,
                                 "no shard of that id in cluster '%s'; its ids are 0 to %u",
                                 cluster->name, cluster->shards - 1);
}

int glance_response_text(request_rec *r, const char *type, glance_buffer_t *buffer)
{
    if (!buffer) {
        return glance_response_failure(r);
    }
    ap_set_content_type(r, type);
    return write_buffer(r, buffer);
}
