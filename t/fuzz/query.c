/* query.c: fuzzes the parameters of a query string.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apr_general.h"
#include "apr_strings.h"

#include "core/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *pool;
    const char *value;
    char *query;

    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    query = malloc(size + 1);
    if (size) {
        memcpy(query, data, size);
    }
    query[size] = '\0';
    value = glance_query_get(query, "pulse", pool);
    if (value && (!strstr(query, "pulse=") || strlen(value) > strlen(query))) {
        abort();
    }
    value = glance_query_get(query, "last-event-id", pool);
    if (value && strchr(value, '&') && !strstr(query, "%26")) {
        abort();
    }
    free(query);
    apr_pool_destroy(pool);
    return 0;
}
