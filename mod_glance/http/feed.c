/* feed.c: the handler of the live feed, a WebSocket.
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
#define SUBPROTOCOL "glance-events" /* without it: the original Glance's messages */
#define RETRY_AFTER "5"             /* seconds */

static const char *header(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->headers_in, name);

    return value ? value : "";
}

/* httpd joins repeated headers to one list. */
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

/* The names of subprotocols are case-sensitive (RFC 6455, 4.2.2). */
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
                                 "the feed is a WebSocket; connect with WebSocket version " VERSION
                                 " over HTTP/1.1");
}

/* Returns DECLINED and the value of Sec-WebSocket-Accept for a valid handshake, else what the
 * handler returns. */
static int check_handshake(request_rec *r, char accept[GLANCE_WEBSOCKET_ACCEPT_SIZE])
{
    if (r->connection->master) {
        /* RFC 8441 needs an extended CONNECT, which mod_http2 does not pass on as such. */
        return glance_response_error(
            r, HTTP_NOT_IMPLEMENTED,
            "the feed is not available over HTTP/2; connect over HTTP/1.1, or "
            "use the stream");
    }
    if (!is_upgrade(r) || strcmp(header(r, "Sec-WebSocket-Version"), VERSION) != 0) {
        return ask_for_upgrade(r);
    }
    if (glance_websocket_accept(accept, header(r, "Sec-WebSocket-Key")) != APR_SUCCESS) {
        return glance_response_error(r, HTTP_BAD_REQUEST,
                                     "send Sec-WebSocket-Key once, with 16 bytes in base64");
    }
    if (ap_request_has_body(r)) {
        return glance_response_error(r, HTTP_BAD_REQUEST,
                                     "send the request of a WebSocket without a body");
    }
    return DECLINED;
}

/* After the response's head the connection carries WebSocket frames. The request's filters, which
 * add HTTP, are bypassed, and mod_reqtimeout no longer waits for a request. */
static void switch_protocols(request_rec *r, const char *accept, int sends_events)
{
    conn_rec *c = r->connection;

    apr_table_clear(r->headers_out);
    apr_table_setn(r->headers_out, "Upgrade", "websocket");
    apr_table_setn(r->headers_out, "Connection", "Upgrade");
    apr_table_setn(r->headers_out, "Sec-WebSocket-Accept", accept);
    if (sends_events) {
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
    int sends_events = offers_events(r);
    glance_stream_request_t stream;
    int answer = check_handshake(r, accept);

    (void)rest;
    if (answer != DECLINED) {
        return answer;
    }
    stream = glance_admission_read(r, store, sends_events ? GLANCE_EVENTS : GLANCE_FEED);
    if (!glance_admission_is_possible(r)) {
        apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
        return glance_response_error(r, HTTP_SERVICE_UNAVAILABLE,
                                     "this server cannot hold another feed on this connection; "
                                     "use the stream, or try again later");
    }
    switch_protocols(r, apr_pstrdup(r->pool, accept), sends_events);
    glance_admission_grant(r, &stream);
    return OK;
}
