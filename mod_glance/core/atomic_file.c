/* atomic_file.c: small files that are replaced as a whole, or not at all.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_strings.h"

/* One of an earlier server that was killed while it wrote would be in the way for ever. */
static int create(const char *path)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int file = open(path, flags, 0600);

    if (file < 0 && errno == EEXIST && unlink(path) == 0) {
        file = open(path, flags, 0600);
    }
    return file;
}

static int write_all(int file, const char *data, apr_size_t length)
{
    while (length) {
        ssize_t written = write(file, data, length);

        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            data += written;
            length -= (apr_size_t)written;
        }
    }
    return 0;
}

/* Writes and closes the file. */
static apr_status_t fill(int file, const char *data, apr_size_t length, const char **step)
{
    apr_status_t rv = APR_SUCCESS;

    *step = "write";
    if (write_all(file, data, length) != 0) {
        rv = errno;
    }
    if (rv == APR_SUCCESS && fsync(file) != 0) {
        *step = "bring to the disk";
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

/* Whether the error says that this cannot be done here, rather than that it went wrong. */
static int is_impossible(int error)
{
    return error == EINVAL || error == ENOTSUP || error == EOPNOTSUPP || error == ENOSYS
           || error == EBADF || error == EACCES || error == EPERM;
}

/* Without this, a rename may be undone by a power failure. The new text is in place all the same,
 * so where folders cannot be brought to the disk, or not be opened, nothing has failed. */
static apr_status_t sync_folder(const char *folder)
{
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t rv = APR_SUCCESS;

    if (directory < 0) {
        return is_impossible(errno) ? APR_SUCCESS : errno;
    }
    if (fsync(directory) != 0 && !is_impossible(errno)) {
        rv = errno;
    }
    close(directory);
    return rv;
}

apr_status_t glance_atomic_file_replace(const char *path, const char *data, apr_size_t length,
                                        apr_size_t most, const char **step, apr_pool_t *pool)
{
    const char *draft = apr_pstrcat(pool, path, ".new", NULL);
    apr_status_t rv;
    int file;

    if (length > most) {
        *step = apr_psprintf(pool,
                             "write %" APR_SIZE_T_FMT " bytes, of at most %" APR_SIZE_T_FMT ", to",
                             length, most);
        return EFBIG;
    }
    *step = "create";
    file = create(draft);
    if (file < 0) {
        return errno;
    }
    rv = fill(file, data, length, step);
    if (rv == APR_SUCCESS && rename(draft, path) != 0) {
        *step = "rename to";
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        unlink(draft);
        return rv;
    }
    *step = "bring the folder to the disk of";
    return sync_folder(folder_of(path, pool));
}

/* A file may grow while it is read: what is more than its size is left. */
static apr_status_t read_all(int file, char *data, apr_size_t *length)
{
    apr_size_t wanted = *length;

    *length = 0;
    while (*length < wanted) {
        ssize_t got = read(file, data + *length, wanted - *length);

        if (got < 0 && errno != EINTR) {
            return errno;
        }
        if (got == 0) {
            break;
        }
        *length += got > 0 ? (apr_size_t)got : 0;
    }
    data[*length] = '\0';
    return APR_SUCCESS;
}

static apr_status_t read_open(int file, apr_size_t most, char **data, apr_size_t *length,
                              apr_pool_t *pool)
{
    struct stat info;

    if (fstat(file, &info) != 0) {
        return errno;
    }
    if (!S_ISREG(info.st_mode)) {
        return S_ISDIR(info.st_mode) ? EISDIR : APR_EINVAL;
    }
    if ((apr_uint64_t)info.st_size > most) {
        return EFBIG;
    }
    *length = (apr_size_t)info.st_size;
    *data = apr_palloc(pool, *length + 1);
    return read_all(file, *data, length);
}

apr_status_t glance_atomic_file_read(const char *path, apr_size_t most, char **data,
                                     apr_size_t *length, apr_pool_t *pool)
{
    /* O_NONBLOCK: nobody may be at the other end of a pipe. */
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    apr_status_t rv;

    if (file < 0) {
        return errno;
    }
    rv = read_open(file, most, data, length, pool);
    close(file);
    return rv;
}
