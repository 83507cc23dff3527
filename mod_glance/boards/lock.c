/* lock.c: the one lock on all boards, for all processes.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/lock.h"

#include <sched.h>

#include "util_mutex.h"

#define TYPE "glance"

/* How often a caller that finds the lock taken yields the processor before it sleeps. */
#define YIELDS 100

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
    apr_status_t rv = apr_global_mutex_child_init(&lock->mutex, lock->file, pchild);

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, server,
                     GLANCE_LOGNO(0017) "cannot open the lock of the boards in a child, which "
                                        "refuses all writes");
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server,
                     GLANCE_LOGNO(0018) "make %s accessible to the server's user, or choose "
                                        "another mechanism: Mutex pthread " TYPE,
                     lock->file ? lock->file : "the lock");
    }
    lock->status = rv;
    return rv;
}

/* Most owners write one record, in less than a microsecond. Others read or sweep at most
 * GLANCE_PIECE shards at once: 30 microseconds by bench/board.c. Only a reload that changes the
 * clusters holds it for a whole board. APR's mutex inherits priorities, so once a caller sleeps on
 * it, the kernel hands it from sleeper to sleeper. Each of them must be scheduled first, and all
 * POSTs queue behind them. To yield first avoids most of these sleeps. */
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
    return lock->status == APR_SUCCESS ? apr_global_mutex_trylock(lock->mutex) : lock->status;
}

apr_status_t glance_lock_release(const glance_lock_t *lock)
{
    return apr_global_mutex_unlock(lock->mutex);
}
