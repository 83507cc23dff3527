/* glance_event.c: what a stream tells its viewers.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_event.h"

#include "glance_json.h"

static glance_text_t *frame(const glance_store_t *store, const char *name, apr_uint64_t seq,
                            glance_text_t *json)
{
    glance_place_t id = {glance_board_epoch(store->board), seq};

    return glance_sse_event(name, id, json);
}

glance_text_t *glance_event_hello(glance_store_t *store, apr_uint64_t *upto)
{
    glance_snapshot_t *snapshot = glance_store_snapshot(store);
    glance_text_t *json;

    if (!snapshot) {
        return NULL;
    }
    *upto = snapshot->seq;
    json = glance_json_hello(snapshot, store->timeout);
    glance_snapshot_release(snapshot);
    return frame(store, "hello", *upto, json);
}

glance_text_t *glance_event_update(glance_store_t *store, apr_uint64_t seq,
                                   glance_changes_t *changes, apr_uint64_t *upto)
{
    glance_text_t *json = NULL;

    *upto = seq;
    if (glance_store_since(store, GLANCE_CHANGE, seq, changes, upto) == APR_SUCCESS) {
        json = glance_json_update(store->board, changes, apr_time_now());
    }
    return frame(store, "update", *upto, json);
}

glance_text_t *glance_event_health(glance_store_t *store, apr_uint64_t beat, apr_uint64_t seq,
                                   glance_changes_t *changes, apr_uint64_t *upto)
{
    glance_text_t *json = NULL;

    *upto = beat;
    if (glance_store_since(store, GLANCE_BEAT, beat, changes, upto) == APR_SUCCESS) {
        json = glance_json_health(store->board, changes);
    }
    return frame(store, "health", seq, json);
}
