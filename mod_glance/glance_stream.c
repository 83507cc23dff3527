/* glance_stream.c: the handler of the live stream.
 *
 * A stream is answered like any request, with nothing but its head yet, and httpd is told to
 * close the connection after it. Just before it does, the hub takes the socket over. httpd is then
 * done: the request is finished and logged, the connection freed. Over TLS, the hub takes over the
 * connection as it is, suspended by the event MPM.
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
#include "glance_suspend.h"
#include "glance_sweep.h"

/* The brief form: a client returns after this long, longer the more of them there are. */
#define BRIEF_MIN_MS 3000
#define BRIEF_MAX_MS 10000
#define BRIEF_MS_EACH 20 /* for each brief answer of this child in the last second */

/* What a viewer asked for. */
typedef struct {
    glance_store_t *store;
    int wants_pulse;
    int resumes;
    apr_uint64_t seq; /* if it resumes */
    const char *address;
    int is_raw;
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

/* Brief answers of this child in this second, this one included. */
static apr_uint32_t brief_rate(void)
{
    static apr_uint64_t current; /* the second and, in the lower half, the answers in it */
    apr_uint64_t second = (apr_uint64_t)apr_time_sec(glance_clock_now()) << 32;
    apr_uint64_t seen = __atomic_load_n(&current, __ATOMIC_RELAXED);
    apr_uint64_t next;

    do {
        next = (seen >> 32 << 32 == second ? seen : second) + 1;
    } while (
        !__atomic_compare_exchange_n(&current, &seen, next, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return (apr_uint32_t)next;
}

/* Jittered by a quarter, so that viewers who came together do not return together. */
static apr_uint32_t brief_retry(void)
{
    apr_uint32_t rate = brief_rate();
    apr_uint32_t most = (BRIEF_MAX_MS - BRIEF_MIN_MS) * 4 / 5;
    apr_uint32_t load = rate < most / BRIEF_MS_EACH ? rate * BRIEF_MS_EACH : most;

    return BRIEF_MIN_MS + load + ap_random_pick(0, (BRIEF_MIN_MS + load) / 5);
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
    glance_stats_add(glance_store_stats(), GLANCE_STAT_BRIEF, 1);
    glance_sse_put_retry(retry, brief_retry());
    ap_rwrite(retry->data, (int)retry->length, r);
    ap_rwrite(event->data, (int)event->length, r);
    glance_text_release(retry);
    glance_text_release(event);
    return OK;
}

/* The rest of the body is the hub's. A raw connection is handed over when httpd closes it, any
 * other one when the MPM has suspended it. */
static int begin_stream(request_rec *r, ticket_t *ticket)
{
    conn_rec *c = r->connection;

    set_headers(r);
    ticket->address = apr_pstrdup(c->pool, r->useragent_ip);
    c->keepalive = AP_CONN_CLOSE; /* so there are no chunks either */
    if (ap_rflush(r) != 0 || c->aborted) {
        return OK;
    }
    ap_set_module_config(c->conn_config, &glance_module,
                         apr_pmemdup(c->pool, ticket, sizeof *ticket));
    return ticket->is_raw ? OK : SUSPENDED;
}

/* Whether the stream can be held open, on one of the two channels. Not for a part of another page,
 * nor for an ErrorDocument: those must end. */
static int can_hold(request_rec *r, ticket_t *ticket)
{
    if (r->main || (r->prev && r->prev->status != HTTP_OK)) {
        return 0;
    }
    ticket->is_raw = glance_socket_is_raw(r->connection);
    return (ticket->is_raw || glance_suspend_is_possible(r->connection))
           && glance_hub_has_room(!ticket->is_raw);
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
    return can_hold(r, &ticket) ? begin_stream(r, &ticket) : send_brief(r, &ticket);
}

static void hand_over(glance_channel_t *channel, const ticket_t *ticket)
{
    glance_viewer_t *viewer = glance_viewer_make(channel, ticket->address, glance_clock_now());

    if (!viewer) {
        return;
    }
    viewer->store = ticket->store;
    viewer->wants_pulse = ticket->wants_pulse;
    viewer->resumes = ticket->resumes;
    viewer->seq = ticket->seq;
    glance_stats_add(glance_store_stats(), GLANCE_STAT_STREAMS, 1);
    glance_hub_adopt(viewer);
}

int glance_stream_close(conn_rec *c)
{
    const ticket_t *ticket = ap_get_module_config(c->conn_config, &glance_module);
    glance_channel_t channel;

    if (!ticket || !ticket->is_raw) {
        return DECLINED;
    }
    if (glance_socket_take(&channel, c) == APR_SUCCESS) {
        hand_over(&channel, ticket);
    }
    return OK;
}

void glance_stream_suspend(conn_rec *c, request_rec *r)
{
    const ticket_t *ticket = ap_get_module_config(c->conn_config, &glance_module);
    glance_channel_t channel;

    if (ticket && !ticket->is_raw && glance_suspend_take(&channel, c, r) == APR_SUCCESS) {
        ap_set_module_config(c->conn_config, &glance_module, NULL);
        hand_over(&channel, ticket);
    }
}
