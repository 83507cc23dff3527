/* state_file.h: the state file: reading, setting aside, replacing, and what the log says of it.
 *
 * For the parent process only: it is root, and nobody else may read or write the file.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_STATE_FILE_H
#define GLANCE_BOARDS_STATE_FILE_H

#include "httpd_private.h"

#include "core/saved_state.h"

/** Reads the state file. A file that is damaged or cannot be read is set aside, and the log has one
 * line for each problem. Nothing is written: the first save of the start replaces the file.
 * @param path NULL: there is none.
 * @return what it holds, or NULL. Lives as long as @a pool. */
const glance_saved_state_t *glance_state_file_load(const char *path, const server_rec *server,
                                                   apr_pool_t *pool);

/** Replaces the state file, unless it could neither be read nor be set aside and is still there.
 * The log has one line for the first failure and one for the first success after it.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_state_file_write(const char *path, const glance_buffer_t *text,
                                     const server_rec *server, apr_pool_t *pool);

#endif
