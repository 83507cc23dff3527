/* shm_file.h: memory that all processes of a server share, and that may outlive them.
 *
 * Kept memory is a file on tmpfs, such as /run: as fast as any other shared memory, gone after
 * a reboot, but not when all processes of the server are killed. The processes hold a lock on it,
 * so that no other server adopts it while one of them lives. One lock file in the folder serves all
 * of its memory, with one byte each: a server of a thousand boards needs one descriptor for that.
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

/** Whether memory can be kept in this folder. Not on a disk: a write to a page of such a file may
 * have to wait for the disk. */
int glance_shm_file_keeps_in(const char *folder);

/** Opens the lock file of a folder, and makes it if there is none. It is never deleted: otherwise
 * two servers could lock two files of one name. This process and all that inherit the descriptor
 * hold the locks until the last of them ends.
 * @param locks receives the descriptor.
 * @return APR_SUCCESS; APR_EACCES if somebody else can have made the file; the system's error. */
apr_status_t glance_shm_file_open_locks(int *locks, const char *folder);

/** Makes new memory, which is kept in that place once it is published.
 * @return APR_SUCCESS; APR_EBUSY if another server keeps memory there; the system's error. */
apr_status_t glance_shm_file_make(glance_shm_file_t *memory, apr_size_t size,
                                  glance_shm_file_place_t place);

/** Lets a later server find the memory, in place of what was there. Does nothing for memory that is
 * not kept. @return APR_SUCCESS or the system's error. */
apr_status_t glance_shm_file_publish(const glance_shm_file_t *memory);

/** Maps memory that a server has left in a place.
 * @return APR_SUCCESS; APR_ENOENT if there is none; APR_EBUSY if a process of that server lives;
 * APR_EACCES if somebody else can have made the file; the system's error. */
apr_status_t glance_shm_file_find(glance_shm_file_t *memory, glance_shm_file_place_t place);

/** Deletes the file of the memory, so that no later server finds it. Does nothing if it is not
 * kept. */
void glance_shm_file_forget(const glance_shm_file_t *memory);

/** Unmaps the memory in this process. What is published stays. */
void glance_shm_file_drop(glance_shm_file_t *memory);

#endif
