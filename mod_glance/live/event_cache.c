/* event_cache.c: the events for viewers who join or catch up.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/event_cache.h"

/* An event contains the time, so it is not shared for longer. */
#define LIFE apr_time_from_sec(1)

/* A hello of at least this many bytes is shared even if states have changed since it was made; an
 * update follows it. Otherwise, while many viewers join, the hellos after each change would use up
 * the memory. */
#define LARGE_HELLO 65536

/* A hello is shared for one more second for each of these many bytes, since clients may take that
 * long to receive them. */
#define HELLO_BYTES_A_SECOND ((apr_size_t)4 << 20)

static const glance_buffer_t *payload_of(const glance_cached_event_t *cached)
{
    return cached->event.payload[cached->vocabulary];
}

static apr_interval_time_t life_of(const glance_cached_event_t *cached)
{
    apr_size_t length = cached->since == GLANCE_SINCE_NOTHING ? payload_of(cached)->length : 0;

    return LIFE + apr_time_from_sec((apr_int64_t)(length / HELLO_BYTES_A_SECOND));
}

static int is_current(const glance_cached_event_t *cached, apr_uint64_t seq, glance_moment_t now)
{
    return now - cached->made < life_of(cached)
           && (cached->event.id.seq == seq
               || (cached->since == GLANCE_SINCE_NOTHING
                   && payload_of(cached)->length >= LARGE_HELLO));
}

static void forget(glance_cached_event_t *cached)
{
    int i;

    for (i = 0; i < GLANCE_DIALECTS; i++) {
        glance_buffer_release(cached->framed[i][0]);
        glance_buffer_release(cached->framed[i][1]);
    }
    glance_event_release(&cached->event);
    memset(cached, 0, sizeof *cached);
}

static glance_cached_event_t *find(glance_event_cache_t *cache, const glance_store_t *store,
                                   glance_vocabulary_e vocabulary, apr_uint64_t since,
                                   glance_moment_t now)
{
    apr_uint64_t seq = glance_board_latest(store->board, GLANCE_CHANGE);
    int i;

    for (i = 0; i < GLANCE_EVENT_CACHE_SIZE; i++) {
        glance_cached_event_t *cached = &cache->events[i];

        if (cached->vocabulary == vocabulary && cached->since == since && payload_of(cached)
            && is_current(cached, seq, now)) {
            return cached;
        }
    }
    return NULL;
}

static glance_cached_event_t *make(glance_event_cache_t *cache, glance_store_t *store,
                                   glance_vocabulary_e vocabulary, apr_uint64_t since,
                                   glance_moment_t now)
{
    glance_cached_event_t *cached = &cache->events[cache->next];
    unsigned wanted = 1U << vocabulary;
    apr_status_t rv;

    cache->next = (cache->next + 1) % GLANCE_EVENT_CACHE_SIZE;
    forget(cached);
    rv = since == GLANCE_SINCE_NOTHING
             ? glance_event_hello(&cached->event, wanted, store)
             : glance_event_update(&cached->event, wanted, store, since, &cache->changes);
    if (rv != APR_SUCCESS) {
        return NULL;
    }
    cached->since = since;
    cached->vocabulary = vocabulary;
    cached->made = now;
    return cached;
}

/* The frame of a feed is its payload. */
static apr_size_t length_of(const glance_cached_event_t *cached, const glance_buffer_t *framed)
{
    return framed->length + (framed == payload_of(cached) ? 0 : payload_of(cached)->length);
}

/* Frames the event, unless that was done before. Returns NULL if memory ran out. */
static glance_buffer_t *frame(glance_event_cache_t *cache, glance_cached_event_t *cached,
                              glance_dialect_e dialect, int begins)
{
    glance_buffer_t **framed = &cached->framed[dialect][begins];

    if (!*framed) {
        *framed = glance_event_frame(&cached->event, dialect, begins);
    }
    if (*framed && cached->since == GLANCE_SINCE_NOTHING
        && length_of(cached, *framed) > cache->hello_length) {
        cache->hello_length = length_of(cached, *framed);
    }
    return *framed;
}

const glance_cached_event_t *glance_event_cache_get(glance_event_cache_t *cache,
                                                    glance_store_t *store, glance_dialect_e dialect,
                                                    apr_uint64_t since, int begins,
                                                    glance_moment_t now, glance_buffer_t **buffer)
{
    glance_vocabulary_e vocabulary = glance_dialects[dialect].vocabulary;
    glance_cached_event_t *cached = find(cache, store, vocabulary, since, now);

    if (!cached) {
        cached = make(cache, store, vocabulary, since, now);
    }
    if (!cached) {
        return NULL;
    }
    *buffer = frame(cache, cached, dialect, begins && glance_dialects[dialect].has_beginning);
    return *buffer ? cached : NULL;
}

void glance_event_cache_expire(glance_event_cache_t *cache, glance_moment_t now)
{
    int i;

    for (i = 0; i < GLANCE_EVENT_CACHE_SIZE; i++) {
        glance_cached_event_t *cached = &cache->events[i];

        if (payload_of(cached) && now - cached->made >= life_of(cached)) {
            forget(cached);
        }
    }
}

static int has_buffer(const glance_cached_event_t *cached, const glance_buffer_t *buffer)
{
    int i;

    for (i = 0; i < GLANCE_DIALECTS; i++) {
        if (cached->framed[i][0] == buffer || cached->framed[i][1] == buffer) {
            return 1;
        }
    }
    return 0;
}

void glance_event_cache_forget(glance_event_cache_t *cache, const glance_buffer_t *buffer)
{
    int i;

    for (i = 0; i < GLANCE_EVENT_CACHE_SIZE; i++) {
        if (has_buffer(&cache->events[i], buffer)) {
            forget(&cache->events[i]);
        }
    }
}

void glance_event_cache_free(glance_event_cache_t *cache)
{
    glance_event_cache_expire(cache, GLANCE_NO_MOMENT);
    glance_changes_free(&cache->changes);
}
