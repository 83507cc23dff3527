/* event.c: what viewers are told.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/event.h"

/* What the texts are made of. */
typedef struct {
    const glance_store_t *store;
    const glance_snapshot_t *snapshot;
    const glance_changes_t *changes;
    apr_uint64_t seq;
    apr_time_t now;
} news_t;

typedef glance_buffer_t *(*make_fn_t)(const glance_dialect_t *, const news_t *);

static glance_buffer_t *make_hello(const glance_dialect_t *dialect, const news_t *news)
{
    return dialect->make_hello(news->snapshot, news->store->times.timeout);
}

static glance_buffer_t *make_update(const glance_dialect_t *dialect, const news_t *news)
{
    return dialect->make_update(news->store->board, news->changes, news->seq, news->now);
}

static glance_buffer_t *make_health(const glance_dialect_t *dialect, const news_t *news)
{
    return dialect->make_health(news->store->board, news->changes, news->seq);
}

void glance_buffers_release(glance_buffers_t *buffers)
{
    int i;

    for (i = 0; i < GLANCE_DIALECTS; i++) {
        glance_buffer_release(buffers->of[i]);
        buffers->of[i] = NULL;
    }
}

static apr_status_t make_buffers(glance_buffers_t *buffers, unsigned wanted, make_fn_t make,
                                 const news_t *news)
{
    int i;

    for (i = 0; i < GLANCE_DIALECTS; i++) {
        if (!(wanted & 1U << i)) {
            continue;
        }
        buffers->of[i] = make(&glance_dialects[i], news);
        if (!buffers->of[i]) {
            glance_buffers_release(buffers);
            return APR_ENOMEM;
        }
    }
    return APR_SUCCESS;
}

apr_status_t glance_event_hello(glance_buffers_t *buffers, unsigned wanted, glance_store_t *store,
                                apr_uint64_t *upto)
{
    glance_snapshot_t *snapshot = glance_store_snapshot(store);
    news_t news = {.store = store, .snapshot = snapshot};
    apr_status_t rv;

    memset(buffers, 0, sizeof *buffers);
    if (!snapshot) {
        return APR_ENOMEM;
    }
    *upto = snapshot->seq;
    rv = make_buffers(buffers, wanted, make_hello, &news);
    glance_snapshot_release(snapshot);
    return rv;
}

apr_status_t glance_event_update(glance_buffers_t *buffers, unsigned wanted, glance_store_t *store,
                                 apr_uint64_t seq, glance_changes_t *changes, apr_uint64_t *upto)
{
    apr_status_t rv = glance_store_since(store, GLANCE_CHANGE, seq, changes, upto);

    memset(buffers, 0, sizeof *buffers);
    if (rv == APR_SUCCESS) {
        news_t news = {.store = store, .changes = changes, .seq = *upto, .now = apr_time_now()};

        rv = make_buffers(buffers, wanted, make_update, &news);
    }
    return rv;
}

apr_status_t glance_event_health(glance_buffers_t *buffers, unsigned wanted, glance_store_t *store,
                                 apr_uint64_t heartbeat, apr_uint64_t seq,
                                 glance_changes_t *changes, apr_uint64_t *upto)
{
    apr_status_t rv = glance_store_since(store, GLANCE_HEARTBEAT, heartbeat, changes, upto);

    memset(buffers, 0, sizeof *buffers);
    if (rv == APR_SUCCESS) {
        news_t news = {.store = store, .changes = changes, .seq = seq};

        rv = make_buffers(buffers, wanted, make_health, &news);
    }
    return rv;
}
