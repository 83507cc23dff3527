/* admission.c: takes a viewer from its request to the hub.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/admission.h"

#include "http_connection.h"
#include "http_protocol.h"
#include "util_script.h"

#include "apr_portable.h"
#include "apr_strings.h"

#include "core/clock.h"
#include "boards/retained.h"
#include "live/descriptors.h"
#include "live/handover.h"
#include "live/hub.h"
#include "live/polling.h"

/* The id of the last event that the client got, or NULL. Replacements for EventSource, in old
 * browsers and in libraries, send it in the query, under names of their own (apr_table_get()
 * ignores case). Theirs are newer than one that a page has written into the address. */
static const char *last_event_id(const request_rec *r, const apr_table_t *query)
{
    static const char *const names[] = {"lastEventId", "last_event_id", "last-event-id"};
    const char *id = apr_table_get(r->headers_in, "Last-Event-ID");
    apr_size_t i;

    for (i = 0; (!id || !*id) && i < sizeof names / sizeof names[0]; i++) {
        id = apr_table_get(query, names[i]);
    }
    return id;
}

glance_stream_request_t glance_admission_read(request_rec *r, glance_store_t *store,
                                              glance_dialect_e dialect)
{
    const char *last;
    glance_stream_request_t stream = {.store = store, .dialect = dialect};
    apr_table_t *query;
    const char *pulse;
    glance_place_t place;

    ap_args_to_table(r, &query);
    pulse = apr_table_get(query, "pulse");
    stream.wants_health = !pulse || strcmp(pulse, "0") != 0;
    last = last_event_id(r, query);
    /* The feed's messages have no ids, so its clients cannot resume. */
    if (last && dialect != GLANCE_FEED && glance_event_id_parse(&place, last)
        && glance_board_can_resume(store->board, place.epoch, place.seq)) {
        stream.resumes = 1;
        stream.seq = place.seq;
    }
    return stream;
}

int glance_admission_is_possible(const request_rec *r)
{
    return !r->main && !r->prev && glance_handover_is_possible(r->connection)
           && glance_hub_has_room();
}

void glance_admission_grant(request_rec *r, const glance_stream_request_t *stream)
{
    glance_stream_request_t *granted = apr_pmemdup(r->connection->pool, stream, sizeof *stream);

    granted->address = apr_pstrdup(r->connection->pool, r->useragent_ip);
    glance_handover_await(r->connection, granted);
}

static void hold(const glance_connection_t *connection, const glance_stream_request_t *stream)
{
    glance_viewer_t *viewer = glance_viewer_make(connection, stream->dialect, stream->address,
                                                 glance_clock_now());

    if (!viewer) {
        return;
    }
    viewer->store = stream->store;
    viewer->wants_health = stream->wants_health;
    viewer->resumes = stream->resumes;
    viewer->seq = stream->seq;
    glance_counters_add(glance_retained_counters(),
                        glance_dialects[stream->dialect].has_input ? GLANCE_COUNTER_FEEDS
                                                                   : GLANCE_COUNTER_STREAMS,
                        1);
    glance_hub_adopt(viewer);
}

/* The client has received only the head of the response. This adds a goodbye, which says when to
 * return. httpd flushes it before it closes the connection. */
static void turn_away(conn_rec *c, const glance_stream_request_t *stream)
{
    apr_bucket_brigade *brigade = apr_brigade_create(c->pool, c->bucket_alloc);
    char goodbye[GLANCE_GOODBYE_MAX];
    apr_size_t length = glance_dialects[stream->dialect].put_goodbye(goodbye,
                                                                     glance_polling_retry_ms());

    apr_brigade_write(brigade, NULL, NULL, goodbye, length);
    (void)ap_pass_brigade(c->output_filters, brigade);
}

static int close_connection(conn_rec *c)
{
    const glance_stream_request_t *stream = glance_handover_awaited(c);
    glance_connection_t connection;
    apr_status_t rv;

    if (!stream || c->aborted) {
        return DECLINED;
    }
    rv = glance_handover_take(&connection, c, glance_dialects[stream->dialect].has_input);
    if (rv == APR_SUCCESS) {
        hold(&connection, stream);
        return OK;
    }
    ap_log_cerror(APLOG_MARK, APLOG_DEBUG, rv, c, "cannot take over a viewer's connection");
    turn_away(c, stream);
    return OK;
}

/* Clients that only open connections can use up the descriptors that viewers leave free. The hub
 * then sends viewers away before httpd continues with this connection. */
static int check_descriptors(conn_rec *c, void *socket)
{
    apr_os_sock_t descriptor;

    if (!c->master && apr_os_sock_get(&descriptor, socket) == APR_SUCCESS
        && glance_descriptors_are_short(descriptor)) {
        glance_hub_relieve();
    }
    return OK;
}

void glance_admission_register(apr_pool_t *pool)
{
    (void)pool;
    glance_handover_register();
    ap_hook_pre_connection(check_descriptors, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_pre_close_connection(close_connection, NULL, NULL, APR_HOOK_MIDDLE);
}
