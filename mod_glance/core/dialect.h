/* dialect.h: how viewers are told the news of a board, worded and framed: in three ways.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_DIALECT_H
#define GLANCE_CORE_DIALECT_H

#include "core/snapshot.h"
#include "core/sse.h"

typedef enum {
    GLANCE_STREAM, /* events, as Server-Sent Events */
    GLANCE_EVENTS, /* the same events, as messages of a WebSocket */
    GLANCE_FEED    /* the original Glance's messages, over a WebSocket */
} glance_dialect_e;

#define GLANCE_DIALECTS 3

/** The functions that make a text return it with one reference, or NULL if memory ran out. It may
 * be empty: there is nothing to tell. @a seq is the number up to which it covers every change. */
typedef struct {
    const char *name;
    int receives; /* the client speaks too, in WebSocket frames */
    unsigned
        keepalives_apart;     /* how many heartbeats of the hub lie between two of this transport */
    apr_uint32_t silence_max; /* seconds; a client that is silent for longer is gone. 0: never */
    /** Appends what precedes the first text of all. */
    void (*put_beginning)(glance_buffer_t *buffer);
    /** The whole board. @a timeout is in microseconds. */
    glance_buffer_t *(*make_hello)(const glance_snapshot_t *snapshot, apr_int64_t timeout);
    /** Changes of state. @a now is wall-clock time. */
    glance_buffer_t *(*make_update)(const glance_board_t *board, const glance_changes_t *changes,
                                    apr_uint64_t seq, apr_time_t now);
    /** Signs of life. */
    glance_buffer_t *(*make_health)(const glance_board_t *board, const glance_changes_t *beats,
                                    apr_uint64_t seq);
    /** Appends what only shows that the server lives. */
    void (*put_keepalive)(glance_buffer_t *buffer);
    /** Writes the last words, to come back after @a retry_ms milliseconds, into at most
     * GLANCE_GOODBYE_MAX bytes, without any memory. @return their length. */
    apr_size_t (*put_goodbye)(char *buffer, apr_uint32_t retry_ms);
} glance_dialect_t;

#define GLANCE_GOODBYE_MAX 32

/** By glance_dialect_e. */
extern const glance_dialect_t glance_dialects[GLANCE_DIALECTS];

#endif
