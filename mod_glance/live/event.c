/* event.c: an event of a board, encoded once for all viewers.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/event.h"

static void begin_event(glance_event_t *event, const char *name, const glance_store_t *store)
{
    memset(event, 0, sizeof *event);
    event->name = name;
    event->id.epoch = glance_board_epoch(store->board);
    event->heartbeat = glance_board_latest(store->board, GLANCE_HEARTBEAT);
}

static int is_wanted(unsigned vocabularies, int vocabulary)
{
    return (vocabularies & 1U << vocabulary) != 0;
}

/* An event must have all payloads: if one were missing, viewers of that vocabulary would never get
 * the event. */
static apr_status_t check_payloads(glance_event_t *event, unsigned vocabularies)
{
    int i;

    for (i = 0; i < GLANCE_VOCABULARIES; i++) {
        if (is_wanted(vocabularies, i) && !event->payload[i]) {
            glance_event_release(event);
            return APR_ENOMEM;
        }
    }
    return APR_SUCCESS;
}

void glance_event_release(glance_event_t *event)
{
    int i;

    for (i = 0; i < GLANCE_VOCABULARIES; i++) {
        glance_buffer_release(event->payload[i]);
        event->payload[i] = NULL;
    }
}

apr_status_t glance_event_hello(glance_event_t *event, unsigned vocabularies, glance_store_t *store)
{
    glance_snapshot_t *snapshot = glance_store_snapshot(store);
    int i;

    begin_event(event, "hello", store);
    if (!snapshot) {
        return APR_ENOMEM;
    }
    event->id = (glance_place_t){snapshot->epoch, snapshot->seq};
    event->heartbeat = snapshot->heartbeat;
    for (i = 0; i < GLANCE_VOCABULARIES; i++) {
        if (is_wanted(vocabularies, i)) {
            event->payload[i] = glance_vocabularies[i].hello(snapshot, store->times.timeout);
        }
    }
    glance_snapshot_release(snapshot);
    return check_payloads(event, vocabularies);
}

apr_status_t glance_event_update(glance_event_t *event, unsigned vocabularies,
                                 glance_store_t *store, apr_uint64_t since,
                                 glance_changes_t *changes)
{
    apr_status_t rv;
    int i;

    begin_event(event, "update", store);
    rv = glance_store_since(store, GLANCE_CHANGE, since, changes, &event->id.seq);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < GLANCE_VOCABULARIES; i++) {
        if (is_wanted(vocabularies, i)) {
            event->payload[i] = glance_vocabularies[i].update(store->board, changes,
                                                              apr_time_now());
        }
    }
    return check_payloads(event, vocabularies);
}

apr_status_t glance_event_health(glance_event_t *event, unsigned vocabularies,
                                 glance_store_t *store, apr_uint64_t since, apr_uint64_t seq,
                                 glance_changes_t *changes)
{
    apr_status_t rv;
    int i;

    begin_event(event, "health", store);
    event->id.seq = seq;
    rv = glance_store_since(store, GLANCE_HEARTBEAT, since, changes, &event->heartbeat);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < GLANCE_VOCABULARIES; i++) {
        if (is_wanted(vocabularies, i)) {
            event->payload[i] = glance_vocabularies[i].health(store->board, changes);
        }
    }
    return check_payloads(event, vocabularies);
}

/* An empty payload has nothing to frame. */
glance_buffer_t *glance_event_frame(const glance_event_t *event, glance_dialect_e dialect,
                                    int begins)
{
    glance_buffer_t *payload = event->payload[glance_dialects[dialect].vocabulary];

    return payload->length ? glance_dialects[dialect].frame(event->name, event->id, payload, begins)
                           : glance_buffer_ref(payload);
}
