/* query.h: the parameters of a query string.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_QUERY_H
#define GLANCE_CORE_QUERY_H

#include "apr_pools.h"

/** The decoded value of the first parameter of that name, allocated in @a pool.
 * @param query the part of the URL behind the question mark; may be NULL.
 * @return NULL if it is not there; "" if it cannot be decoded. */
const char *glance_query_get(const char *query, const char *name, apr_pool_t *pool);

#endif
