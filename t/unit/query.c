/* query.c: values of a query string.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/query.h"

#include "fixture.h"

static void test_queries(apr_pool_t *pool)
{
    is(glance_query_get(NULL, "a", pool), NULL, "no query");
    is(glance_query_get("", "a", pool), NULL, "an empty one");
    is(glance_query_get("a", "a", pool), NULL, "a name without a value");
    is(glance_query_get("a=", "a", pool), "", "an empty value");
    is(glance_query_get("a=1", "a", pool), "1", "a value");
    is(glance_query_get("b=2&a=1&a=3", "a", pool), "1", "the first one counts");
    is(glance_query_get("&&xa=2&a=1&", "a", pool), "1", "names are compared as a whole");
    is(glance_query_get("ab=2", "a", pool), NULL, "and not their beginning");
    is(glance_query_get("b=a=1", "a", pool), NULL, "a name inside a value is none");
    is(glance_query_get("a=%41+b%26c", "a", pool), "A b&c", "values are decoded");
    is(glance_query_get("a=x%", "a", pool), "", "a value that cannot be decoded is empty");
    is(glance_query_get("a=%zz", "a", pool), "", "the same with wrong digits");
    is(glance_query_get("a=x%00y", "a", pool), "", "the same with a NUL");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_queries(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
