/* retained.c: what all processes and all generations of the server share.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/retained.h"

#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_shm.h"

#include "ap_mpm.h"

#include "boards/process.h"

/* Retained data lives in the process pool, which outlives this module's code: only plain data and
 * libapr's objects may lie in it. The key changes with its structures and with the board's layout,
 * so that a module that replaces an older version at a graceful restart never reads its data. */
#define RETAINED_KEY "mod_glance/8"

/* A lock file. It stays open: its locks end with the descriptor. */
typedef struct lock_file_t {
    dev_t device;
    ino_t inode;
    int descriptor;
    struct lock_file_t *next;
} lock_file_t;

typedef struct glance_retained_t {
    glance_lock_t lock;
    int change_fd;
    apr_shm_t *counters;
    glance_segment_t *segments;
    lock_file_t *lock_files;
    glance_retained_unread_t unread;
} glance_retained_t;

static apr_status_t make_counters(apr_pool_t *process_pool)
{
    apr_size_t size;
    apr_status_t rv;
    int children = 0;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &children);
    size = glance_counters_size((apr_uint32_t)children);
    rv = apr_shm_create(&glance_process.retained->counters, size, NULL, process_pool);
    if (rv == APR_SUCCESS) {
        glance_counters_init(glance_retained_counters(), (apr_uint32_t)children);
    }
    return rv;
}

apr_status_t glance_retained_post_config(server_rec *server, int *is_new)
{
    apr_pool_t *process_pool = server->process->pool;
    apr_status_t rv;

    glance_process.retained = ap_retained_data_get(RETAINED_KEY);
    *is_new = !glance_process.retained;
    if (!*is_new) {
        return APR_SUCCESS;
    }
    glance_process.retained = ap_retained_data_create(RETAINED_KEY, sizeof(glance_retained_t));
    rv = glance_lock_create(&glance_process.retained->lock, server, process_pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    glance_process.retained->change_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return glance_process.retained->change_fd < 0 ? apr_get_os_error()
                                                  : make_counters(process_pool);
}

glance_lock_t *glance_retained_lock(void)
{
    return &glance_process.retained->lock;
}

int glance_retained_change_fd(void)
{
    return glance_process.retained->change_fd;
}

glance_counters_t *glance_retained_counters(void)
{
    return apr_shm_baseaddr_get(glance_process.retained->counters);
}

glance_segment_t **glance_retained_segments(void)
{
    return &glance_process.retained->segments;
}

static lock_file_t *find_lock_file(const struct stat *info)
{
    lock_file_t *file = glance_process.retained->lock_files;

    while (file && (file->device != info->st_dev || file->inode != info->st_ino)) {
        file = file->next;
    }
    return file;
}

/* A lock file gets one descriptor only, also if two paths lead to it: the locks of one descriptor
 * would exclude those of another. */
apr_status_t glance_retained_locks(int *locks, const char *folder, const server_rec *server)
{
    apr_status_t rv = glance_shm_file_open_locks(locks, folder);
    lock_file_t *file;
    struct stat info;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (fstat(*locks, &info) != 0) {
        rv = apr_get_os_error();
        (void)close(*locks);
        return rv;
    }
    file = find_lock_file(&info);
    if (file) {
        (void)close(*locks);
        *locks = file->descriptor;
        return APR_SUCCESS;
    }
    file = apr_palloc(server->process->pool, sizeof *file);
    *file = (lock_file_t){info.st_dev, info.st_ino, *locks, glance_process.retained->lock_files};
    glance_process.retained->lock_files = file;
    return APR_SUCCESS;
}

void glance_retained_forget_files(void)
{
    glance_segment_t *segment;

    for (segment = glance_process.retained->segments; segment; segment = segment->next) {
        glance_shm_file_forget(&segment->memory);
    }
}

glance_retained_unread_t *glance_retained_unread(void)
{
    return &glance_process.retained->unread;
}
