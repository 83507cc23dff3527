/* atomic_file.h: files that are replaced as a whole, or not at all.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_ATOMIC_FILE_H
#define GLANCE_CORE_ATOMIC_FILE_H

#include "apr_errno.h"
#include "apr_pools.h"

/** Opens a new, empty file beside @a path (mode 0600, `.new` at its end), in place of one that a
 * killed server may have left there.
 * @param file receives the descriptor.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_atomic_file_create(int *file, const char *path);

/** Renames that file to @a path, in place of what was there.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_atomic_file_commit(const char *path);

/** Deletes that file. */
void glance_atomic_file_discard(const char *path);

/** Replaces a file by one with this content, synced to the disk with its folder if the file system
 * can do that. After a power failure, the file has either the old or the new content.
 * @param most the limit of its reader, in bytes.
 * @param step receives what failed, as in "cannot <step> <path>".
 * @return APR_SUCCESS; EFBIG if there is more than @a most; the system's error. After an error the
 * old file is still there, unless the folder could not be synced: then the new one is, and a power
 * failure may bring the old one back. */
apr_status_t glance_atomic_file_replace(const char *path, const char *data, apr_size_t length,
                                        apr_size_t most, const char **step, apr_pool_t *pool);

/** Reads a regular file of at most @a most bytes. Follows no link.
 * @param data receives the content, terminated, allocated in @a pool.
 * @return APR_SUCCESS; APR_ENOENT; EFBIG if it is larger; EISDIR, ELOOP or APR_EINVAL if it is not
 * a regular file; the system's error. */
apr_status_t glance_atomic_file_read(const char *path, apr_size_t most, char **data,
                                     apr_size_t *length, apr_pool_t *pool);

#endif
