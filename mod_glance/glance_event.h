/* glance_event.h: what a stream tells its viewers, as texts ready to send.
 *
 * Each function returns a text with one reference, or NULL if memory ran out or the lock failed,
 * and stores what number the text covers. @a changes is room to work in: zeroed or used before, and
 * freed by the caller with glance_changes_free().
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_EVENT_H
#define GLANCE_EVENT_H

#include "glance_sse.h"
#include "glance_store.h"
#include "glance_text.h"

/** `hello`: the whole board. */
glance_text_t *glance_event_hello(glance_store_t *store, apr_uint64_t *upto);

/** `update`: all that changed state after @a seq; says so if nothing did. */
glance_text_t *glance_event_update(glance_store_t *store, apr_uint64_t seq,
                                   glance_changes_t *changes, apr_uint64_t *upto);

/** `health`: the signs of life after @a beat, for viewers who know the board up to @a seq. */
glance_text_t *glance_event_health(glance_store_t *store, apr_uint64_t beat, apr_uint64_t seq,
                                   glance_changes_t *changes, apr_uint64_t *upto);

#endif
