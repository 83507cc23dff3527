/* query.c: the parameters of a query string.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/query.h"

#include <string.h>

#include "apr_escape.h"
#include "apr_strings.h"

static const char *decode(const char *value, apr_size_t length, apr_pool_t *pool)
{
    char *text = apr_pstrmemdup(pool, value, length);
    char *decoded = apr_palloc(pool, length + 1);

    switch (apr_unescape_url(decoded, text, APR_ESCAPE_STRING, NULL, NULL, 1, NULL)) {
    case APR_SUCCESS:
        return decoded;
    case APR_NOTFOUND: /* nothing was encoded */
        return text;
    default:
        return "";
    }
}

const char *glance_query_get(const char *query, const char *name, apr_pool_t *pool)
{
    apr_size_t length = strlen(name);
    const char *part;

    for (part = query; part; part = strchr(part, '&')) {
        part += *part == '&';
        if (!strncmp(part, name, length) && part[length] == '=') {
            const char *value = part + length + 1;

            return decode(value, strcspn(value, "&"), pool);
        }
    }
    return NULL;
}
