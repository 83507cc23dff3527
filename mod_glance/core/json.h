/* json.h: every JSON document that mod_glance writes.
 *
 * Functions that make a buffer return it with one reference, or NULL if memory ran out.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_JSON_H
#define GLANCE_CORE_JSON_H

#include "core/buffer.h"
#include "core/snapshot.h"

/** Receives the next piece of a long document. An error ends the document and is returned to the
 * caller. */
typedef apr_status_t (*glance_sink_t)(void *context, const char *data, apr_size_t length);

/** `{"error": message}`. The message may contain any bytes. */
glance_buffer_t *glance_json_error(const char *message);

/** Writes the status document of the @a count clusters that start at @a clusters, piece by piece.
 * The document has about a hundred bytes per shard, so it is never in memory as a whole.
 * @return APR_SUCCESS, APR_ENOMEM, or what the sink returned. */
apr_status_t glance_json_status(const glance_snapshot_t *snapshot,
                                const glance_board_cluster_t *clusters, apr_uint32_t count,
                                glance_sink_t sink, void *context);

/** The status document of one shard. @a now is wall-clock time. */
glance_buffer_t *glance_json_shard(const glance_board_cluster_t *cluster, apr_uint32_t id,
                                   const glance_row_t *row, apr_time_t now);

/** The stream's `hello`. @a timeout is in microseconds. */
glance_buffer_t *glance_json_hello(const glance_snapshot_t *snapshot, apr_int64_t timeout);

/** The stream's `update`. */
glance_buffer_t *glance_json_update(const glance_board_t *board, const glance_changes_t *changes,
                                    apr_time_t now);

/** The stream's `health`. */
glance_buffer_t *glance_json_health(const glance_board_t *board,
                                    const glance_changes_t *heartbeats);

/** Frames a whole message and appends it to @a buffer. */
typedef void (*glance_frame_t)(glance_buffer_t *buffer, const char *message, apr_size_t length);

/** The feed's `hello`, not framed. It lists all shards that have ever reported. */
glance_buffer_t *glance_json_feed_hello(const glance_snapshot_t *snapshot);

/** The feed's framed messages for changes of state: a `state_update` for each or, if a heartbeat
 * has brought an unhealthy shard back, a `health_ping` with the state. */
glance_buffer_t *glance_json_feed_update(const glance_board_t *board,
                                         const glance_changes_t *changes, glance_frame_t frame);

/** The feed's framed messages for heartbeats: a `health_ping` for each that is not a change of
 * state too, since glance_json_feed_update() reports those. The buffer may be empty. */
glance_buffer_t *glance_json_feed_health(const glance_board_t *board,
                                         const glance_changes_t *heartbeats, glance_frame_t frame);

#endif
