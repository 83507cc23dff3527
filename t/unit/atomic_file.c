/* atomic_file.c: files that are replaced as a whole, or not at all.
 *
 * SPDX-License-Identifier: ISC
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_strings.h"

#include "core/atomic_file.h"

#include "fixture.h"

#define MOST 100 /* bytes */

static const char *folder;

/* The error of fsync() for a folder; 0: none. */
static int folder_fault;

/* Replaces the system's function. */
int fsync(int file)
{
    struct stat info;

    if (folder_fault && fstat(file, &info) == 0 && S_ISDIR(info.st_mode)) {
        errno = folder_fault;
        return -1;
    }
    return fdatasync(file);
}

static const char *path_of(apr_pool_t *pool, const char *name)
{
    return apr_pstrcat(pool, folder, "/", name, NULL);
}

static apr_status_t put(apr_pool_t *pool, const char *path, const char *text, const char **step)
{
    return glance_atomic_file_replace(path, text, strlen(text), MOST, step, pool);
}

static const char *get(apr_pool_t *pool, const char *path)
{
    char *data = NULL;
    apr_size_t length;

    return glance_atomic_file_read(path, 1000, &data, &length, pool) == APR_SUCCESS ? data
                                                                                    : "(error)";
}

static void test_replace(apr_pool_t *pool)
{
    const char *path = path_of(pool, "state");
    const char *draft = path_of(pool, "state.new");
    const char *step;
    struct stat info;

    is_number(put(pool, path, "one", &step), APR_SUCCESS, "a file is made");
    is(get(pool, path), "one", "and read");
    is_number(put(pool, path, "two", &step), APR_SUCCESS, "and replaced");
    is(get(pool, path), "two", "as a whole");
    stat(path, &info);
    is_number(info.st_mode & 07777, 0600, "it is private");
    ok(access(draft, F_OK) != 0, "nothing is left beside it");

    ok(symlink(path, draft) == 0 && put(pool, path, "three", &step) == APR_SUCCESS,
       "a link in the way is deleted");
    is(get(pool, path), "three", "and not written through");
    unlink(draft);

    ok(mkdir(draft, 0700) == 0 && put(pool, path, "four", &step) != APR_SUCCESS,
       "a folder in the way stays");
    is(step, "create", "which is said");
    is(get(pool, path), "three", "and the file with it");
    rmdir(draft);
}

static void test_failures(apr_pool_t *pool)
{
    const char *path = path_of(pool, "state");
    struct rlimit limit = {4, RLIM_INFINITY};
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    const char *step;

    ok(APR_STATUS_IS_ENOENT(put(pool, path_of(pool, "none/state"), "x", &step)), "no such folder");
    is_number(mkdir(path_of(pool, "taken"), 0700), 0, "a folder of the file's name");
    ok(put(pool, path_of(pool, "taken"), "x", &step) != APR_SUCCESS, "is not replaced");
    is(step, "rename to", "which is said");
    ok(access(path_of(pool, "taken.new"), F_OK) != 0, "and nothing is left of the attempt");

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    is_number(put(pool, path, "more than fits", &step), EFBIG, "a disk that takes half of it");
    setrlimit(RLIMIT_FSIZE, &none);
    is(step, "write", "is named");
    is(get(pool, path), "three", "the old file stands");
    ok(access(path_of(pool, "state.new"), F_OK) != 0, "and nothing is left of the new one");
}

/* Content that the reader refuses must not replace content that it accepts. */
static void test_limit(apr_pool_t *pool)
{
    const char *path = path_of(pool, "limited");
    char text[MOST + 2] = "";
    const char *step = "";

    memset(text, 'x', MOST);
    is_number(put(pool, path, text, &step), APR_SUCCESS, "as much as may be");
    text[MOST] = 'y';
    is_number(put(pool, path, text, &step), EFBIG, "a byte more");
    is(step, "write 101 bytes, of at most 100, to", "which is said");
    is_number((long long)strlen(get(pool, path)), MOST, "the old file stands");
    ok(access(path_of(pool, "limited.new"), F_OK) != 0, "and nothing is left of the new one");
}

/* Some file systems cannot sync a folder, and report that with different errors. */
static void test_folders(apr_pool_t *pool)
{
    static const int errors[] = {EINVAL, ENOTSUP, ENOSYS, EBADF};
    const char *path = path_of(pool, "state");
    const char *step;
    apr_size_t i;

    for (i = 0; i < sizeof errors / sizeof *errors; i++) {
        folder_fault = errors[i];
        is_number(put(pool, path, "five", &step), APR_SUCCESS, "a folder that cannot be synced");
    }
    is(get(pool, path), "five", "holds the new file all the same");
    folder_fault = EIO;
    is_number(put(pool, path, "three", &step), EIO, "a disk that fails is an error");
    is(step, "sync the folder of", "which is said");
    folder_fault = 0;
}

static void test_read(apr_pool_t *pool)
{
    const char *path = path_of(pool, "state");
    const char *link = path_of(pool, "link");
    const char *pipe = path_of(pool, "pipe");
    apr_size_t length = 0;
    char *data = NULL;

    ok(APR_STATUS_IS_ENOENT(glance_atomic_file_read(path_of(pool, "no"), 9, &data, &length, pool)),
       "no file");
    is_number(glance_atomic_file_read(path, 4, &data, &length, pool), EFBIG, "too large a file");
    is_number(glance_atomic_file_read(path, 5, &data, &length, pool), APR_SUCCESS,
              "one that just fits");
    is_number((long long)length, 5, "has its length");
    ok(symlink(path, link) == 0 && glance_atomic_file_read(link, 9, &data, &length, pool) == ELOOP,
       "a link is not followed");
    is_number(glance_atomic_file_read(folder, 9, &data, &length, pool), EISDIR,
              "a folder is no file");
    ok(mkfifo(pipe, 0600) == 0
           && glance_atomic_file_read(pipe, 9, &data, &length, pool) == APR_EINVAL,
       "nor is a pipe, nor is it waited for");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    char template[] = "/tmp/glance-unit-XXXXXX";
    const char *step;

    folder = mkdtemp(template);
    if (!folder) {
        printf("Bail out! no folder\n");
        return 1;
    }
    test_replace(pool);
    test_failures(pool);
    test_limit(pool);
    test_folders(pool);
    test_read(pool);
    ok(chdir(folder) == 0 && put(pool, "here", "x", &step) == APR_SUCCESS, "a path without folder");
    ok(system(apr_pstrcat(pool, "rm -rf ", folder, NULL)) == 0, "all is gone again");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
