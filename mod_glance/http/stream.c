/* stream.c: the handler of the live stream.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/stream.h"

#include "http_protocol.h"
#include "util_filter.h"

#include "live/admission.h"
#include "live/polling.h"
#include "http/response.h"

static void set_headers(request_rec *r)
{
    ap_set_content_type(r, "text/event-stream");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
    /* mod_deflate and mod_brotli would buffer events. */
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    apr_table_setn(r->subprocess_env, "no-brotli", "1");
}

/* Request filters that do not change a body that has neither a length nor chunks. They are httpd's
 * own, and mod_security's, which buffers either the whole response with its head, or nothing. */
static const char *const harmless[] = {
    "old_write",     "content_length", "byterange",       "http_header",
    "http_outerror", "chunk",          "modsecurity_out",
};

static int is_harmless(const ap_filter_t *filter)
{
    apr_size_t i;

    for (i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        if (!ap_cstr_casecmp(filter->frec->name, harmless[i])) {
            return 1;
        }
    }
    return 0;
}

/* What the hub writes bypasses the request's filters. Any other filter that is still there after
 * the head, such as those of mod_substitute, mod_ext_filter and mod_ratelimit, would change the
 * body or slow it down. (mod_deflate, mod_headers and others remove themselves before.) */
static int is_filtered(const request_rec *r)
{
    const ap_filter_t *filter;

    for (filter = r->output_filters; filter && filter->frec->ftype < AP_FTYPE_CONNECTION;
         filter = filter->next) {
        if (!is_harmless(filter)) {
            return 1;
        }
    }
    return 0;
}

/* Sends the head without a body. A filter may buffer the head until the body is complete, as a
 * firewall that examines bodies does. Then the hub would write before the head is sent, or after
 * the end of the response. httpd's filter that writes the head sets sent_bodyct (http_filters.c).
 * Returns 1, or 0 if the head was not sent or a filter would change the body. */
static int send_head(request_rec *r)
{
    r->connection->keepalive = AP_CONN_CLOSE; /* httpd then sends no chunks */
    return ap_rflush(r) == 0 && r->sent_bodyct && !is_filtered(r);
}

int glance_stream_open(request_rec *r, glance_store_t *store, const char *rest)
{
    glance_stream_request_t stream;

    (void)rest;
    set_headers(r);
    if (r->header_only) {
        return OK;
    }
    stream = glance_admission_read(r, store, GLANCE_STREAM);
    if (glance_admission_is_possible(r) && send_head(r)) {
        glance_admission_grant(r, &stream);
        return OK;
    }
    return glance_polling_answer(r, &stream) == APR_SUCCESS ? OK : glance_response_failure(r);
}
