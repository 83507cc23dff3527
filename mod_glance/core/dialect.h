/* dialect.h: the three dialects in which viewers receive the events of a board.
 *
 * A dialect has a vocabulary, which says what an event contains, and a framing, which says how it
 * travels. Dialects of one vocabulary share their payloads.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_DIALECT_H
#define GLANCE_CORE_DIALECT_H

#include "core/snapshot.h"
#include "core/sse.h"
#include "core/websocket.h"

typedef enum {
    GLANCE_STREAM, /* events, as Server-Sent Events */
    GLANCE_EVENTS, /* the same events, as messages of a WebSocket */
    GLANCE_FEED    /* the messages of the original Glance, over a WebSocket */
} glance_dialect_e;

#define GLANCE_DIALECTS 3

typedef enum {
    GLANCE_EVENT_JSON, /* the JSON of an event */
    GLANCE_FEED_JSON   /* the messages of the original Glance, framed */
} glance_vocabulary_e;

#define GLANCE_VOCABULARIES 2

/** The functions that encode payloads. Each returns a buffer with one reference, or NULL if memory
 * ran out. An empty payload means that there is nothing to send. */
typedef struct {
    /** The whole board. @a timeout is in microseconds. */
    glance_buffer_t *(*hello)(const glance_snapshot_t *snapshot, apr_int64_t timeout);
    /** Changes of state. @a now is wall-clock time. */
    glance_buffer_t *(*update)(const glance_board_t *board, const glance_changes_t *changes,
                               apr_time_t now);
    /** Heartbeats. */
    glance_buffer_t *(*health)(const glance_board_t *board, const glance_changes_t *heartbeats);
} glance_vocabulary_t;

typedef struct {
    const char *name;
    glance_vocabulary_e vocabulary;
    int has_beginning;         /* the first event of a connection is framed differently */
    int has_input;             /* what the client sends is processed */
    unsigned keepalives_apart; /* 2: every second keepalive of the hub is sent; and so on */
    apr_uint32_t silence_max;  /* seconds; a client that is silent for longer has left. 0: never */
    /** Frames a payload, which stays the caller's.
     * @param begins the event is the first of its connection.
     * @return a buffer with one reference, or NULL if memory ran out. */
    glance_buffer_t *(*frame)(const char *name, glance_place_t id, glance_buffer_t *payload,
                              int begins);
    /** Appends a keepalive, which has no content. */
    void (*put_keepalive)(glance_buffer_t *buffer);
    /** Writes the goodbye, with the request to return after @a retry_ms milliseconds where the
     * dialect has one, into at most GLANCE_GOODBYE_MAX bytes. Allocates nothing.
     * @return its length. */
    apr_size_t (*put_goodbye)(char *goodbye, apr_uint32_t retry_ms);
    /** Processes bytes from the client, in pieces of any length.
     * @param conversation the incomplete input; NULL at first, to be freed at the end.
     * @param reply receives what must be sent, with one reference; NULL for nothing.
     * @return APR_SUCCESS; APR_EOF if the reply ends the conversation; APR_ENOMEM. */
    apr_status_t (*receive)(glance_websocket_t **conversation, const char *data, apr_size_t length,
                            glance_buffer_t **reply);
} glance_dialect_t;

#define GLANCE_GOODBYE_MAX 32

/** By glance_vocabulary_e. */
extern const glance_vocabulary_t glance_vocabularies[GLANCE_VOCABULARIES];

/** By glance_dialect_e. */
extern const glance_dialect_t glance_dialects[GLANCE_DIALECTS];

#endif
