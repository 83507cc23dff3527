/* event_cache.h: the events for viewers that join or catch up, shared by those that need the same.
 *
 * When many viewers return at once, each event is encoded and framed once for all of them. Belongs
 * to the child's hub thread.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_EVENT_CACHE_H
#define GLANCE_LIVE_EVENT_CACHE_H

#include "live/event.h"

#define GLANCE_EVENT_CACHE_SIZE 8

/** The value of `since` for a viewer that knows nothing and needs a hello. */
#define GLANCE_SINCE_NOTHING APR_UINT64_MAX

/** An event and its frames. The cache owns the buffers. */
typedef struct {
    apr_uint64_t since; /* the viewers know every change up to this one */
    glance_vocabulary_e vocabulary;
    glance_moment_t made;
    glance_event_t event;
    glance_buffer_t *framed[GLANCE_DIALECTS][2]; /* [1]: as the first event of a connection */
} glance_cached_event_t;

/** Zeroed before its first use. */
typedef struct {
    glance_cached_event_t events[GLANCE_EVENT_CACHE_SIZE];
    int next;                 /* the place to use next */
    apr_size_t hello_length;  /* of the largest hello so far, with its payload, in bytes */
    glance_changes_t changes; /* scratch memory */
} glance_event_cache_t;

/** The event that brings a viewer up to date that knows every change up to @a since.
 * @param begins it is the first event of the viewer's connection.
 * @param buffer receives the framed event, which stays the cache's.
 * @return NULL if memory ran out or the lock failed. Valid until the next call. */
const glance_cached_event_t *glance_event_cache_get(glance_event_cache_t *cache,
                                                    glance_store_t *store, glance_dialect_e dialect,
                                                    apr_uint64_t since, int begins,
                                                    glance_moment_t now, glance_buffer_t **buffer);

/** Drops the events that are too old to be used at @a now; all, if that is GLANCE_NO_MOMENT. */
void glance_event_cache_expire(glance_event_cache_t *cache, glance_moment_t now);

/** Drops the event that has this framed buffer, if there is one. */
void glance_event_cache_forget(glance_event_cache_t *cache, const glance_buffer_t *buffer);

/** Frees everything. */
void glance_event_cache_free(glance_event_cache_t *cache);

#endif
