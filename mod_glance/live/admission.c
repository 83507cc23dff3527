/* admission.c: the way of a viewer from its request to the hub.
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

glance_stream_request_t glance_admission_read(request_rec *r, glance_store_t *store,
                                              glance_dialect_e dialect)
{
    const char *last = apr_table_get(r->headers_in, "Last-Event-ID");
    glance_stream_request_t stream = {.store = store, .dialect = dialect};
    apr_table_t *query;
    const char *pulse;
    glance_place_t place;

    ap_args_to_table(r, &query);
    pulse = apr_table_get(query, "pulse");
    stream.wants_health = !pulse || strcmp(pulse, "0") != 0;
    if (!last) {
        last = apr_table_get(query, "last-event-id");
    }
    /* The original's messages have no ids. */
    if (last && dialect != GLANCE_FEED && glance_sse_parse_id(&place, last)
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

/* The client has a head and nothing else: it is told when to return. httpd flushes this before it
 * closes the connection. */
static void turn_away(conn_rec *c, const glance_stream_request_t *stream)
{
    apr_bucket_brigade *brigade = apr_brigade_create(c->pool, c->bucket_alloc);
    char words[GLANCE_GOODBYE_MAX];
    apr_size_t length = glance_dialects[stream->dialect].put_goodbye(words,
                                                                     glance_polling_retry_ms());

    apr_brigade_write(brigade, NULL, NULL, words, length);
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
    ap_log_cerror(APLOG_MARK, APLOG_DEBUG, rv, c, "cannot take the connection of a viewer over");
    turn_away(c, stream);
    return OK;
}

/* Any crowd can use up the descriptors that viewers leave, also one that only opens connections. If
 * it comes to that, viewers make room before httpd goes on with this connection. */
static int meet_connection(conn_rec *c, void *socket)
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
    ap_hook_pre_connection(meet_connection, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_pre_close_connection(close_connection, NULL, NULL, APR_HOOK_MIDDLE);
}
