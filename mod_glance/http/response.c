/* response.c: the answers that all handlers give alike.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/response.h"

#include "apr_strings.h"

#include "http_protocol.h"

#include "core/json.h"

static int write_text(request_rec *r, glance_buffer_t *buffer)
{
    ap_set_content_length(r, (apr_off_t)buffer->length);
    if (!r->header_only) {
        ap_rwrite(buffer->data, (int)buffer->length, r);
    }
    glance_buffer_release(buffer);
    return OK;
}

/* httpd would read all of it, and wait for it, before it sends the answer off. */
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
    return write_text(r, buffer);
}

int glance_response_methods(request_rec *r, const char *allow)
{
    apr_table_setn(r->headers_out, "Allow", allow);
    if (r->method_number == M_OPTIONS) {
        leave_body(r);
        r->status = HTTP_NO_CONTENT;
        return OK;
    }
    return glance_response_error(r, HTTP_METHOD_NOT_ALLOWED, "%s does not take %s; it takes %s",
                                 r->uri, r->method, allow);
}

int glance_response_unless_get(request_rec *r, const char *rest)
{
    if (r->method_number != M_GET) {
        return glance_response_methods(r, "GET, HEAD, OPTIONS");
    }
    if (*rest && strcmp(rest, "/") != 0) {
        return glance_response_error(r, HTTP_NOT_FOUND, "there is nothing behind this path");
    }
    return DECLINED;
}

int glance_response_text(request_rec *r, const char *type, glance_buffer_t *buffer)
{
    if (!buffer) {
        return glance_response_failure(r);
    }
    ap_set_content_type(r, type);
    return write_text(r, buffer);
}

int glance_response_failure(request_rec *r)
{
    return glance_response_error(r, HTTP_INTERNAL_SERVER_ERROR,
                                 "the server could not do this; its error log says why");
}
