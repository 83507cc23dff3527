/* glance_ticket.h: what a viewer asked for, and the way from its request to the hub: admission,
 * then hand-over.
 *
 * A stream is answered like any request, with nothing but its head yet, and httpd is told to close
 * the connection after it. Just before it does, the hub takes the socket over. httpd is then done:
 * the request is finished and logged, the connection freed. Over TLS, the hub takes over the
 * connection as it is, suspended by the event MPM.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_TICKET_H
#define GLANCE_TICKET_H

#include "glance_store.h"
#include "glance_transport.h"

typedef struct {
    glance_store_t *store;
    glance_transport_e transport;
    int wants_pulse;
    int resumes;      /* the viewer knows the board up to `seq` */
    apr_uint64_t seq; /* if it resumes */
    const char *address;
    int is_raw; /* known once glance_ticket_is_good() was asked */
} glance_ticket_t;

/** Reads what the request asks for: `?pulse=0`, and Last-Event-ID or `?last-event-id=`. */
glance_ticket_t glance_ticket_read(request_rec *r, glance_store_t *store,
                                   glance_transport_e transport);

/** Whether the viewer can be held, on one of the two channels. */
int glance_ticket_is_good(request_rec *r, glance_ticket_t *ticket);

/** Has the hub take the viewer over once the handler has returned. The answer's head must have been
 * sent and flushed, and the connection be told to close.
 * @return what the handler returns. */
int glance_ticket_use(request_rec *r, const glance_ticket_t *ticket);

/** On the pre_close_connection hook: hands a raw connection's viewer to the hub. */
int glance_ticket_close(conn_rec *c);

/** On the suspend_connection hook, last of all: hands a suspended connection's viewer to the hub.
 */
void glance_ticket_suspend(conn_rec *c, request_rec *r);

#endif
