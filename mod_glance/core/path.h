/* path.h: the rest of a URL's path after an endpoint: `/<cluster>/<id>/<state>`.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_PATH_H
#define GLANCE_CORE_PATH_H

#include "apr.h"
#include "apr_errno.h"

/** A number below zero or too large: outside every range. */
#define GLANCE_PATH_OUTSIDE (-1)

/** The parts of a path. The strings point into the path that was parsed. */
typedef struct {
    int depth;           /* number of parts: 0 to 3 */
    const char *cluster; /* depth 1 and up; not terminated */
    apr_size_t cluster_length;
    apr_int32_t id;    /* depth 2 and up, or GLANCE_PATH_OUTSIDE */
    apr_int32_t state; /* depth 3, or GLANCE_PATH_OUTSIDE */
} glance_path_t;

/** Parses a decoded path. One slash at its end is accepted. Numbers are decimal digits, also with
 * leading zeros; a number with a `-` is outside every range.
 * @param path "" or begins with a slash; must outlive @a parts.
 * @return APR_SUCCESS, or APR_EINVAL for a path of another shape. */
apr_status_t glance_path_parse(glance_path_t *parts, const char *path);

/** The first part of a path, the cluster, whatever follows.
 * @param length receives its length, 0 if there is none.
 * @return its first byte; it is not terminated. */
const char *glance_path_cluster(const char *path, apr_size_t *length);

#endif
