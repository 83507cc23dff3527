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

static void test_encodings(apr_pool_t *pool)
{
    const char *latin1 = glance_secret_latin1("schl\xc3\xbcssel \xc2\xa7", pool);

    ok(glance_secret_is_ascii("correct horse~"), "ASCII");
    ok(!glance_secret_is_ascii("schl\xc3\xbcssel"), "an umlaut is not ASCII");
    is(latin1, "schl\xfcssel \xa7", "an umlaut and a paragraph sign in ISO 8859-1");
    ok(!glance_secret_latin1("correct horse", pool), "ASCII has no other form");
    ok(!glance_secret_latin1("\xe2\x82\xac", pool), "a euro sign has none");
    ok(!glance_secret_latin1("\xc3\xbc \xc4\x8d", pool), "nor has a caron, behind an umlaut");
    ok(!glance_secret_latin1("schl\xfcssel", pool), "nor what is no UTF-8");
    ok(!glance_secret_latin1("x\xc3", pool), "nor a character cut short");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_secrets(pool);
    test_encodings(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
