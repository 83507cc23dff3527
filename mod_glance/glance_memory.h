/* glance_memory.h: memory that all processes of a server share and, where there is a place for it,
 * that outlives them.
 *
 * Kept memory is a file on a file system that is itself in memory (tmpfs, as /run is): as fast as
 * any other shared memory, gone after a reboot, but not when every process of the server is killed.
 * Its processes hold a lock on the file; as long as one of them lives, nobody else takes it up.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_MEMORY_H
#define GLANCE_MEMORY_H

#include "apr_errno.h"

/** Plain data: it may outlive this code over graceful restarts. */
typedef struct {
    void *base; /* zeroed when it is made */
    apr_size_t size;
    const char *path; /* NULL: not kept */
    int file;         /* holds the lock, if kept */
} glance_memory_t;

/** Whether memory can be kept in this folder: files on a disk would not do, as a write to a page
 * of theirs may have to wait for it. */
int glance_memory_keeps_in(const char *folder);

/** Makes new memory.
 * @param path where it will be kept once it is published; NULL: nowhere. Not copied.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_memory_make(glance_memory_t *memory, apr_size_t size, const char *path);

/** Lets a later server find the memory, in place of what it would have found. Does nothing for
 * memory that is not kept. @return APR_SUCCESS or the system's error. */
apr_status_t glance_memory_publish(const glance_memory_t *memory);

/** Takes up memory that a server has left, as it is. @a path is not copied.
 * @return APR_SUCCESS; APR_ENOENT if there is none; APR_EBUSY if a process of that server lives;
 * APR_EACCES if it is not a file that only such a server can have left; the system's error. */
apr_status_t glance_memory_find(glance_memory_t *memory, const char *path);

/** Makes sure that no later server finds the memory. Does nothing if it is not kept. */
void glance_memory_forget(const glance_memory_t *memory);

/** Lets go of the memory in this process. Whatever is published stays. */
void glance_memory_drop(glance_memory_t *memory);

#endif
