/* path.c: the rest of a URL's path after an endpoint.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/path.h"

#include <string.h>

#include "apr_lib.h"

typedef struct {
    const char *start;
    apr_size_t length;
} segment_t;

/* Takes the segment after the slash that *path points to, and moves *path to its end. */
static apr_status_t take_segment(segment_t *segment, const char **path)
{
    segment->start = *path + 1;
    segment->length = strcspn(segment->start, "/");
    *path = segment->start + segment->length;
    return segment->length ? APR_SUCCESS : APR_EINVAL;
}

static apr_status_t read_number(apr_int32_t *number, const segment_t *segment)
{
    const char *at = segment->start;
    const char *end = at + segment->length;
    int outside = *at == '-';
    apr_int64_t value = 0;

    if (outside) {
        at++;
    }
    if (at == end) {
        return APR_EINVAL;
    }
    for (; at < end; at++) {
        if (!apr_isdigit(*at)) {
            return APR_EINVAL;
        }
        value = value * 10 + (*at - '0');
        if (value > APR_INT32_MAX) {
            outside = 1;
            value = 0;
        }
    }
    *number = outside ? GLANCE_PATH_OUTSIDE : (apr_int32_t)value;
    return APR_SUCCESS;
}

apr_status_t glance_path_parse(glance_path_t *parts, const char *path)
{
    segment_t segments[3] = {{NULL, 0}};
    int depth = 0;

    memset(parts, 0, sizeof *parts);
    while (*path == '/' && path[1]) {
        if (depth == 3 || take_segment(&segments[depth], &path) != APR_SUCCESS) {
            return APR_EINVAL;
        }
        depth++;
    }
    if (*path && strcmp(path, "/") != 0) {
        return APR_EINVAL;
    }
    parts->depth = depth;
    if (depth > 0) {
        parts->cluster = segments[0].start;
        parts->cluster_length = segments[0].length;
    }
    if (depth > 1 && read_number(&parts->id, &segments[1]) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    if (depth > 2 && read_number(&parts->state, &segments[2]) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}

const char *glance_path_cluster(const char *path, apr_size_t *length)
{
    path += *path == '/';
    *length = strcspn(path, "/");
    return path;
}
