/* clusters.c: the list of clusters an admin declares.
 *
 * SPDX-License-Identifier: ISC
 */
#include "fixture.h"

static const char *fault_of(apr_pool_t *pool, const char *list)
{
    return glance_clusters_add(apr_array_make(pool, 1, sizeof(glance_cluster_t)), list, pool);
}

/* A list is refused with a sentence that holds this. */
static void refuses(apr_pool_t *pool, const char *list, const char *reason)
{
    const char *fault = fault_of(pool, list);

    if (!ok(fault && strstr(fault, reason), "refuses '%s': %s", list, reason)) {
        printf("# got: %s\n", fault ? fault : "(nothing)");
    }
}

static void accepts(apr_pool_t *pool, const char *list, int count)
{
    apr_array_header_t *clusters = apr_array_make(pool, 1, sizeof(glance_cluster_t));
    const char *fault = glance_clusters_add(clusters, list, pool);

    if (!ok(!fault && clusters->nelts == count, "accepts '%s' as %d", list, count)) {
        printf("# got: %s\n", fault ? fault : "another number of clusters");
    }
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_array_header_t *clusters = clusters_of(pool, " main:360 ;my bot:1;");
    char name64[80];

    is(APR_ARRAY_IDX(clusters, 0, glance_cluster_t).name, "main",
       "blanks around a part are dropped");
    is_number(APR_ARRAY_IDX(clusters, 0, glance_cluster_t).shards, 360, "the number is read");
    is(APR_ARRAY_IDX(clusters, 1, glance_cluster_t).name, "my bot", "blanks in a name are kept");

    accepts(pool, "", 0);
    accepts(pool, ";;", 0);
    accepts(pool, "a:1;b:1000000", 2);
    accepts(pool, "b\xc3\xa4r:3", 1);
    accepts(pool, "\xf0\x9f\xa4\x96:3", 1);
    accepts(pool, "a:007", 1);
    accepts(pool, "...:1", 1);
    memset(name64, 'n', 64);
    strcpy(name64 + 64, ":1");
    accepts(pool, name64, 1);
    strcpy(name64 + 64, "n:1");
    refuses(pool, name64, "more than 64 bytes");

    refuses(pool, "main", "is not name:shards");
    refuses(pool, "${GLANCE_BOTS}", "is not name:shards");
    refuses(pool, "main:", "number of shards from 1 to 1000000");
    refuses(pool, "main:0", "number of shards from 1 to 1000000");
    refuses(pool, "main:-1", "number of shards from 1 to 1000000");
    refuses(pool, "main:+1", "number of shards from 1 to 1000000");
    refuses(pool, "main:1e3", "number of shards from 1 to 1000000");
    refuses(pool, "main:0x10", "number of shards from 1 to 1000000");
    refuses(pool, "main: 6", "number of shards from 1 to 1000000");
    refuses(pool, "main:1000001", "number of shards from 1 to 1000000");
    refuses(pool, "main:4294967297", "number of shards from 1 to 1000000");
    refuses(pool, "main:99999999999999999999", "number of shards from 1 to 1000000");
    refuses(pool, ":5", "has no name");
    refuses(pool, "a/b:5", "slash");
    refuses(pool, "a:b:5", "two colons");
    refuses(pool, "main:60 patron:6", "blanks outside quotes");
    refuses(pool, "main :6", "begins or ends with a blank");
    refuses(pool, "main\xe2\x80\x8b:6", "invisible character");
    refuses(pool,
            "a\xe2\x80\xae"
            "b:6",
            "invisible character");
    refuses(pool, "\xef\xbb\xbfmain:6", "invisible character");
    refuses(pool, ".:5", "means a folder");
    refuses(pool, "..:5", "means a folder");
    refuses(pool, "a\tb:5", "control character");
    refuses(pool,
            "a\x7f"
            "b:5",
            "control character");
    refuses(pool,
            "a\xc2\x85"
            "b:5",
            "control character");
    refuses(pool, "a\xff:5", "not UTF-8");
    refuses(pool, "a\xed\xa0\x80:5", "not UTF-8");
    refuses(pool, "a:1;a:2", "named twice");

    ok(glance_clusters_equal(clusters_of(pool, "a:1;b:2"), clusters_of(pool, "a:1;b:2")),
       "equal lists");
    ok(!glance_clusters_equal(clusters_of(pool, "a:1;b:2"), clusters_of(pool, "b:2;a:1")),
       "order counts");
    ok(!glance_clusters_equal(clusters_of(pool, "a:1"), clusters_of(pool, "a:1;b:2")),
       "length counts");
    ok(!glance_clusters_equal(clusters_of(pool, "a:1"), clusters_of(pool, "a:2")), "shards count");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
