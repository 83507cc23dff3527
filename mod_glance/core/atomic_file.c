/* atomic_file.c: files that are replaced as a whole, or not at all.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/atomic_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_file_io.h"
#include "apr_portable.h"
#include "apr_strings.h"

/* The name of a file before it takes the place of the old one: PATH_MAX bytes. */
static apr_status_t name_draft(char *draft, const char *path)
{
    int length = snprintf(draft, PATH_MAX, "%s.new", path);

    return length > 0 && length < PATH_MAX ? APR_SUCCESS : ENAMETOOLONG;
}

apr_status_t glance_atomic_file_create(int *file, const char *path)
{
    char draft[PATH_MAX];
    apr_status_t rv = name_draft(draft, path);

    if (rv == APR_SUCCESS) {
        (void)unlink(draft); /* left by a server that was killed while it wrote */
        *file = open(draft, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        rv = *file < 0 ? errno : APR_SUCCESS;
    }
    return rv;
}

apr_status_t glance_atomic_file_commit(const char *path)
{
    char draft[PATH_MAX];
    apr_status_t rv = name_draft(draft, path);

    return rv == APR_SUCCESS && rename(draft, path) != 0 ? errno : rv;
}

void glance_atomic_file_discard(const char *path)
{
    char draft[PATH_MAX];

    if (name_draft(draft, path) == APR_SUCCESS) {
        (void)unlink(draft);
    }
}

/* Writes and closes the file. */
static apr_status_t fill(int file, const char *data, apr_size_t length, const char **step,
                         apr_pool_t *pool)
{
    apr_file_t *handle = NULL;
    apr_status_t rv = apr_os_file_put(&handle, &file, APR_FOPEN_WRITE, pool);

    *step = "write";
    if (rv == APR_SUCCESS) {
        rv = apr_file_write_full(handle, data, length, NULL);
    }
    if (rv == APR_SUCCESS && fsync(file) != 0) {
        *step = "sync";
        rv = errno;
    }
    if (close(file) != 0 && rv == APR_SUCCESS) {
        rv = errno;
    }
    return rv;
}

static const char *folder_of(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return ".";
    }
    return slash == path ? "/" : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
}

/* Whether the error says that folders cannot be opened or synced here at all. */
static int is_unsupported(int error)
{
    return error == EINVAL || error == ENOTSUP || error == EOPNOTSUPP || error == ENOSYS
           || error == EBADF || error == EACCES || error == EPERM;
}

/* Without this, a power failure may undo a rename. */
static apr_status_t sync_folder(const char *folder)
{
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t rv = APR_SUCCESS;

    if (directory < 0 || fsync(directory) != 0) {
        rv = is_unsupported(errno) ? APR_SUCCESS : errno;
    }
    if (directory >= 0) {
        close(directory);
    }
    return rv;
}

apr_status_t glance_atomic_file_replace(const char *path, const char *data, apr_size_t length,
                                        apr_size_t most, const char **step, apr_pool_t *pool)
{
    apr_status_t rv;
    int file;

    if (length > most) {
        *step = apr_psprintf(pool,
                             "write %" APR_SIZE_T_FMT " bytes, of at most %" APR_SIZE_T_FMT ", to",
                             length, most);
        return EFBIG;
    }
    *step = "create";
    rv = glance_atomic_file_create(&file, path);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = fill(file, data, length, step, pool);
    if (rv == APR_SUCCESS) {
        *step = "rename to";
        rv = glance_atomic_file_commit(path);
    }
    if (rv != APR_SUCCESS) {
        glance_atomic_file_discard(path);
        return rv;
    }
    *step = "sync the folder of";
    return sync_folder(folder_of(path, pool));
}

static apr_status_t read_open(int file, apr_size_t most, char **data, apr_size_t *length,
                              apr_pool_t *pool)
{
    apr_file_t *handle = NULL;
    struct stat info;
    apr_status_t rv;

    if (fstat(file, &info) != 0) {
        return errno;
    }
    if (!S_ISREG(info.st_mode)) {
        return S_ISDIR(info.st_mode) ? EISDIR : APR_EINVAL;
    }
    if ((apr_uint64_t)info.st_size > most) {
        return EFBIG;
    }
    *data = apr_pcalloc(pool, (apr_size_t)info.st_size + 1);
    rv = apr_os_file_put(&handle, &file, APR_FOPEN_READ, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(handle, *data, (apr_size_t)info.st_size, length);
    }
    /* The file may shrink while it is read. */
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

apr_status_t glance_atomic_file_read(const char *path, apr_size_t most, char **data,
                                     apr_size_t *length, apr_pool_t *pool)
{
    /* O_NONBLOCK: to open a pipe without a writer would block. */
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    apr_status_t rv;

    if (file < 0) {
        return errno;
    }
    rv = read_open(file, most, data, length, pool);
    close(file);
    return rv;
}
