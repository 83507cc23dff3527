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

typedef glance_text_t *(*make_fn_t)(const glance_transport_t *, const news_t *);

static glance_text_t *make_hello(const glance_transport_t *transport, const news_t *news)
{
    return transport->make_hello(news->snapshot, news->store->timeout);
}

static glance_text_t *make_update(const glance_transport_t *transport, const news_t *news)
{
    return transport->make_update(news->store->board, news->changes, news->seq, news->now);
}

static glance_text_t *make_health(const glance_transport_t *transport, const news_t *news)
{
    return transport->make_health(news->store->board, news->changes, news->seq);
}

void glance_texts_release(glance_texts_t *texts)
{
    int i;

    for (i = 0; i < GLANCE_TRANSPORTS; i++) {
        glance_text_release(texts->of[i]);
        texts->of[i] = NULL;
    }
}

static apr_status_t make_texts(glance_texts_t *texts, unsigned wanted, make_fn_t make,
                               const news_t *news)
{
    int i;

    for (i = 0; i < GLANCE_TRANSPORTS; i++) {
        if (!(wanted & 1U << i)) {
            continue;
        }
        texts->of[i] = make(&glance_transports[i], news);
        if (!texts->of[i]) {
            glance_texts_release(texts);
            return APR_ENOMEM;
        }
    }
    return APR_SUCCESS;
}

apr_status_t glance_event_hello(glance_texts_t *texts, unsigned wanted, glance_store_t *store,
                                apr_uint64_t *upto)
{
    glance_snapshot_t *snapshot = glance_store_snapshot(store);
    news_t news = {.store = store, .snapshot = snapshot};
    apr_status_t rv;

    memset(texts, 0, sizeof *texts);
    if (!snapshot) {
        return APR_ENOMEM;
    }
    *upto = snapshot->seq;
    rv = make_texts(texts, wanted, make_hello, &news);
    glance_snapshot_release(snapshot);
    return rv;
}

apr_status_t glance_event_update(glance_texts_t *texts, unsigned wanted, glance_store_t *store,
                                 apr_uint64_t seq, glance_changes_t *changes, apr_uint64_t *upto)
{
    apr_status_t rv = glance_store_since(store, GLANCE_CHANGE, seq, changes, upto);

    memset(texts, 0, sizeof *texts);
    if (rv == APR_SUCCESS) {
        news_t news = {.store = store, .changes = changes, .seq = *upto, .now = apr_time_now()};

        rv = make_texts(texts, wanted, make_update, &news);
    }
    return rv;
}

apr_status_t glance_event_health(glance_texts_t *texts, unsigned wanted, glance_store_t *store,
                                 apr_uint64_t beat, apr_uint64_t seq, glance_changes_t *changes,
                                 apr_uint64_t *upto)
{
    apr_status_t rv = glance_store_since(store, GLANCE_BEAT, beat, changes, upto);

    memset(texts, 0, sizeof *texts);
    if (rv == APR_SUCCESS) {
        news_t news = {.store = store, .changes = changes, .seq = seq};

        rv = make_texts(texts, wanted, make_health, &news);
    }
    return rv;
}
