/* json.h: every JSON text that mod_glance writes.
 *
 * Functions that make a text return it with one reference, or NULL if memory ran out.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_JSON_H
#define GLANCE_CORE_JSON_H

#include "core/buffer.h"
#include "core/snapshot.h"

/** Takes the next piece of a long document. An error ends the document, and is passed on. */
typedef apr_status_t (*glance_sink_t)(void *context, const char *data, apr_size_t length);

/** `{"error": message}`, whatever bytes the message has. */
glance_buffer_t *glance_json_error(const char *message);

/** Writes the status document of @a count clusters from @a clusters on, piece by piece: a large
 * board's document has a hundred bytes a shard, so it is never held as a whole.
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
glance_buffer_t *glance_json_health(const glance_board_t *board, const glance_changes_t *beats);

/** Frames a whole message and appends it to @a buffer. */
typedef void (*glance_frame_t)(glance_buffer_t *buffer, const char *message, apr_size_t length);

/** The feed's `hello`, not framed: all shards that ever reported. */
glance_buffer_t *glance_json_feed_hello(const glance_snapshot_t *snapshot);

/** The feed's framed messages for changes of state: a `state_update` each or, where a sign of life
 * brought the shard back, a `health_ping` that says so. */
glance_buffer_t *glance_json_feed_update(const glance_board_t *board,
                                         const glance_changes_t *changes, glance_frame_t frame);

/** The feed's framed messages for signs of life: a `health_ping` each, but for those that
 * glance_json_feed_update() tells of. The text may be empty. */
glance_buffer_t *glance_json_feed_health(const glance_board_t *board, const glance_changes_t *beats,
                                         glance_frame_t frame);

#endif
