/* auth.h: who may write: the passphrase in the Authorization header.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_AUTH_H
#define GLANCE_CORE_AUTH_H

#include "apr_tables.h"

/** A passphrase and the clusters that it opens. */
typedef struct {
    const char *secret;
    const char *cluster; /* NULL: all of them */
} glance_key_t;

/** Whether an Authorization header holds a passphrase, raw or after "Bearer ", that opens the
 * cluster. The time it takes depends on the header, but not on how much of a passphrase it has
 * right, nor on which passphrase it has.
 * @param header NULL if the request has none.
 * @param keys (of glance_key_t) NULL if there is no check.
 * @param cluster need not be terminated, nor exist. */
int glance_auth_allows(const char *header, const apr_array_header_t *keys, const char *cluster,
                       apr_size_t length);

/** Whether a key opens the cluster of that name. */
int glance_auth_opens(const glance_key_t *key, const char *cluster, apr_size_t length);

#endif
