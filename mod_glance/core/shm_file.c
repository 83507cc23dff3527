/* shm_file.c: memory that all processes of a server share and that may outlive them.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/shm_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/atomic_file.h"

#define NO_FILE (-1)
#define LOCK_FILE "glance.lock"

int glance_shm_file_keeps_in(const char *folder)
{
    struct statfs info;

    return statfs(folder, &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

static apr_status_t map(glance_shm_file_t *memory, int flags, int file)
{
    /* cppcheck-suppress invalidFunctionArg ; there is no file when it is anonymous */
    memory->base = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED | flags, file, 0);
    return memory->base == MAP_FAILED ? errno : APR_SUCCESS;
}

/* ---- the locks ---- */

/* Whether only a server of this user can have made it. */
static int is_ours(const struct stat *info)
{
    return S_ISREG(info->st_mode) && info->st_uid == geteuid() && !(info->st_mode & 077)
           && info->st_nlink == 1;
}

apr_status_t glance_shm_file_open_locks(int *locks, const char *folder)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/" LOCK_FILE, folder);
    struct stat info;

    *locks = NO_FILE;
    if (length <= 0 || length >= (int)sizeof path) {
        return ENAMETOOLONG;
    }
    *locks = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (*locks < 0) {
        return errno;
    }
    if (fstat(*locks, &info) != 0 || !is_ours(&info)) {
        close(*locks);
        *locks = NO_FILE;
        return APR_EACCES;
    }
    return APR_SUCCESS;
}

/* The byte of the lock file that is locked for this file: its offset is FNV-1a of the file's name,
 * without the folder, since two servers may reach the folder by two paths. */
static off_t byte_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    apr_uint64_t hash = 0xcbf29ce484222325;

    for (; *name; name++) {
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    }
    return (off_t)(hash >> 2);
}

/* A lock of the open file description (fcntl(2), F_OFD_SETLK): children inherit it, and it may be
 * taken twice. */
static apr_status_t lock_path(int locks, const char *path)
{
    struct flock range = {.l_type = F_WRLCK,
                          .l_whence = SEEK_SET,
                          .l_start = byte_of(path),
                          .l_len = 1};

    if (fcntl(locks, F_OFD_SETLK, &range) == 0) {
        return APR_SUCCESS;
    }
    return errno == EAGAIN || errno == EACCES ? APR_EBUSY : errno;
}

/* ---- the memory ---- */

/* Without this, a write to the memory would end the process with SIGBUS once tmpfs is full. */
static apr_status_t reserve(int file, apr_size_t size)
{
    apr_status_t rv;

    do {
        rv = posix_fallocate(file, 0, (off_t)size);
    } while (rv == EINTR);
    return rv;
}

/* After an error, nothing of the memory is left. */
static apr_status_t clear_on_error(glance_shm_file_t *memory, apr_status_t rv)
{
    if (rv != APR_SUCCESS) {
        memset(memory, 0, sizeof *memory);
    }
    return rv;
}

static apr_status_t make_kept(glance_shm_file_t *memory, int locks)
{
    apr_status_t rv = lock_path(locks, memory->path);
    int file;

    if (rv == APR_SUCCESS) {
        rv = glance_atomic_file_create(&file, memory->path);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = reserve(file, memory->size);
    if (rv == APR_SUCCESS) {
        rv = map(memory, 0, file);
    }
    close(file);
    if (rv != APR_SUCCESS) {
        glance_atomic_file_discard(memory->path);
    }
    return rv;
}

apr_status_t glance_shm_file_make(glance_shm_file_t *memory, apr_size_t size,
                                  glance_shm_file_place_t place)
{
    memory->size = size;
    memory->path = place.path;
    return clear_on_error(memory, place.path ? make_kept(memory, place.locks)
                                             : map(memory, MAP_ANONYMOUS, NO_FILE));
}

apr_status_t glance_shm_file_publish(const glance_shm_file_t *memory)
{
    return memory->path ? glance_atomic_file_commit(memory->path) : APR_SUCCESS;
}

static apr_status_t take_file(glance_shm_file_t *memory, int file, int locks)
{
    struct stat info;
    apr_status_t rv;

    if (fstat(file, &info) != 0) {
        return errno;
    }
    if (!is_ours(&info) || info.st_size <= 0) {
        return APR_EACCES;
    }
    rv = lock_path(locks, memory->path);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    memory->size = (apr_size_t)info.st_size;
    return map(memory, 0, file);
}

apr_status_t glance_shm_file_find(glance_shm_file_t *memory, glance_shm_file_place_t place)
{
    int file = open(place.path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    apr_status_t rv;

    if (file < 0) {
        return errno;
    }
    memory->path = place.path;
    rv = clear_on_error(memory, take_file(memory, file, place.locks));
    close(file);
    return rv;
}

void glance_shm_file_forget(const glance_shm_file_t *memory)
{
    if (memory->path) {
        (void)unlink(memory->path);
    }
}

void glance_shm_file_drop(glance_shm_file_t *memory)
{
    (void)munmap(memory->base, memory->size);
    memset(memory, 0, sizeof *memory);
}
