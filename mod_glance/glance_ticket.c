/* glance_ticket.c: the way of a viewer from its request to the hub.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_ticket.h"

#include "apr_strings.h"

#include "http_protocol.h"

#include "glance_clock.h"
#include "glance_hub.h"
#include "glance_query.h"
#include "glance_shared.h"
#include "glance_socket.h"
#include "glance_suspend.h"

glance_ticket_t glance_ticket_read(request_rec *r, glance_store_t *store,
                                   glance_transport_e transport)
{
    const char *pulse = glance_query_get(r->args, "pulse", r->pool);
    const char *last = apr_table_get(r->headers_in, "Last-Event-ID");
    glance_ticket_t ticket = {.store = store,
                              .transport = transport,
                              .wants_pulse = !pulse || strcmp(pulse, "0") != 0};
    glance_place_t place;

    if (!last) {
        last = glance_query_get(r->args, "last-event-id", r->pool);
    }
    /* The original's messages have no ids. */
    if (last && transport != GLANCE_FEED && glance_sse_parse_id(&place, last)
        && place.epoch == glance_board_epoch(store->board)
        && place.seq <= glance_board_latest(store->board, GLANCE_CHANGE)) {
        ticket.resumes = 1;
        ticket.seq = place.seq;
    }
    return ticket;
}

/* Not for a part of another page, nor for an ErrorDocument: those must end. */
int glance_ticket_is_good(request_rec *r, glance_ticket_t *ticket)
{
    if (r->main || (r->prev && r->prev->status != HTTP_OK)) {
        return 0;
    }
    ticket->is_raw = glance_socket_is_raw(r->connection);
    return (ticket->is_raw || glance_suspend_is_possible(r->connection))
           && glance_hub_has_room(!ticket->is_raw);
}

/* A raw connection is handed over when httpd closes it, any other one when the MPM has suspended
 * it. */
int glance_ticket_use(request_rec *r, const glance_ticket_t *ticket)
{
    conn_rec *c = r->connection;
    glance_ticket_t filled = *ticket;

    if (c->aborted) {
        return OK;
    }
    filled.address = apr_pstrdup(c->pool, r->useragent_ip);
    ap_set_module_config(c->conn_config, &glance_module,
                         apr_pmemdup(c->pool, &filled, sizeof filled));
    return ticket->is_raw ? OK : SUSPENDED;
}

static void hand_over(glance_channel_t *channel, const glance_ticket_t *ticket)
{
    glance_viewer_t *viewer = glance_viewer_make(channel, ticket->transport, ticket->address,
                                                 glance_clock_now());

    if (!viewer) {
        return;
    }
    viewer->store = ticket->store;
    viewer->wants_pulse = ticket->wants_pulse;
    viewer->resumes = ticket->resumes;
    viewer->seq = ticket->seq;
    glance_stats_add(glance_shared_stats(),
                     glance_viewer_hears(viewer) ? GLANCE_STAT_FEEDS : GLANCE_STAT_STREAMS, 1);
    glance_hub_adopt(viewer);
}

int glance_ticket_close(conn_rec *c)
{
    const glance_ticket_t *ticket = ap_get_module_config(c->conn_config, &glance_module);
    glance_channel_t channel;

    if (!ticket || !ticket->is_raw) {
        return DECLINED;
    }
    if (glance_socket_take(&channel, c, glance_transports[ticket->transport].hears)
        == APR_SUCCESS) {
        hand_over(&channel, ticket);
    }
    return OK;
}

void glance_ticket_suspend(conn_rec *c, request_rec *r)
{
    const glance_ticket_t *ticket = ap_get_module_config(c->conn_config, &glance_module);
    glance_channel_t channel;

    if (ticket && !ticket->is_raw && glance_suspend_take(&channel, c, r) == APR_SUCCESS) {
        ap_set_module_config(c->conn_config, &glance_module, NULL);
        hand_over(&channel, ticket);
    }
}
