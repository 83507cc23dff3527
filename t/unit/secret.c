/* secret.c: passphrases and the files they are in.
 *
 * SPDX-License-Identifier: ISC
 */
#include "apr_strings.h"

#include "core/secret.h"

#include "fixture.h"

/* "line:secret|line:secret" */
static const char *secrets_of(apr_pool_t *pool, const char *text)
{
    char *rest = apr_pstrdup(pool, text);
    const char *all = "";
    char *secret;
    int line = 0;

    while ((secret = glance_secret_next(&rest, &line))) {
        all = apr_psprintf(pool, "%s%s%d:%s", all, *all ? "|" : "", line, secret);
    }
    return all;
}

static void test_secrets(apr_pool_t *pool)
{
    is(secrets_of(pool, ""), "", "an empty file");
    is(secrets_of(pool, "a"), "1:a", "a line without end");
    is(secrets_of(pool, "a\nb c\n"), "1:a|2:b c", "two lines");
    is(secrets_of(pool, "# a\n\n \t\n  # b\nc\n#"), "5:c", "comments and blank lines");
    is(secrets_of(pool, "a\r\n\r\nb\r\n"), "1:a|3:b", "lines that end with CRLF");
    is(secrets_of(pool, "\xef\xbb\xbf"
                        "a\n"),
       "1:a", "a byte order mark at the beginning");
    is(secrets_of(pool, "a\n\xef\xbb\xbf"
                        "b"),
       "1:a|2:\xef\xbb\xbf"
       "b",
       "but not elsewhere");
    ok(!glance_secret_fault("correct horse"), "blanks inside are valid");
    ok(!glance_secret_fault("schl\xc3\xbcssel"), "UTF-8 is valid");
    ok(glance_secret_fault("") != NULL, "empty is invalid");
    ok(glance_secret_fault(" a") != NULL, "a blank at the beginning is invalid");
    ok(glance_secret_fault("a ") != NULL, "a blank at the end is invalid");
    ok(glance_secret_fault("a\x01") != NULL, "a control character is invalid");
    ok(glance_secret_fault("a\x7f"
                           "b")
           != NULL,
       "DEL as well");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_secrets(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
