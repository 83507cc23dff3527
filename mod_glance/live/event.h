/* event.h: an event of a board, encoded once for all viewers: hello, update or health.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_EVENT_H
#define GLANCE_LIVE_EVENT_H

#include "core/dialect.h"
#include "boards/store.h"

typedef struct {
    const char *name;
    glance_place_t id;      /* the viewer then knows every change up to this one */
    apr_uint64_t heartbeat; /* and every heartbeat up to this one */
    glance_buffer_t *payload[GLANCE_VOCABULARIES]; /* NULL: not encoded */
} glance_event_t;

/* The functions below copy under the lock and encode after it. @a vocabularies has one bit for each
 * vocabulary, by its number. They return APR_SUCCESS, APR_ENOMEM or the lock's error; on failure
 * the event has no payload. @a changes is scratch memory: the caller zeroes it before its first use
 * and frees it with glance_changes_free(). */

/** The whole board. */
apr_status_t glance_event_hello(glance_event_t *event, unsigned vocabularies,
                                glance_store_t *store);

/** All changes of state after the one with number @a since, or an empty update. */
apr_status_t glance_event_update(glance_event_t *event, unsigned vocabularies,
                                 glance_store_t *store, apr_uint64_t since,
                                 glance_changes_t *changes);

/** All heartbeats after the one with number @a since, for viewers that know every change up to the
 * one with number @a seq. */
apr_status_t glance_event_health(glance_event_t *event, unsigned vocabularies,
                                 glance_store_t *store, apr_uint64_t since, apr_uint64_t seq,
                                 glance_changes_t *changes);

/** Frames the event in a dialect whose vocabulary is encoded. @param begins it is the first event
 * of its connection. @return a buffer with one reference, or NULL if memory ran out. */
glance_buffer_t *glance_event_frame(const glance_event_t *event, glance_dialect_e dialect,
                                    int begins);

/** Releases the payloads. */
void glance_event_release(glance_event_t *event);

#endif
