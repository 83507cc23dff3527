/* dialect.c: the three ways in which viewers are told the news of a board.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/dialect.h"

#include "apr_strings.h"

#include "core/json.h"
#include "core/websocket.h"

#define RETRY_MS 3000 /* a client returns this long after it has lost its stream */

static glance_place_t place_of(const glance_board_t *board, apr_uint64_t seq)
{
    glance_place_t place = {glance_board_epoch(board), seq};

    return place;
}

static void put_nothing(glance_buffer_t *buffer)
{
    (void)buffer;
}

/* ---- events, as Server-Sent Events ---- */

static void put_retry(glance_buffer_t *buffer)
{
    glance_sse_put_retry(buffer, RETRY_MS);
}

static glance_buffer_t *stream_hello(const glance_snapshot_t *snapshot, apr_int64_t timeout)
{
    return glance_sse_event("hello", place_of(snapshot->board, snapshot->seq),
                            glance_json_hello(snapshot, timeout));
}

static glance_buffer_t *stream_update(const glance_board_t *board, const glance_changes_t *changes,
                                      apr_uint64_t seq, apr_time_t now)
{
    return glance_sse_event("update", place_of(board, seq),
                            glance_json_update(board, changes, now));
}

static glance_buffer_t *stream_health(const glance_board_t *board, const glance_changes_t *beats,
                                      apr_uint64_t seq)
{
    return glance_sse_event("health", place_of(board, seq), glance_json_health(board, beats));
}

static void put_comment(glance_buffer_t *buffer)
{
    glance_buffer_puts(buffer, GLANCE_SSE_KEEPALIVE);
}

static apr_size_t stream_goodbye(char *buffer, apr_uint32_t retry_ms)
{
    return (apr_size_t)apr_snprintf(buffer, GLANCE_GOODBYE_MAX, "retry: %u\n\n", retry_ms);
}

/* ---- the same events, as messages of a WebSocket ---- */

/* Frames the message and lets go of it. */
static glance_buffer_t *frame(glance_buffer_t *message)
{
    glance_buffer_t *framed = message ? glance_buffer_make(message->length + 16) : NULL;

    if (framed) {
        glance_websocket_put_message(framed, message->data, message->length);
    }
    glance_buffer_release(message);
    return glance_buffer_finish(framed);
}

static glance_buffer_t *frame_event(const char *name, glance_place_t id, glance_buffer_t *json)
{
    glance_buffer_t *message = json ? glance_buffer_make(json->length + 96) : NULL;

    if (message) {
        glance_buffer_puts(message, "{\"event\":\"");
        glance_buffer_puts(message, name);
        glance_buffer_puts(message, "\",\"id\":\"");
        glance_sse_put_id(message, id);
        glance_buffer_puts(message, "\",\"data\":");
        glance_buffer_put(message, json->data, json->length);
        glance_buffer_puts(message, "}");
    }
    glance_buffer_release(json);
    return frame(glance_buffer_finish(message));
}

static glance_buffer_t *events_hello(const glance_snapshot_t *snapshot, apr_int64_t timeout)
{
    return frame_event("hello", place_of(snapshot->board, snapshot->seq),
                       glance_json_hello(snapshot, timeout));
}

static glance_buffer_t *events_update(const glance_board_t *board, const glance_changes_t *changes,
                                      apr_uint64_t seq, apr_time_t now)
{
    return frame_event("update", place_of(board, seq), glance_json_update(board, changes, now));
}

static glance_buffer_t *events_health(const glance_board_t *board, const glance_changes_t *beats,
                                      apr_uint64_t seq)
{
    return frame_event("health", place_of(board, seq), glance_json_health(board, beats));
}

/* When to come back cannot be said. */
static apr_size_t put_close(char *buffer, apr_uint32_t retry_ms)
{
    (void)retry_ms;
    (void)apr_cpystrn(buffer, GLANCE_WEBSOCKET_GOING_AWAY, GLANCE_GOODBYE_MAX);
    return GLANCE_WEBSOCKET_GOING_AWAY_LENGTH;
}

/* ---- the original Glance's messages ---- */

static glance_buffer_t *feed_hello(const glance_snapshot_t *snapshot, apr_int64_t timeout)
{
    (void)timeout;
    return frame(glance_json_feed_hello(snapshot));
}

static glance_buffer_t *feed_update(const glance_board_t *board, const glance_changes_t *changes,
                                    apr_uint64_t seq, apr_time_t now)
{
    (void)seq;
    (void)now;
    return glance_json_feed_update(board, changes, glance_websocket_put_message);
}

static glance_buffer_t *feed_health(const glance_board_t *board, const glance_changes_t *beats,
                                    apr_uint64_t seq)
{
    (void)seq;
    return glance_json_feed_health(board, beats, glance_websocket_put_message);
}

/* A WebSocket is pinged every 30 s, and has missed two pings and more after 75. */
#define PING_BEATS 2
#define SILENCE_MAX 75

const glance_dialect_t glance_dialects[GLANCE_DIALECTS] = {
    [GLANCE_STREAM] = {"stream", 0, 1, 0, put_retry, stream_hello, stream_update, stream_health,
                       put_comment, stream_goodbye},
    [GLANCE_EVENTS] = {"feed of events", 1, PING_BEATS, SILENCE_MAX, put_nothing, events_hello,
                       events_update, events_health, glance_websocket_put_ping, put_close},
    [GLANCE_FEED] = {"feed", 1, PING_BEATS, SILENCE_MAX, put_nothing, feed_hello, feed_update,
                     feed_health, glance_websocket_put_ping, put_close},
};
