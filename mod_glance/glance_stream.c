/* glance_stream.c: the handler of the live stream.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_stream.h"

#include "http_protocol.h"

#include "glance_answer.h"
#include "glance_clock.h"
#include "glance_event.h"
#include "glance_shared.h"
#include "glance_sweep.h"
#include "glance_ticket.h"

/* The brief form: a client returns after this long, longer the more of them there are. */
#define BRIEF_MIN_MS 3000
#define BRIEF_MAX_MS 10000
#define BRIEF_MS_EACH 20 /* for each brief answer of this child in the last second */

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

static int send_brief(request_rec *r, const glance_ticket_t *ticket)
{
    glance_text_t *retry = glance_text_make(0);
    glance_changes_t changes = {0};
    glance_texts_t event = {{0}};
    apr_uint64_t upto;
    apr_status_t rv = ticket->resumes
                          ? glance_event_update(&event, 1U << GLANCE_STREAM, ticket->store,
                                                ticket->seq, &changes, &upto)
                          : glance_event_hello(&event, 1U << GLANCE_STREAM, ticket->store, &upto);

    glance_changes_free(&changes);
    if (!retry || rv != APR_SUCCESS) {
        glance_text_release(retry);
        glance_texts_release(&event);
        return glance_answer_failure(r);
    }
    set_headers(r);
    glance_stats_add(glance_shared_stats(), GLANCE_STAT_BRIEF, 1);
    glance_sse_put_retry(retry, brief_retry());
    ap_rwrite(retry->data, (int)retry->length, r);
    ap_rwrite(event.of[GLANCE_STREAM]->data, (int)event.of[GLANCE_STREAM]->length, r);
    glance_text_release(retry);
    glance_texts_release(&event);
    return OK;
}

/* The rest of the body is the hub's. */
static int begin_stream(request_rec *r, const glance_ticket_t *ticket)
{
    set_headers(r);
    r->connection->keepalive = AP_CONN_CLOSE; /* so there are no chunks either */
    return ap_rflush(r) == 0 ? glance_ticket_use(r, ticket) : OK;
}

int glance_stream_open(request_rec *r, glance_store_t *store, const char *path)
{
    glance_ticket_t ticket;
    int answer = glance_answer_unless_get(r, path);

    if (answer != DECLINED) {
        return answer;
    }
    if (r->header_only) {
        set_headers(r);
        return OK;
    }
    glance_sweep_if_due(store);
    ticket = glance_ticket_read(r, store, GLANCE_STREAM);
    return glance_ticket_is_good(r, &ticket) ? begin_stream(r, &ticket) : send_brief(r, &ticket);
}
