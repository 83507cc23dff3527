/* lock.h: the one lock on all boards, for all processes: a global mutex of httpd.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_LOCK_H
#define GLANCE_BOARDS_LOCK_H

#include "apr_global_mutex.h"

#include "httpd_private.h"

/** Lies in retained data, as plain data: it outlives graceful restarts. */
typedef struct {
    apr_global_mutex_t *mutex;
    const char *file;
    apr_status_t status; /* in this process: APR_SUCCESS, or why the lock cannot be used */
} glance_lock_t;

/** On the pre_config hook: registers the lock for the Mutex directive, as "glance". */
int glance_lock_register(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/** Makes the lock that the Mutex directive describes, for the life of @a pool. */
apr_status_t glance_lock_create(glance_lock_t *lock, server_rec *server, apr_pool_t *pool);

/** Opens the lock in this child. An error is logged, and then every later attempt to take the lock
 * fails, since writes without it would damage the boards.
 * @return APR_SUCCESS or the mechanism's error. */
apr_status_t glance_lock_child_init(glance_lock_t *lock, apr_pool_t *pchild, server_rec *server);

/** Waits for the lock and takes it. The death of an earlier owner is no error: it may have left
 * a dirty board. @return APR_SUCCESS or the mechanism's error. */
apr_status_t glance_lock_take(const glance_lock_t *lock);

/** Takes the lock if it is free. @return APR_SUCCESS; APR_EBUSY; the mechanism's error. */
apr_status_t glance_lock_try(const glance_lock_t *lock);

/** @return APR_SUCCESS or the mechanism's error. */
apr_status_t glance_lock_release(const glance_lock_t *lock);

#endif
