/* response.c: the answers that all handlers give alike.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/response.h"

#include "apr_strings.h"

#include "http_protocol.h"

#include "core/json.h"

static int write_text(request_rec *r, glance_text_t *text)
{
    ap_set_content_length(r, (apr_off_t)text->length);
    if (!r->header_only) {
        ap_rwrite(text->data, (int)text->length, r);
    }
    glance_text_release(text);
    return OK;
}

/* httpd would read all of it, and wait for it, before it sends the answer off. */
static void leave_body(request_rec *r)
{
    if (ap_request_has_body(r)) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
}

int glance_answer_error(request_rec *r, int status, const char *format, ...)
{
    glance_text_t *text;
    va_list arguments;

    leave_body(r);
    va_start(arguments, format);
    text = glance_json_error(apr_pvsprintf(r->pool, format, arguments));
    va_end(arguments);
    if (!text) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    r->status = status;
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    return write_text(r, text);
}

int glance_answer_methods(request_rec *r, const char *allow)
{
    apr_table_setn(r->headers_out, "Allow", allow);
    if (r->method_number == M_OPTIONS) {
        leave_body(r);
        r->status = HTTP_NO_CONTENT;
        return OK;
    }
    return glance_answer_error(r, HTTP_METHOD_NOT_ALLOWED, "%s does not take %s; it takes %s",
                               r->uri, r->method, allow);
}

int glance_answer_unless_get(request_rec *r, const char *rest)
{
    if (r->method_number != M_GET) {
        return glance_answer_methods(r, "GET, HEAD, OPTIONS");
    }
    if (*rest && strcmp(rest, "/") != 0) {
        return glance_answer_error(r, HTTP_NOT_FOUND, "there is nothing behind this path");
    }
    return DECLINED;
}

int glance_answer_text(request_rec *r, const char *type, glance_text_t *text)
{
    if (!text) {
        return glance_answer_failure(r);
    }
    ap_set_content_type(r, type);
    return write_text(r, text);
}

int glance_answer_failure(request_rec *r)
{
    return glance_answer_error(r, HTTP_INTERNAL_SERVER_ERROR,
                               "the server could not do this; its error log says why");
}
