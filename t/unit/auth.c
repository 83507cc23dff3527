/* auth.c: the passphrase in the Authorization header.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/auth.h"

#include "tap.h"

static void add(apr_array_header_t *keys, const char *secret, const char *cluster)
{
    glance_key_t *key = apr_array_push(keys);

    key->secret = secret;
    key->cluster = cluster;
}

static int allows(const char *header, const apr_array_header_t *keys)
{
    return glance_auth_allows(header, keys, "main", 4);
}

static void test_clusters(apr_pool_t *pool)
{
    apr_array_header_t *keys = apr_array_make(pool, 4, sizeof(glance_key_t));

    add(keys, "all", NULL);
    add(keys, "patron one", "patron");
    add(keys, "patron two", "patron");
    add(keys, "shared", "patron");
    add(keys, "shared", "main");
    ok(glance_auth_allows("all", keys, "main", 4), "a key to all opens one cluster");
    ok(glance_auth_allows("all", keys, "patron", 6), "and the other");
    ok(glance_auth_allows("all", keys, "", 0), "and what is no cluster");
    ok(glance_auth_allows("patron two", keys, "patron/0/3", 6), "a cluster's own key opens it");
    ok(glance_auth_allows("Bearer patron one", keys, "patron", 6), "in any form");
    ok(!glance_auth_allows("patron one", keys, "main", 4), "but not another one");
    ok(!glance_auth_allows("patron one", keys, "patro", 5), "nor one with a shorter name");
    ok(!glance_auth_allows("patron one", keys, "patrons", 7), "nor a longer one");
    ok(!glance_auth_allows("patron one", keys, "", 0), "nor what is no cluster");
    ok(glance_auth_allows("shared", keys, "main", 4), "two clusters may have the same key");
    ok(glance_auth_allows("shared", keys, "patron", 6), "in any order");
    ok(!glance_auth_allows("shared", keys, "third", 5), "which does not open a third one");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_array_header_t *two = apr_array_make(pool, 2, sizeof(glance_key_t));

    add(two, "correct horse", NULL);
    add(two, "next", NULL);

    ok(allows(NULL, NULL), "without passphrases, all may write");
    ok(allows("anything", NULL), "whatever they send");
    ok(!allows(NULL, two), "with one, nobody may without");
    ok(!allows("", two), "nor with an empty one");
    ok(allows("correct horse", two), "the secret as it is");
    ok(allows("Bearer correct horse", two), "as a Bearer token");
    ok(allows("bearer  correct horse", two), "schemes have no case, blanks may be many");
    ok(allows("next", two), "any of the secrets");
    ok(!allows("correct hors", two), "not a part of it");
    ok(!allows("correct horse ", two), "not with more");
    ok(!allows("correct horsecorrect horse", two), "not twice");
    ok(!allows("Correct horse", two), "not in another case");
    ok(!allows("Bearer", two), "not the scheme alone");
    ok(!allows("Bearer ", two), "nor with a blank");
    ok(!allows("Basic correct horse", two), "not in another scheme");
    ok(!allows("Bearer Bearer next", two), "not the scheme twice");
    test_clusters(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
