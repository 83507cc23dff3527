/* saved_state.h: the text of the state file: boards as compact JSON.
 *
 *   {"mod_glance": 1, "saved": 1732428000.123, "clean": true, "boards": [
 *     {"name": "status.example.org", "epoch": "00c0ffee00c0ffee", "generation": 7,
 *      "changes": 4711, "clusters": [
 *       {"name": "main", "shards": 4, "states": "3310", "reported": "333-"}]}]}
 *
 * One digit a shard for its state, one for what its bot last reported (`-`: never). Ages are not
 * saved: they start again with the server.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SAVED_STATE_H
#define GLANCE_CORE_SAVED_STATE_H

#include "core/buffer.h"
#include "core/snapshot.h"

/** The largest state file, in bytes: 100,000,000 shards. */
#define GLANCE_SAVED_STATE_MAX ((apr_size_t)256 << 20)

/** A board to be written. */
typedef struct {
    const char *name; /* as glance_saved_state_name() makes it */
    glance_snapshot_t *snapshot;
} glance_saved_state_entry_t;

/** A board as it was read. */
typedef struct {
    const char *name;             /* as glance_saved_state_name() makes it */
    apr_uint64_t epoch;           /* viewers resume with its ids after a clean stop only */
    apr_uint64_t generation;      /* 0 in files of older versions */
    apr_uint64_t latest;          /* the number of its last change */
    apr_array_header_t *clusters; /* of glance_cluster_t */
    struct json_t *json;          /* of the clusters, private to saved_state.c */
} glance_saved_state_board_t;

/** The content of a state file. */
typedef struct {
    struct json_t *json;        /* the whole text */
    apr_time_t saved;           /* wall clock */
    int clean;                  /* written when no process could change a board any more */
    apr_uint64_t shards;        /* that have reported */
    apr_array_header_t *boards; /* of glance_saved_state_board_t */
} glance_saved_state_t;

/** A server's name as the file has it, valid in JSON whatever its bytes. */
const char *glance_saved_state_name(apr_pool_t *pool, const char *server_name);

/** The text of these boards, with one reference, or NULL if memory ran out. */
glance_buffer_t *glance_saved_state_write(const glance_saved_state_entry_t *entries,
                                          apr_size_t count, apr_time_t now, int clean,
                                          apr_pool_t *pool);

/** Parses the text of a state file.
 * @param state lives as long as @a pool.
 * @param fault receives, on an error, a phrase that says what is wrong and where; it quotes nothing
 * of the text.
 * @return APR_SUCCESS; APR_EINVAL for a text that is damaged or of another version. */
apr_status_t glance_saved_state_read(glance_saved_state_t *state, const char *text,
                                     apr_size_t length, const char **fault, apr_pool_t *pool);

/** The board of that name, or NULL. @a name is as glance_saved_state_name() makes it. */
const glance_saved_state_board_t *glance_saved_state_find(const glance_saved_state_t *state,
                                                          const char *name);

/** Whether what was read is newer than a board that a killed server left: by generation, and within
 * one epoch by number. @param clean whether it was written when no process could change the board.
 */
int glance_saved_state_is_newer(const glance_saved_state_board_t *saved, int clean,
                                const glance_board_t *board);

/** Sets the shards of a board that fit by cluster name and id, with a heartbeat at @a now. The
 * caller holds the board's lock, or is the only process that knows of it. */
void glance_saved_state_restore(const glance_saved_state_board_t *saved, glance_board_t *board,
                                glance_moment_t now);

#endif
