/* saved_state.h: the text of the state file: boards in JSON, compact, for another start.
 *
 *   {"mod_glance": 1, "saved": 1732428000.123, "clean": true, "boards": [
 *     {"name": "status.example.org", "epoch": "00c0ffee00c0ffee", "changes": 4711, "clusters": [
 *       {"name": "main", "shards": 4, "states": "3310", "reported": "333-"}]}]}
 *
 * One digit a shard: what it is, and what its bot last reported (`-`: nothing yet). Ages are not
 * kept: they begin anew with the server.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SAVED_STATE_H
#define GLANCE_CORE_SAVED_STATE_H

#include "core/buffer.h"
#include "core/snapshot.h"

/** The text is of a version that this one does not know. */
#define GLANCE_FOREIGN (APR_OS_START_USERERR + 2)

/** The most bytes that a state file may have: 100,000,000 shards. */
#define GLANCE_SAVED_STATE_MAX ((apr_size_t)256 << 20)

/** A board to be written. */
typedef struct {
    const char *name; /* as glance_saved_state_name() makes it */
    glance_snapshot_t *snapshot;
} glance_saved_state_entry_t;

/** A board as it was read. */
typedef struct {
    const char *name;    /* as glance_saved_state_name() makes it */
    apr_uint64_t epoch;  /* means something after a clean stop only */
    apr_uint64_t latest; /* the number of its last change */
    glance_board_t *board;
} glance_saved_state_board_t;

/** All that was read. */
typedef struct {
    apr_time_t saved; /* wall clock */
    int clean;        /* written once the last process that could change a board was gone */
    apr_uint64_t shards;
    apr_array_header_t *boards; /* of glance_saved_state_board_t */
} glance_saved_state_t;

/** A server's name in the form that the file has: one that JSON can carry, whatever its bytes. */
const char *glance_saved_state_name(apr_pool_t *pool, const char *server_name);

/** The text of these boards, with one reference, or NULL if memory ran out. */
glance_buffer_t *glance_saved_state_write(const glance_saved_state_entry_t *entries,
                                          apr_size_t count, apr_time_t now, int clean,
                                          apr_pool_t *pool);

/** The text of what was read, no longer marked as clean; or NULL. */
glance_buffer_t *glance_saved_state_again(const glance_saved_state_t *saved, apr_pool_t *pool);

/** Reads such a text. The boards lie in @a pool, with all they report heard at @a now.
 * @param fault receives, unless all is well, a phrase that says what is wrong and where; it shows
 * nothing of the text.
 * @return APR_SUCCESS; GLANCE_FOREIGN; APR_EINVAL for a text that is damaged. */
apr_status_t glance_saved_state_read(glance_saved_state_t *state, const char *text,
                                     apr_size_t length, glance_moment_t now, const char **fault,
                                     apr_pool_t *pool);

/** The board of that name, or NULL. @a name is as glance_saved_state_name() makes it. */
const glance_saved_state_board_t *glance_saved_state_find(const glance_saved_state_t *state,
                                                          const char *name);

#endif
