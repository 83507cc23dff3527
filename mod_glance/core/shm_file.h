/* shm_file.h: memory that all processes of a server share and, where there is a place for it,
 * that outlives them.
 *
 * Kept memory is a file on a file system that is itself in memory (tmpfs, as /run is): as fast as
 * any other shared memory, gone after a reboot, but not when every process of the server is killed.
 * Its processes hold a lock for it; as long as one of them lives, nobody else takes it up. One lock
 * file in the folder serves all of its memory, each with a byte of its own: a server of a thousand
 * boards needs one descriptor for that.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SHM_FILE_H
#define GLANCE_CORE_SHM_FILE_H

#include "apr_errno.h"

/** Plain data: it may outlive this code over graceful restarts. */
typedef struct {
    void *base; /* zeroed when it is made */
    apr_size_t size;
    const char *path; /* NULL: not kept */
} glance_shm_file_t;

/** Where memory is kept. The path is not copied. */
typedef struct {
    const char *path; /* NULL: nowhere */
    int locks;        /* the lock file of its folder */
} glance_shm_file_place_t;

/** Whether memory can be kept in this folder: files on a disk would not do, as a write to a page
 * of theirs may have to wait for it. */
int glance_shm_file_keeps_in(const char *folder);

/** Opens the lock file of a folder, and makes it if there is none. It stays there: to delete it
 * would let two servers lock two files of one name. The locks are held by the open file: by this
 * process and all that inherit the descriptor, until the last of them has ended.
 * @param locks receives the descriptor.
 * @return APR_SUCCESS; APR_EACCES if it is not a file that only such a server can have made; the
 * system's error. */
apr_status_t glance_shm_file_open_locks(int *locks, const char *folder);

/** Makes new memory, which will be kept in that place once it is published.
 * @return APR_SUCCESS; APR_EBUSY if another server keeps memory there; the system's error. */
apr_status_t glance_shm_file_make(glance_shm_file_t *memory, apr_size_t size,
                                  glance_shm_file_place_t place);

/** Lets a later server find the memory, in place of what it would have found. Does nothing for
 * memory that is not kept. @return APR_SUCCESS or the system's error. */
apr_status_t glance_shm_file_publish(const glance_shm_file_t *memory);

/** Takes up memory that a server has left in a place, as it is.
 * @return APR_SUCCESS; APR_ENOENT if there is none; APR_EBUSY if a process of that server lives;
 * APR_EACCES if it is not a file that only such a server can have left; the system's error. */
apr_status_t glance_shm_file_find(glance_shm_file_t *memory, glance_shm_file_place_t place);

/** Makes sure that no later server finds the memory. Does nothing if it is not kept. */
void glance_shm_file_forget(const glance_shm_file_t *memory);

/** Lets go of the memory in this process. Whatever is published stays. */
void glance_shm_file_drop(glance_shm_file_t *memory);

#endif
