/* scratch.c: pools of the parent whose memory goes back to the system.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/scratch.h"

#include <malloc.h>

#include "apr_allocator.h"

#define KEPT_BYTES 1 /* 0 would mean that the allocator keeps everything */

apr_pool_t *glance_scratch_begin(const char *tag)
{
    apr_allocator_t *allocator = NULL;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) == APR_SUCCESS) {
        apr_allocator_max_free_set(allocator, KEPT_BYTES);
    }
    /* Cannot fail: httpd ends the process where a pool gets no memory. Without an allocator of its
     * own, the pool uses the common one. */
    apr_pool_create_ex(&pool, NULL, NULL, allocator);
    if (allocator) {
        apr_allocator_owner_set(allocator, pool);
    }
    apr_pool_tag(pool, tag);
    return pool;
}

void glance_scratch_end(apr_pool_t *pool)
{
    apr_pool_destroy(pool);
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}
