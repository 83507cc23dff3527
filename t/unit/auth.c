/* auth.c: the passphrase in the Authorization header.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_auth.h"

#include "tap.h"

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_array_header_t *two = apr_array_make(pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(two, const char *) = "correct horse";
    APR_ARRAY_PUSH(two, const char *) = "next";

    ok(glance_auth_allows(NULL, NULL), "without passphrases, all may write");
    ok(glance_auth_allows("anything", NULL), "whatever they send");
    ok(!glance_auth_allows(NULL, two), "with one, nobody may without");
    ok(!glance_auth_allows("", two), "nor with an empty one");
    ok(glance_auth_allows("correct horse", two), "the secret as it is");
    ok(glance_auth_allows("Bearer correct horse", two), "as a Bearer token");
    ok(glance_auth_allows("bearer  correct horse", two),
       "schemes have no case, blanks may be many");
    ok(glance_auth_allows("next", two), "any of the secrets");
    ok(!glance_auth_allows("correct hors", two), "not a part of it");
    ok(!glance_auth_allows("correct horse ", two), "not with more");
    ok(!glance_auth_allows("correct horsecorrect horse", two), "not twice");
    ok(!glance_auth_allows("Correct horse", two), "not in another case");
    ok(!glance_auth_allows("Bearer", two), "not the scheme alone");
    ok(!glance_auth_allows("Bearer ", two), "nor with a blank");
    ok(!glance_auth_allows("Basic correct horse", two), "not in another scheme");
    ok(!glance_auth_allows("Bearer Bearer next", two), "not the scheme twice");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
