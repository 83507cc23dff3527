/* event.h: what viewers are told, as texts ready to send: a board's news, fetched under its
 * lock, in the words of the transports that want them.
 *
 * @a wanted has one bit for each transport, by its number. Each function returns APR_SUCCESS,
 * APR_ENOMEM or the lock's error, and stores the texts, with one reference each, and what number
 * they cover. Texts that were not asked for are NULL; on failure all are. @a changes is room to
 * work in: zeroed or used before, and freed by the caller with glance_changes_free().
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_EVENT_H
#define GLANCE_LIVE_EVENT_H

#include "core/dialect.h"
#include "boards/store.h"

typedef struct {
    glance_buffer_t *of[GLANCE_DIALECTS];
} glance_buffers_t;

/** The whole board. */
apr_status_t glance_event_hello(glance_buffers_t *buffers, unsigned wanted, glance_store_t *store,
                                apr_uint64_t *upto);

/** All that changed state after @a seq; events say so if nothing did. */
apr_status_t glance_event_update(glance_buffers_t *buffers, unsigned wanted, glance_store_t *store,
                                 apr_uint64_t seq, glance_changes_t *changes, apr_uint64_t *upto);

/** The signs of life after @a heartbeat, for viewers who know the board up to @a seq. */
apr_status_t glance_event_health(glance_buffers_t *buffers, unsigned wanted, glance_store_t *store,
                                 apr_uint64_t heartbeat, apr_uint64_t seq,
                                 glance_changes_t *changes, apr_uint64_t *upto);

/** Releases all texts. */
void glance_buffers_release(glance_buffers_t *buffers);

#endif
