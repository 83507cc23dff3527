/* polling.c: the polling fallback.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/polling.h"

#include "http_protocol.h"

#include "core/clock.h"
#include "boards/retained.h"
#include "live/event.h"
#include "live/process.h"

#define RETRY_MIN_MS 3000
#define RETRY_MAX_MS 10000
#define RETRY_MS_EACH 20 /* for each polled answer of this second */

/* Counts this answer. Returns how many this child has given in this second. */
static apr_uint32_t count_answer(void)
{
    apr_uint64_t *polled = &glance_live_process.polled;
    apr_uint64_t second = (apr_uint64_t)apr_time_sec(glance_clock_now()) << 32;
    apr_uint64_t seen = __atomic_load_n(polled, __ATOMIC_RELAXED);
    apr_uint64_t next;

    do {
        next = (seen >> 32 << 32 == second ? seen : second) + 1;
    } while (
        !__atomic_compare_exchange_n(polled, &seen, next, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return (apr_uint32_t)next;
}

/* Up to a fifth more at random, so that viewers that came together do not return together. */
apr_uint32_t glance_polling_retry_ms(void)
{
    apr_uint32_t rate = count_answer();
    apr_uint32_t most = RETRY_MAX_MS * 5 / 6 - RETRY_MIN_MS;
    apr_uint32_t load = rate < most / RETRY_MS_EACH ? rate * RETRY_MS_EACH : most;

    return RETRY_MIN_MS + load + ap_random_pick(0, (RETRY_MIN_MS + load) / 5);
}

/* The event in the stream's framing, with one reference; NULL if that failed. */
static glance_buffer_t *make_event(const glance_stream_request_t *stream)
{
    unsigned vocabulary = 1U << glance_dialects[GLANCE_STREAM].vocabulary;
    glance_changes_t changes = {0};
    glance_buffer_t *framed = NULL;
    glance_event_t event;
    apr_status_t rv = stream->resumes ? glance_event_update(&event, vocabulary, stream->store,
                                                            stream->seq, &changes)
                                      : glance_event_hello(&event, vocabulary, stream->store);

    if (rv == APR_SUCCESS) {
        framed = glance_event_frame(&event, GLANCE_STREAM, 0);
        glance_event_release(&event);
    }
    glance_changes_free(&changes);
    return framed;
}

/* The client usually returns after KeepAliveTimeout. Until then a kept connection would count
 * against the MPM's limits, and on worker and prefork it would occupy a thread: a polling crowd
 * would lock bots out. */
static void close_connection(const request_rec *r)
{
    if (!r->connection->master) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
}

apr_status_t glance_polling_answer(request_rec *r, const glance_stream_request_t *stream)
{
    glance_buffer_t *retry = glance_buffer_make(0);
    glance_buffer_t *event = retry ? make_event(stream) : NULL;

    if (!event) {
        glance_buffer_release(retry);
        return APR_ENOMEM;
    }
    close_connection(r);
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_POLLS, 1);
    glance_sse_put_retry(retry, glance_polling_retry_ms());
    ap_rwrite(retry->data, (int)retry->length, r);
    ap_rwrite(event->data, (int)event->length, r);
    glance_buffer_release(retry);
    glance_buffer_release(event);
    return APR_SUCCESS;
}
