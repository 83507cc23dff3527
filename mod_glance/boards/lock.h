/* lock.h: the one lock over all boards and all processes, an httpd global mutex.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_LOCK_H
#define GLANCE_BOARDS_LOCK_H

#include "apr_global_mutex.h"

#include "httpd_private.h"

/** Kept in retained data, as plain data: it outlives graceful restarts. */
typedef struct {
    apr_global_mutex_t *mutex;
    const char *file;
} glance_lock_t;

/** On the pre_config hook: makes the lock known to the Mutex directive, as "glance". */
int glance_lock_register(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/** Makes the lock, by the Mutex directive, for the life of @a pool. */
apr_status_t glance_lock_create(glance_lock_t *lock, server_rec *server, apr_pool_t *pool);

/** Makes the lock usable in this child. If that fails, it says so, and every later attempt to take
 * the lock fails: to go on without it would spoil the boards.
 * @return APR_SUCCESS or the mechanism's error. */
apr_status_t glance_lock_child_init(glance_lock_t *lock, apr_pool_t *pchild, server_rec *server);

/** Takes the lock. The next owner after one that was killed gets it as if nothing had happened.
 * @return APR_SUCCESS or the mechanism's error. */
apr_status_t glance_lock_take(const glance_lock_t *lock);

/** Takes the lock if it is free. @return APR_SUCCESS; APR_EBUSY; the mechanism's error. */
apr_status_t glance_lock_try(const glance_lock_t *lock);

/** Lets the lock go. @return APR_SUCCESS or the mechanism's error. */
apr_status_t glance_lock_release(const glance_lock_t *lock);

#endif
