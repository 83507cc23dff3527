/* path.c: fuzzes the parser of paths.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const glance_path_t *parts, const char *path, size_t length)
{
    if (parts->depth < 0 || parts->depth > 3) {
        abort();
    }
    if (parts->depth > 0
        && (parts->cluster <= path || !parts->cluster_length
            || parts->cluster + parts->cluster_length > path + length
            || memchr(parts->cluster, '/', parts->cluster_length))) {
        abort();
    }
    if (parts->id < GLANCE_PATH_OUTSIDE || parts->state < GLANCE_PATH_OUTSIDE) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = malloc(size + 1);
    glance_path_t parts;

    memcpy(path, data, size);
    path[size] = '\0';
    if (glance_path_parse(&parts, path) == APR_SUCCESS) {
        check(&parts, path, strlen(path));
    }
    free(path);
    return 0;
}
