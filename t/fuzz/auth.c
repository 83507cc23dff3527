/* auth.c: fuzzes the Authorization header and the cluster that a path names.
 *
 * The input is a header and, behind a NUL, a path.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "apr_general.h"

#include "core/auth.h"
#include "core/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static apr_array_header_t *make_keys(void)
{
    static const glance_key_t keys[] = {{"correct horse", NULL}, {"battery", "patron"}};
    apr_array_header_t *list;
    apr_pool_t *pool;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    list = apr_array_make(pool, 2, sizeof(glance_key_t));
    for (i = 0; i < 2; i++) {
        APR_ARRAY_PUSH(list, glance_key_t) = keys[i];
    }
    return list;
}

/* The same by simple means. */
static int should_allow(const char *header, const char *cluster, apr_size_t length)
{
    const char *token = header;

    if (!strncasecmp(header, "Bearer ", 7)) {
        token = header + 7 + strspn(header + 7, " ");
    }
    return !strcmp(token, "correct horse")
           || (!strcmp(token, "battery") && length == 6 && !memcmp(cluster, "patron", 6));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_array_header_t *keys;
    char *header = malloc(size + 2);
    const char *path;
    const char *cluster;
    apr_size_t length;

    if (!keys) {
        keys = make_keys();
    }
    if (size) {
        memcpy(header, data, size);
    }
    header[size] = header[size + 1] = '\0';
    path = header + strlen(header) + 1;
    cluster = glance_path_cluster(path, &length);
    if (cluster < path || cluster + length > path + strlen(path) || memchr(cluster, '/', length)
        || glance_auth_allows(header, keys, cluster, length)
               != should_allow(header, cluster, length)) {
        abort();
    }
    free(header);
    return 0;
}
