/* glance_auth.c: who may write.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_auth.h"

#include <string.h>
#include <strings.h>

#define SCHEME "Bearer "

/* Takes a time that depends on the length of what was presented only. */
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

int glance_auth_allows(const char *header, const apr_array_header_t *passphrases)
{
    const char *token = NULL;
    unsigned allowed = 0;
    int i;

    if (!passphrases) {
        return 1;
    }
    if (!header) {
        return 0;
    }
    if (!strncasecmp(header, SCHEME, sizeof SCHEME - 1)) {
        token = header + sizeof SCHEME - 1;
        token += strspn(token, " ");
    }
    /* All of them, whichever fits: the time must not tell which one it was. */
    for (i = 0; i < passphrases->nelts; i++) {
        const char *secret = APR_ARRAY_IDX(passphrases, i, const char *);

        allowed |= equal(header, secret);
        allowed |= token ? equal(token, secret) : 0;
    }
    return allowed != 0;
}
