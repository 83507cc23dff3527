/* process.h: all that boards/ keeps in one process.
 *
 * The parent fills it in on the post_config hook, and children inherit their copy. Only files of
 * this folder use it.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_PROCESS_H
#define GLANCE_BOARDS_PROCESS_H

#include <pthread.h>

#include "httpd_private.h"

#include "core/rate.h"
#include "core/snapshot.h"

/** A child's last snapshot of a large board, or of a large cluster. */
typedef struct {
    pthread_mutex_t mutex; /* held while a snapshot is made: readers wait for it and share it */
    glance_snapshot_t *snapshot;
} glance_process_cache_t;

/** When the parent saves the boards of its configuration. */
typedef struct {
    const char *path; /* of the state file; NULL: nothing is saved */
    server_rec *server;
    apr_pool_t *process_pool;
    pid_t parent;          /* 0: the last save of a stop has been attempted */
    apr_uint64_t revision; /* the sum over all boards at the last save */
    int is_saved;          /* the last save has succeeded */
} glance_process_saver_t;

typedef struct {
    struct glance_retained_t *retained;
    struct glance_store_t *stores;
    glance_process_cache_t **caches; /* in a child, for each store: NULL, or a cache of the board
                                      * and one for each cluster; never freed: prefork runs the
                                      * cleanups of a child's pool in a signal handler */
    glance_process_saver_t saver;
    int is_failing;            /* the last write of the state file has failed, which is logged */
    glance_rate_t lock_errors; /* limits GL0011 */
    glance_rate_t silences;    /* limits GL0020 */
    glance_rate_t returns;     /* limits GL0021 */
} glance_process_t;

extern glance_process_t glance_process;

#endif
