/* atomic_file.h: small files that are replaced as a whole, or not at all.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_ATOMIC_FILE_H
#define GLANCE_CORE_ATOMIC_FILE_H

#include "apr_errno.h"
#include "apr_pools.h"

/** Replaces a file: writes another one beside it (mode 0600, never through a link), brings it to
 * the disk, renames it, and brings the folder to the disk, where the file system can do that.
 * Whoever reads the file, after a power failure too, finds either the old or the new text.
 * @param most what its reader takes, in bytes.
 * @param step receives what failed, as in "cannot <step> <path>".
 * @return APR_SUCCESS; EFBIG if there is more than @a most; the system's error; then the old file
 * stands as it was, unless it was the folder that could not be brought to the disk: then the new
 * one stands, and may yet be lost. */
apr_status_t glance_atomic_file_replace(const char *path, const char *data, apr_size_t length,
                                        apr_size_t most, const char **step, apr_pool_t *pool);

/** Reads a regular file of at most @a most bytes, never through a link.
 * @param data receives the text, terminated, allocated in @a pool.
 * @return APR_SUCCESS; APR_ENOENT; EFBIG if it is larger; EISDIR, ELOOP or APR_EINVAL if it is no
 * regular file; the system's error. */
apr_status_t glance_atomic_file_read(const char *path, apr_size_t most, char **data,
                                     apr_size_t *length, apr_pool_t *pool);

#endif
