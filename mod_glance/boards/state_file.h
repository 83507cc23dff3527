/* state_file.h: the state file, as the admin knows it: where it is, and what the log says of it.
 *
 * For the parent process only, which is root and may be the only one to read and write it.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_STATE_FILE_H
#define GLANCE_BOARDS_STATE_FILE_H

#include "httpd_private.h"

#include "core/saved_state.h"

/** Reads the state file. Whatever is wrong with it has one line in the log, and a damaged file
 * is set aside, and so is one that cannot be read. After a clean stop, the file is marked as no
 * longer clean; if that fails, it does not count as clean, since nobody could tell after a crash.
 * @param path NULL: none is kept.
 * @return what it holds, or NULL. Lives as long as @a pool. */
const glance_saved_state_t *glance_state_file_load(const char *path, const server_rec *server,
                                                   apr_pool_t *pool);

/** Replaces the state file; but not one that could be neither read nor set aside, until somebody
 * has moved it. A failure has one line in the log, and so has the first success after it, however
 * often it is tried in between.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_state_file_write(const char *path, const glance_buffer_t *text,
                                     const server_rec *server, apr_pool_t *pool);

#endif
