/* auth.c: who may write.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/auth.h"

#include <string.h>
#include <strings.h>

#define SCHEME "Bearer "

/* The time it takes depends on the length of @a presented only. */
static unsigned equal(const char *presented, const char *secret)
{
    apr_size_t presented_length = strlen(presented);
    apr_size_t secret_length = strlen(secret);
    volatile unsigned difference = presented_length != secret_length;
    apr_size_t i;
    apr_size_t at = 0;

    for (i = 0; i < presented_length; i++) {
        difference |= (unsigned char)presented[i] ^ (unsigned char)secret[at];
        at = at + 1 < secret_length ? at + 1 : 0;
    }
    return difference == 0;
}

int glance_auth_opens(const glance_key_t *key, const char *cluster, apr_size_t length)
{
    return !key->cluster
           || (strlen(key->cluster) == length && !memcmp(key->cluster, cluster, length));
}

/* The part after the scheme, or NULL if there is no such scheme. */
static const char *token_of(const char *header)
{
    if (strncasecmp(header, SCHEME, sizeof SCHEME - 1) != 0) {
        return NULL;
    }
    header += sizeof SCHEME - 1;
    return header + strspn(header, " ");
}

int glance_auth_allows(const char *header, const apr_array_header_t *keys, const char *cluster,
                       apr_size_t length)
{
    const char *token;
    unsigned allowed = 0;
    int i;

    if (!keys) {
        return 1;
    }
    if (!header) {
        return 0;
    }
    token = token_of(header);
    /* Compares with all keys: the time must not tell which one fits. */
    for (i = 0; i < keys->nelts; i++) {
        const glance_key_t *key = &APR_ARRAY_IDX(keys, i, glance_key_t);
        unsigned fits = equal(header, key->secret);

        if (token) {
            fits |= equal(token, key->secret);
        }
        allowed |= fits & (unsigned)glance_auth_opens(key, cluster, length);
    }
    return allowed != 0;
}
