/* glance_stream.c: the handler of the live stream.
 *
 * A stream is answered like any request, with the first lines of its body, and httpd is told to
 * close the connection after it. Just before it does, the hub takes the socket over. httpd is then
 * done: the request is finished and logged, the connection freed.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_stream.h"

#include "apr_strings.h"

#include "http_protocol.h"

#include "glance_answer.h"
#include "glance_clock.h"
#include "glance_event.h"
#include "glance_hub.h"
#include "glance_socket.h"
#include "glance_sweep.h"

#define RETRY_MS 3000
#define RETRY_BRIEF_MAX_MS 10000

/* What a viewer asked for. */
typedef struct {
    glance_store_t *store;
    int wants_pulse;
    int resumes;
    apr_uint64_t seq; /* if it resumes */
    const char *address;
} ticket_t;

/* The value of a query's parameter, NULL if it is not there. */
static const char *parameter(request_rec *r, const char *name)
{
    char *rest = apr_pstrdup(r->pool, r->args ? r->args : "");
    apr_size_t length = strlen(name);
    char *part;

    for (part = apr_strtok(rest, "&", &rest); part; part = apr_strtok(NULL, "&", &rest)) {
        if (!strncmp(part, name, length) && part[length] == '=') {
            char *value = part + length + 1;

            return ap_unescape_urlencoded(value) == OK ? value : "";
        }
    }
    return NULL;
}

static ticket_t read_ticket(request_rec *r, glance_store_t *store)
{
    const char *pulse = parameter(r, "pulse");
    const char *last = apr_table_get(r->headers_in, "Last-Event-ID");
    ticket_t ticket = {.store = store, .wants_pulse = !pulse || strcmp(pulse, "0") != 0};
    glance_place_t place;

    if (!last) {
        last = parameter(r, "last-event-id");
    }
    if (last && glance_sse_parse_id(&place, last) && place.epoch == glance_board_epoch(store->board)
        && place.seq <= glance_board_latest(store->board, GLANCE_CHANGE)) {
        ticket.resumes = 1;
        ticket.seq = place.seq;
    }
    return ticket;
}

static void set_headers(request_rec *r)
{
    ap_set_content_type(r, "text/event-stream");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
    /* mod_deflate and mod_brotli would hold events back. */
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    apr_table_setn(r->subprocess_env, "no-brotli", "1");
}

static int send_brief(request_rec *r, const ticket_t *ticket)
{
    glance_text_t *retry = glance_text_make(0);
    glance_changes_t changes = {0};
    apr_uint64_t upto;
    glance_text_t *event = ticket->resumes
                               ? glance_event_update(ticket->store, ticket->seq, &changes, &upto)
                               : glance_event_hello(ticket->store, &upto);

    glance_changes_free(&changes);
    if (!retry || !event) {
        glance_text_release(retry);
        glance_text_release(event);
        return glance_answer_failure(r);
    }
    set_headers(r);
    glance_sse_put_retry(retry, ap_random_pick(RETRY_MS, RETRY_BRIEF_MAX_MS));
    ap_rwrite(retry->data, (int)retry->length, r);
    ap_rwrite(event->data, (int)event->length, r);
    glance_text_release(retry);
    glance_text_release(event);
    return OK;
}

/* The rest of the body is the hub's. */
static int begin_stream(request_rec *r, ticket_t *ticket)
{
    set_headers(r);
    ticket->address = apr_pstrdup(r->connection->pool, r->useragent_ip);
    r->connection->keepalive = AP_CONN_CLOSE; /* so there are no chunks either */
    ap_rprintf(r, "retry: %d\n\n", RETRY_MS);
    if (ap_rflush(r) == 0) {
        ap_set_module_config(r->connection->conn_config, &glance_module,
                             apr_pmemdup(r->connection->pool, ticket, sizeof *ticket));
    }
    return OK;
}

/* Not for a part of another page, nor for an ErrorDocument: those must end. */
static int can_hold(request_rec *r)
{
    return !r->main && (!r->prev || r->prev->status == HTTP_OK)
           && glance_socket_is_raw(r->connection) && glance_hub_has_room();
}

int glance_stream_open(request_rec *r, glance_store_t *store, const char *path)
{
    ticket_t ticket;
    int answer = glance_answer_unless_get(r, path);

    if (answer != DECLINED) {
        return answer;
    }
    if (r->header_only) {
        set_headers(r);
        return OK;
    }
    glance_sweep_if_due(store);
    ticket = read_ticket(r, store);
    return can_hold(r) ? begin_stream(r, &ticket) : send_brief(r, &ticket);
}

int glance_stream_hand_over(conn_rec *c)
{
    const ticket_t *ticket = ap_get_module_config(c->conn_config, &glance_module);
    glance_viewer_t *viewer;
    int socket;

    if (!ticket) {
        return DECLINED;
    }
    socket = glance_socket_take(c);
    if (socket < 0) {
        return OK;
    }
    viewer = glance_viewer_make(socket, ticket->address, glance_clock_now());
    if (!viewer) {
        glance_socket_close(socket, -1);
        return OK;
    }
    viewer->store = ticket->store;
    viewer->wants_pulse = ticket->wants_pulse;
    viewer->resumes = ticket->resumes;
    viewer->seq = ticket->seq;
    glance_hub_adopt(viewer);
    return OK;
}
