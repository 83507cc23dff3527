/* auth.h: who may write: the passphrase in the Authorization header.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_AUTH_H
#define GLANCE_CORE_AUTH_H

#include "apr_tables.h"

/** A passphrase, and what it opens. */
typedef struct {
    const char *secret;
    const char *cluster; /* NULL: all of them */
} glance_key_t;

/** Whether an Authorization header holds a passphrase, raw or after "Bearer ", that lets its sender
 * write the cluster. Takes a time that depends on what was presented, but not on how much of
 * a passphrase was guessed, nor on which one fits.
 * @param header NULL if the request has none.
 * @param keys (of glance_key_t) NULL if there is no check.
 * @param cluster need not be terminated, nor exist. */
int glance_auth_allows(const char *header, const apr_array_header_t *keys, const char *cluster,
                       apr_size_t length);

/** Whether a key opens the cluster of that name. */
int glance_auth_opens(const glance_key_t *key, const char *cluster, apr_size_t length);

#endif
