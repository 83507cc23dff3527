/* feed.c: the handler of the live feed.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/feed.h"

#include "apr_strings.h"

#include "http_protocol.h"
#include "http_request.h"
#include "util_filter.h"

#include "core/websocket.h"
#include "live/admission.h"
#include "http/response.h"

#define VERSION "13"
#define SUBPROTOCOL "glance-events" /* our own; the original Glance's feed has none */
#define RETRY_AFTER "5"             /* seconds */

static const char *header(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->headers_in, name);

    return value ? value : "";
}

/* Repeated headers have been joined to one list by now. */
static int lists(const request_rec *r, const char *name, const char *token,
                 glance_websocket_compare_fn_t compare)
{
    return glance_websocket_header_lists(header(r, name), token, compare);
}

static int is_upgrade(const request_rec *r)
{
    return !r->header_only && r->proto_num >= HTTP_VERSION(1, 1)
           && lists(r, "Upgrade", "websocket", ap_cstr_casecmpn)
           && lists(r, "Connection", "upgrade", ap_cstr_casecmpn);
}

/* Unlike most of HTTP, a subprotocol's name minds its case. */
static int offers_events(const request_rec *r)
{
    return lists(r, "Sec-WebSocket-Protocol", SUBPROTOCOL, strncmp);
}

static int ask_for_upgrade(request_rec *r)
{
    apr_table_setn(r->headers_out, "Upgrade", "websocket");
    apr_table_setn(r->headers_out, "Connection", "Upgrade");
    apr_table_setn(r->headers_out, "Sec-WebSocket-Version", VERSION);
    return glance_response_error(r, HTTP_UPGRADE_REQUIRED,
                                 "this is a WebSocket: open it with one, of version " VERSION
                                 " and over HTTP/1.1");
}

/* DECLINED and the key's answer if the handshake is in order, else what the handler returns. */
static int check_handshake(request_rec *r, char accept[GLANCE_WEBSOCKET_ACCEPT_SIZE])
{
    if (r->connection->master) {
        /* RFC 8441 wants an extended CONNECT, which mod_http2 does not pass on as such. */
        return glance_response_error(
            r, HTTP_NOT_IMPLEMENTED,
            "the feed is not served over HTTP/2; open it over HTTP/1.1, or "
            "use the stream");
    }
    if (!is_upgrade(r) || strcmp(header(r, "Sec-WebSocket-Version"), VERSION) != 0) {
        return ask_for_upgrade(r);
    }
    if (glance_websocket_accept(accept, header(r, "Sec-WebSocket-Key")) != APR_SUCCESS) {
        return glance_response_error(r, HTTP_BAD_REQUEST,
                                     "Sec-WebSocket-Key must be there once, 16 bytes in base64");
    }
    if (ap_request_has_body(r)) {
        return glance_response_error(r, HTTP_BAD_REQUEST, "a WebSocket's request has no body");
    }
    return DECLINED;
}

/* From here on the connection speaks WebSocket: the request's own filters, which speak HTTP, are
 * passed over, and nobody waits for another request in time. */
static void switch_protocols(request_rec *r, const char *accept, int speaks_events)
{
    conn_rec *c = r->connection;

    apr_table_clear(r->headers_out);
    apr_table_setn(r->headers_out, "Upgrade", "websocket");
    apr_table_setn(r->headers_out, "Connection", "Upgrade");
    apr_table_setn(r->headers_out, "Sec-WebSocket-Accept", accept);
    if (speaks_events) {
        apr_table_setn(r->headers_out, "Sec-WebSocket-Protocol", SUBPROTOCOL);
    }
    r->status = HTTP_SWITCHING_PROTOCOLS;
    ap_send_interim_response(r, 1);
    c->keepalive = AP_CONN_CLOSE;
    r->output_filters = r->proto_output_filters = c->output_filters;
    r->input_filters = r->proto_input_filters = c->input_filters;
    ap_remove_input_filter_byhandle(c->input_filters, "reqtimeout");
}

int glance_feed_open(request_rec *r, glance_store_t *store, const char *rest)
{
    char accept[GLANCE_WEBSOCKET_ACCEPT_SIZE];
    int speaks_events = offers_events(r);
    glance_stream_request_t stream;
    int answer = check_handshake(r, accept);

    (void)rest;
    if (answer != DECLINED) {
        return answer;
    }
    stream = glance_admission_read(r, store, speaks_events ? GLANCE_EVENTS : GLANCE_FEED);
    if (!glance_admission_is_possible(r)) {
        apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
        return glance_response_error(
            r, HTTP_SERVICE_UNAVAILABLE,
            "this server holds no more feeds over this kind of connection; "
            "use the stream, or try again later");
    }
    switch_protocols(r, apr_pstrdup(r->pool, accept), speaks_events);
    glance_admission_grant(r, &stream);
    return OK;
}
