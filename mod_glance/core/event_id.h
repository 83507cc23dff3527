/* event_id.h: the ids of events, which a viewer returns as Last-Event-ID.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_EVENT_ID_H
#define GLANCE_CORE_EVENT_ID_H

#include "core/buffer.h"

/** A viewer's place in the sequence of a board's changes: an event's id, `<epoch>-<seq>`. */
typedef struct {
    apr_uint64_t epoch;
    apr_uint64_t seq;
} glance_place_t;

/** Appends the id of an event. */
void glance_event_id_put(glance_buffer_t *buffer, glance_place_t id);

/** Parses a Last-Event-ID. @return 1, or 0 if it does not have the form of an id. */
int glance_event_id_parse(glance_place_t *id, const char *text);

#endif
