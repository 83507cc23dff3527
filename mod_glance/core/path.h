/* path.h: the rest of a URL's path behind an endpoint: `/<cluster>/<id>/<state>`.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_PATH_H
#define GLANCE_CORE_PATH_H

#include "apr.h"
#include "apr_errno.h"

/** A number below zero or too large for anything here: outside every range. */
#define GLANCE_PATH_OUTSIDE (-1)

/** A path in its parts. The strings point into the path that was parsed. */
typedef struct {
    int depth;           /* how many of the parts below are there: 0 to 3 */
    const char *cluster; /* depth 1 and up; not terminated */
    apr_size_t cluster_length;
    apr_int32_t id;    /* depth 2 and up, or GLANCE_PATH_OUTSIDE */
    apr_int32_t state; /* depth 3, or GLANCE_PATH_OUTSIDE */
} glance_path_t;

/** Parses a decoded path. One slash at its end is accepted; numbers are decimal digits, with
 * leading zeros if they like, and a `-` makes one that is outside every range.
 * @param path "" or begins with a slash; not kept, but pointed into.
 * @return APR_SUCCESS, or APR_EINVAL for a path of another shape. */
apr_status_t glance_path_parse(glance_path_t *parts, const char *path);

/** The first part of a path, whatever the rest is like: the cluster that is meant.
 * @param length receives its length, 0 if there is none.
 * @return where it begins; it is not terminated. */
const char *glance_path_cluster(const char *path, apr_size_t *length);

#endif
