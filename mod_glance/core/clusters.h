/* clusters.h: the list of clusters an admin declares, `name:shards name:shards ...`.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_CLUSTERS_H
#define GLANCE_CORE_CLUSTERS_H

#include "apr_pools.h"
#include "apr_tables.h"

#define GLANCE_CLUSTER_NAME_MAX 64 /* bytes */
#define GLANCE_CLUSTER_SHARDS_MAX 1000000

/** One cluster: a bot user, with its shards numbered from 0. */
typedef struct {
    const char *name; /* 1 to GLANCE_CLUSTER_NAME_MAX bytes of UTF-8 */
    apr_uint32_t shards;
} glance_cluster_t;

/** Adds the clusters of one argument, separated by `;`, to @a clusters (of glance_cluster_t).
 * Names may hold blanks; blanks around a part are removed, empty parts are ignored.
 * @param pool keeps the names and the error.
 * @return NULL, or a sentence that says which word is wrong, and how to correct it. */
const char *glance_clusters_add(apr_array_header_t *clusters, const char *argument,
                                apr_pool_t *pool);

/** Whether two lists name the same clusters with the same shards in the same order. */
int glance_clusters_equal(const apr_array_header_t *one, const apr_array_header_t *other);

#endif
