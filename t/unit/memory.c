/* memory.c: memory that outlives its processes.
 *
 * SPDX-License-Identifier: ISC
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "glance_memory.h"

#include "fixture.h"

#define SIZE 100000

static const char *folder;
static const char *path;

static void test_anonymous(void)
{
    glance_memory_t memory;

    is_number(glance_memory_make(&memory, SIZE, NULL), APR_SUCCESS, "memory without a file");
    is_number(((char *)memory.base)[SIZE - 1], 0, "is zeroed");
    is_number(glance_memory_publish(&memory), APR_SUCCESS, "needs no publishing");
    glance_memory_forget(&memory);
    glance_memory_drop(&memory);
    ok(!memory.base, "and can be dropped");
}

/* Makes memory in another process, which is then killed. */
static void leave_memory(const char *text, int publishes)
{
    pid_t child = fork();

    if (child == 0) {
        glance_memory_t memory;

        if (glance_memory_make(&memory, SIZE, path) != APR_SUCCESS
            || (publishes && glance_memory_publish(&memory) != APR_SUCCESS)) {
            _exit(1);
        }
        memcpy(memory.base, text, strlen(text) + 1);
        raise(SIGKILL);
    }
    waitpid(child, NULL, 0);
}

static void test_kept(apr_pool_t *pool)
{
    const char *draft = apr_pstrcat(pool, path, ".new", NULL);
    glance_memory_t memory;
    glance_memory_t other;

    ok(APR_STATUS_IS_ENOENT(glance_memory_find(&memory, path)), "nothing is there at first");
    leave_memory("early", 0);
    ok(APR_STATUS_IS_ENOENT(glance_memory_find(&memory, path)), "nor before it is published");
    leave_memory("hello", 1);
    is_number(glance_memory_find(&memory, path), APR_SUCCESS, "then it is found");
    is(memory.base, "hello", "as it was when its process was killed");
    is_number((long long)memory.size, SIZE, "in its size");
    is_number(glance_memory_find(&other, path), APR_EBUSY, "by one at a time");
    is_number(glance_memory_make(&other, SIZE, path), APR_SUCCESS, "new memory for the same path");
    strcpy(other.base, "newer");
    is(memory.base, "hello", "is other memory");
    is_number(glance_memory_publish(&other), APR_SUCCESS, "and takes its place");
    glance_memory_drop(&memory);
    glance_memory_drop(&other);
    ok(access(draft, F_OK) != 0, "no draft is left");
    is_number(glance_memory_find(&memory, path), APR_SUCCESS, "whoever comes later");
    is(memory.base, "newer", "finds the newer one");
    glance_memory_forget(&memory);
    glance_memory_drop(&memory);
    ok(APR_STATUS_IS_ENOENT(glance_memory_find(&memory, path)), "what is forgotten is gone");
}

/* A child that lives keeps the memory from others, although its parent is gone. */
static void test_orphan(void)
{
    int ready[2];
    int hold[2];
    pid_t parent;
    char byte = 0;
    glance_memory_t memory;

    ok(pipe(ready) == 0 && pipe(hold) == 0, "pipes");
    parent = fork();
    if (parent == 0) {
        close(hold[1]);
        if (glance_memory_make(&memory, SIZE, path) != APR_SUCCESS
            || glance_memory_publish(&memory) != APR_SUCCESS) {
            _exit(1);
        }
        if (fork() == 0) {
            byte = write(ready[1], "x", 1) == 1;
            _exit(read(hold[0], &byte, 1) == 1 ? 1 : 0);
        }
        _exit(0);
    }
    waitpid(parent, NULL, 0);
    ok(read(ready[0], &byte, 1) == 1, "a child without its parent");
    is_number(glance_memory_find(&memory, path), APR_EBUSY, "holds the memory");
    close(hold[1]);
    close(ready[1]);
    ok(read(ready[0], &byte, 1) == 0, "once it is gone");
    is_number(glance_memory_find(&memory, path), APR_SUCCESS, "the memory is free");
    glance_memory_forget(&memory);
    glance_memory_drop(&memory);
}

static void test_strange(apr_pool_t *pool)
{
    const char *copy = apr_pstrcat(pool, path, ".copy", NULL);
    glance_memory_t memory;

    leave_memory("x", 1);
    chmod(path, 0640);
    is_number(glance_memory_find(&memory, path), APR_EACCES, "others could have read it");
    chmod(path, 0600);
    ok(link(path, copy) == 0 && glance_memory_find(&memory, path) == APR_EACCES,
       "it has a second name");
    unlink(copy);
    ok(rename(path, copy) == 0 && symlink(copy, path) == 0
           && glance_memory_find(&memory, path) == ELOOP,
       "it is a link");
    unlink(path);
    ok(rename(copy, path) == 0 && truncate(path, 0) == 0
           && glance_memory_find(&memory, path) == APR_EACCES,
       "it is empty");
    unlink(path);
    ok(mkdir(path, 0700) == 0 && glance_memory_find(&memory, path) != APR_SUCCESS,
       "it is a folder");
    ok(glance_memory_make(&memory, SIZE, path) == APR_SUCCESS
           && glance_memory_publish(&memory) != APR_SUCCESS,
       "which nothing can replace");
    glance_memory_drop(&memory);
    rmdir(path);
    ok(glance_memory_make(&memory, SIZE, "/no/such/folder") != APR_SUCCESS, "there is no folder");
    ok(glance_memory_make(&memory, (apr_size_t)1 << 60, path) != APR_SUCCESS, "there is no room");
    ok(!memory.base && !memory.path, "then there is nothing to drop");
    ok(glance_memory_keeps_in(folder), "memory can be kept in /dev/shm");
    ok(!glance_memory_keeps_in("/proc"), "and not anywhere");
    ok(!glance_memory_keeps_in("/no/such/folder"), "nor nowhere");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    char template[] = "/dev/shm/glance-unit-XXXXXX";

    folder = mkdtemp(template);
    if (!folder) {
        printf("Bail out! no folder\n");
        return 1;
    }
    path = apr_pstrcat(pool, folder, "/board", NULL);
    test_anonymous();
    test_kept(pool);
    test_orphan();
    test_strange(pool);
    ok(system(apr_pstrcat(pool, "rm -rf ", folder, NULL)) == 0, "all is gone again");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
