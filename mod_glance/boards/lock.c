/* lock.c: the one lock over all boards and all processes.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/lock.h"

#include <sched.h>

#include "util_mutex.h"

#define TYPE "glance"

/* How often somebody who finds the lock taken yields the processor before sleeping. */
#define YIELDS 100

/* In this process: APR_SUCCESS, or why the lock cannot be used. */
static apr_status_t fitness = APR_SUCCESS;

int glance_lock_register(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    apr_status_t rv = ap_mutex_register(pconf, TYPE, NULL, APR_LOCK_DEFAULT, 0);

    (void)plog;
    (void)ptemp;
    return rv == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

apr_status_t glance_lock_create(glance_lock_t *lock, server_rec *server, apr_pool_t *pool)
{
    return ap_global_mutex_create(&lock->mutex, &lock->file, TYPE, NULL, server, pool, 0);
}

apr_status_t glance_lock_child_init(glance_lock_t *lock, apr_pool_t *pchild, server_rec *server)
{
    fitness = apr_global_mutex_child_init(&lock->mutex, lock->file, pchild);
    if (fitness != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, fitness, server,
                     GLANCE_LOGNO(0017) "cannot open the lock of the boards in a child: no writes");
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                     GLANCE_LOGNO(0018) "make %s accessible to the server's user, or choose "
                                        "another mechanism: Mutex pthread " TYPE,
                     lock->file ? lock->file : "the lock");
    }
    return fitness;
}

/* The lock is held for a fraction of a microsecond, but APR's inherits priorities: once somebody
 * sleeps on it, it is handed from sleeper to sleeper, each of whom must be scheduled first, and all
 * POSTs queue up behind. So whoever finds it taken yields the processor before going to sleep. */
apr_status_t glance_lock_take(const glance_lock_t *lock)
{
    int tries;

    for (tries = 0; tries < YIELDS; tries++) {
        apr_status_t rv = glance_lock_try(lock);

        if (!APR_STATUS_IS_EBUSY(rv)) {
            return rv;
        }
        sched_yield();
    }
    return apr_global_mutex_lock(lock->mutex);
}

apr_status_t glance_lock_try(const glance_lock_t *lock)
{
    return fitness == APR_SUCCESS ? apr_global_mutex_trylock(lock->mutex) : fitness;
}

apr_status_t glance_lock_release(const glance_lock_t *lock)
{
    return apr_global_mutex_unlock(lock->mutex);
}
