/* clusters.c: fuzzes the list of clusters.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apr_general.h"
#include "apr_strings.h"

#include "core/clusters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const glance_cluster_t *cluster)
{
    size_t length = strlen(cluster->name);

    if (!cluster->shards || cluster->shards > GLANCE_CLUSTER_SHARDS_MAX || !length
        || length > GLANCE_CLUSTER_NAME_MAX || strpbrk(cluster->name, "/:;")) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_array_header_t *clusters;
    apr_pool_t *pool;
    int i;

    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    clusters = apr_array_make(pool, 1, sizeof(glance_cluster_t));
    if (!glance_clusters_add(clusters, apr_pstrmemdup(pool, (const char *)data, size), pool)) {
        for (i = 0; i < clusters->nelts; i++) {
            check(&APR_ARRAY_IDX(clusters, i, glance_cluster_t));
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
