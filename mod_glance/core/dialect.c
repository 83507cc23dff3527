/* dialect.c: the three dialects in which viewers receive the events of a board.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/dialect.h"

#include "apr_strings.h"

#include "core/json.h"

#define RETRY_MS 3000 /* a client returns this long after it has lost its stream */

/* Bytes that a frame adds to a payload, at most. */
#define FRAME_MAX 128

/* A WebSocket gets every second keepalive of the hub, a ping each 30 s. After 75 s without a pong
 * it has missed two of them. */
#define PINGS_APART 2
#define SILENCE_MAX 75

/* ---- vocabularies ---- */

/* Frames the message and releases it. */
static glance_buffer_t *frame_message(glance_buffer_t *message)
{
    glance_buffer_t *framed = message ? glance_buffer_make(message->length + FRAME_MAX) : NULL;

    if (framed) {
        glance_websocket_put_message(framed, message->data, message->length);
    }
    glance_buffer_release(message);
    return glance_buffer_finish(framed);
}

static glance_buffer_t *feed_hello(const glance_snapshot_t *snapshot, apr_int64_t timeout)
{
    (void)timeout;
    return frame_message(glance_json_feed_hello(snapshot));
}

static glance_buffer_t *feed_update(const glance_board_t *board, const glance_changes_t *changes,
                                    apr_time_t now)
{
    (void)now;
    return glance_json_feed_update(board, changes, glance_websocket_put_message);
}

static glance_buffer_t *feed_health(const glance_board_t *board, const glance_changes_t *heartbeats)
{
    return glance_json_feed_health(board, heartbeats, glance_websocket_put_message);
}

const glance_vocabulary_t glance_vocabularies[GLANCE_VOCABULARIES] = {
    [GLANCE_EVENT_JSON] = {glance_json_hello, glance_json_update, glance_json_health},
    [GLANCE_FEED_JSON] = {feed_hello, feed_update, feed_health},
};

/* ---- Server-Sent Events ---- */

static glance_buffer_t *frame_sse(const char *name, glance_place_t id, glance_buffer_t *payload,
                                  int begins)
{
    glance_buffer_t *framed = glance_buffer_make(payload->length + FRAME_MAX);

    if (framed && begins) {
        glance_sse_put_retry(framed, RETRY_MS);
    }
    if (framed) {
        glance_sse_put_event(framed, name, id, payload);
    }
    return glance_buffer_finish(framed);
}

static void put_comment(glance_buffer_t *buffer)
{
    glance_buffer_puts(buffer, GLANCE_SSE_KEEPALIVE);
}

static apr_size_t put_retry(char *goodbye, apr_uint32_t retry_ms)
{
    return (apr_size_t)apr_snprintf(goodbye, GLANCE_GOODBYE_MAX, "retry: %u\n\n", retry_ms);
}

static apr_status_t ignore_input(glance_websocket_t **conversation, const char *data,
                                 apr_size_t length, glance_buffer_t **reply)
{
    (void)conversation;
    (void)data;
    (void)length;
    *reply = NULL;
    return APR_SUCCESS;
}

/* ---- WebSocket ---- */

static glance_buffer_t *frame_event(const char *name, glance_place_t id, glance_buffer_t *payload,
                                    int begins)
{
    glance_buffer_t *message = glance_buffer_make(payload->length + FRAME_MAX);

    (void)begins;
    if (message) {
        glance_buffer_puts(message, "{\"event\":\"");
        glance_buffer_puts(message, name);
        glance_buffer_puts(message, "\",\"id\":\"");
        glance_event_id_put(message, id);
        glance_buffer_puts(message, "\",\"data\":");
        glance_buffer_put(message, payload->data, payload->length);
        glance_buffer_puts(message, "}");
    }
    return frame_message(glance_buffer_finish(message));
}

/* The messages are framed already, and have no names or ids. */
static glance_buffer_t *frame_feed(const char *name, glance_place_t id, glance_buffer_t *payload,
                                   int begins)
{
    (void)name;
    (void)id;
    (void)begins;
    return glance_buffer_ref(payload);
}

/* RFC 6455 has no way to say when to return. */
static apr_size_t put_close(char *goodbye, apr_uint32_t retry_ms)
{
    (void)retry_ms;
    (void)apr_cpystrn(goodbye, GLANCE_WEBSOCKET_GOING_AWAY, GLANCE_GOODBYE_MAX);
    return GLANCE_WEBSOCKET_GOING_AWAY_LENGTH;
}

/* The state of a conversation takes some hundred bytes. Between two messages there is none. */
static apr_status_t receive_frames(glance_websocket_t **conversation, const char *data,
                                   apr_size_t length, glance_buffer_t **reply)
{
    apr_status_t rv = APR_ENOMEM;

    *reply = glance_buffer_make(0);
    if (!*conversation) {
        *conversation = glance_websocket_make();
    }
    if (*conversation && *reply) {
        rv = glance_websocket_receive(*conversation, data, length, *reply);
    }
    if (*conversation && (rv != APR_SUCCESS || glance_websocket_is_idle(*conversation))) {
        glance_websocket_free(*conversation);
        *conversation = NULL;
    }
    if (*reply && !(*reply)->length) {
        glance_buffer_release(*reply);
        *reply = NULL;
    }
    return rv;
}

const glance_dialect_t glance_dialects[GLANCE_DIALECTS] = {
    [GLANCE_STREAM] = {.name = "stream",
                       .vocabulary = GLANCE_EVENT_JSON,
                       .has_beginning = 1,
                       .keepalives_apart = 1,
                       .frame = frame_sse,
                       .put_keepalive = put_comment,
                       .put_goodbye = put_retry,
                       .receive = ignore_input},
    [GLANCE_EVENTS] = {.name = "feed of events",
                       .vocabulary = GLANCE_EVENT_JSON,
                       .has_input = 1,
                       .keepalives_apart = PINGS_APART,
                       .silence_max = SILENCE_MAX,
                       .frame = frame_event,
                       .put_keepalive = glance_websocket_put_ping,
                       .put_goodbye = put_close,
                       .receive = receive_frames},
    [GLANCE_FEED] = {.name = "feed",
                     .vocabulary = GLANCE_FEED_JSON,
                     .has_input = 1,
                     .keepalives_apart = PINGS_APART,
                     .silence_max = SILENCE_MAX,
                     .frame = frame_feed,
                     .put_keepalive = glance_websocket_put_ping,
                     .put_goodbye = put_close,
                     .receive = receive_frames},
};
