/* shm_file.c: memory that outlives its processes.
 *
 * SPDX-License-Identifier: ISC
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/shm_file.h"

#include "fixture.h"

#define SIZE 100000

static const char *folder;
static const char *path;

/* Where a server keeps its memory: each has opened the lock file for itself. */
static glance_shm_file_place_t place_of_server(void)
{
    glance_shm_file_place_t place = {.path = path};

    if (glance_shm_file_open_locks(&place.locks, folder) != APR_SUCCESS) {
        printf("Bail out! no lock file\n");
        exit(1);
    }
    return place;
}

static void end_server(glance_shm_file_place_t place)
{
    close(place.locks);
}

static void test_anonymous(void)
{
    glance_shm_file_t memory;

    is_number(glance_shm_file_make(&memory, SIZE, (glance_shm_file_place_t){NULL, -1}), APR_SUCCESS,
              "memory without a file");
    is_number(((char *)memory.base)[SIZE - 1], 0, "is zeroed");
    is_number(glance_shm_file_publish(&memory), APR_SUCCESS, "needs no publishing");
    glance_shm_file_forget(&memory);
    glance_shm_file_drop(&memory);
    ok(!memory.base, "and can be dropped");
}

/* Makes memory in another process, which is then killed. */
static void leave_memory(const char *text, int publishes)
{
    pid_t child = fork();

    if (child == 0) {
        glance_shm_file_t memory;

        if (glance_shm_file_make(&memory, SIZE, place_of_server()) != APR_SUCCESS
            || (publishes && glance_shm_file_publish(&memory) != APR_SUCCESS)) {
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
    glance_shm_file_place_t here = place_of_server();
    glance_shm_file_place_t there = place_of_server();
    glance_shm_file_t memory;
    glance_shm_file_t other;

    ok(APR_STATUS_IS_ENOENT(glance_shm_file_find(&memory, here)), "nothing is there at first");
    leave_memory("early", 0);
    ok(APR_STATUS_IS_ENOENT(glance_shm_file_find(&memory, here)), "nor before it is published");
    leave_memory("hello", 1);
    is_number(glance_shm_file_find(&memory, here), APR_SUCCESS, "then it is found");
    is(memory.base, "hello", "as it was when its process was killed");
    is_number((long long)memory.size, SIZE, "in its size");
    is_number(glance_shm_file_find(&other, there), APR_EBUSY, "by one server at a time");
    is_number(glance_shm_file_make(&other, SIZE, there), APR_EBUSY, "which alone may replace it");
    there.path = apr_pstrcat(pool, folder, "/./board", NULL);
    is_number(glance_shm_file_find(&other, there), APR_EBUSY, "by whatever path it is reached");
    there.path = path;
    is_number(glance_shm_file_make(&other, SIZE, here), APR_SUCCESS,
              "new memory for the same path");
    strcpy(other.base, "newer");
    is(memory.base, "hello", "is other memory");
    is_number(glance_shm_file_publish(&other), APR_SUCCESS, "and takes its place");
    glance_shm_file_drop(&memory);
    glance_shm_file_drop(&other);
    ok(access(draft, F_OK) != 0, "no draft is left");
    end_server(here);
    is_number(glance_shm_file_find(&memory, there), APR_SUCCESS, "a server that starts later");
    is(memory.base, "newer", "finds the newer one");
    glance_shm_file_forget(&memory);
    glance_shm_file_drop(&memory);
    ok(APR_STATUS_IS_ENOENT(glance_shm_file_find(&memory, there)), "what is forgotten is gone");
    end_server(there);
}

static int count_descriptors(void)
{
    int number;
    int count = 0;

    for (number = 0; number < 256; number++) {
        count += fcntl(number, F_GETFD) >= 0;
    }
    return count;
}

/* A server of many boards needs no descriptor for each. */
static void test_many(apr_pool_t *pool)
{
    glance_shm_file_place_t places[20];
    glance_shm_file_t memory[20];
    glance_shm_file_t other;
    glance_shm_file_place_t there = place_of_server();
    int locks = place_of_server().locks;
    int before = count_descriptors();
    int made = 0;
    int busy = 0;
    int i;

    for (i = 0; i < 20; i++) {
        places[i] = (glance_shm_file_place_t){apr_psprintf(pool, "%s/board-%d", folder, i), locks};
        made += glance_shm_file_make(&memory[i], SIZE, places[i]) == APR_SUCCESS
                && glance_shm_file_publish(&memory[i]) == APR_SUCCESS;
    }
    is_number(made, 20, "twenty boards");
    is_number(count_descriptors(), before, "take no descriptor");
    for (i = 0; i < 20; i++) {
        there.path = places[i].path;
        busy += glance_shm_file_find(&other, there) == APR_EBUSY;
        glance_shm_file_forget(&memory[i]);
        glance_shm_file_drop(&memory[i]);
    }
    is_number(busy, 20, "and each is locked");
    close(locks);
    end_server(there);
}

static void test_lock_file(apr_pool_t *pool)
{
    const char *file = apr_pstrcat(pool, folder, "/glance.lock", NULL);
    int locks;

    ok(access(file, F_OK) == 0, "there is one lock file");
    chmod(file, 0644);
    is_number(glance_shm_file_open_locks(&locks, folder), APR_EACCES, "that others may not open");
    unlink(file);
    ok(symlink("/dev/null", file) == 0 && glance_shm_file_open_locks(&locks, folder) == ELOOP,
       "nor be a link");
    unlink(file);
    ok(glance_shm_file_open_locks(&locks, "/no/such/folder") != APR_SUCCESS && locks == -1,
       "nor without a folder");
}

/* A child that lives keeps the memory from others, although its parent is gone. */
static void test_orphan(void)
{
    int ready[2];
    int hold[2];
    pid_t parent;
    char byte = 0;
    glance_shm_file_place_t here = place_of_server();
    glance_shm_file_t memory;

    /* This process becomes the parent of the orphan, so that it can wait until that has ended. */
    ok(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && pipe(ready) == 0 && pipe(hold) == 0, "pipes");
    parent = fork();
    if (parent == 0) {
        close(hold[1]);
        end_server(here);
        if (glance_shm_file_make(&memory, SIZE, place_of_server()) != APR_SUCCESS
            || glance_shm_file_publish(&memory) != APR_SUCCESS) {
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
    is_number(glance_shm_file_find(&memory, here), APR_EBUSY, "holds the memory");
    close(hold[1]);
    close(ready[1]);
    ok(waitpid(-1, NULL, 0) > 0, "once it is gone");
    is_number(glance_shm_file_find(&memory, here), APR_SUCCESS, "the memory is free");
    glance_shm_file_forget(&memory);
    glance_shm_file_drop(&memory);
    end_server(here);
}

static void test_strange(apr_pool_t *pool)
{
    const char *copy = apr_pstrcat(pool, path, ".copy", NULL);
    glance_shm_file_place_t here = place_of_server();
    glance_shm_file_place_t nowhere = {"/no/such/folder", here.locks};
    glance_shm_file_t memory;

    leave_memory("x", 1);
    chmod(path, 0640);
    is_number(glance_shm_file_find(&memory, here), APR_EACCES, "others could have read it");
    chmod(path, 0600);
    ok(link(path, copy) == 0 && glance_shm_file_find(&memory, here) == APR_EACCES,
       "it has a second name");
    unlink(copy);
    ok(rename(path, copy) == 0 && symlink(copy, path) == 0
           && glance_shm_file_find(&memory, here) == ELOOP,
       "it is a link");
    unlink(path);
    ok(rename(copy, path) == 0 && truncate(path, 0) == 0
           && glance_shm_file_find(&memory, here) == APR_EACCES,
       "it is empty");
    unlink(path);
    ok(mkdir(path, 0700) == 0 && glance_shm_file_find(&memory, here) != APR_SUCCESS,
       "it is a folder");
    ok(glance_shm_file_make(&memory, SIZE, here) == APR_SUCCESS
           && glance_shm_file_publish(&memory) != APR_SUCCESS,
       "which nothing can replace");
    glance_shm_file_drop(&memory);
    rmdir(path);
    ok(glance_shm_file_make(&memory, SIZE, nowhere) != APR_SUCCESS, "there is no folder");
    ok(glance_shm_file_make(&memory, (apr_size_t)1 << 60, here) != APR_SUCCESS, "there is no room");
    ok(!memory.base && !memory.path, "then there is nothing to drop");
    ok(glance_shm_file_keeps_in(folder), "memory can be kept in /dev/shm");
    ok(!glance_shm_file_keeps_in("/proc"), "and not anywhere");
    ok(!glance_shm_file_keeps_in("/no/such/folder"), "nor nowhere");
    end_server(here);
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
    test_many(pool);
    test_strange(pool);
    test_lock_file(pool);
    ok(system(apr_pstrcat(pool, "rm -rf ", folder, NULL)) == 0, "all is gone again");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
