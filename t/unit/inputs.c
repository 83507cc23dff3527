/* inputs.c: small texts that admins write: times, passphrases; and how often something is logged.
 *
 * SPDX-License-Identifier: ISC
 */
#include "apr_strings.h"

#include "core/duration.h"
#include "core/rate.h"
#include "core/secret.h"

#include "fixture.h"

#define HOUR apr_time_from_sec(3600)

static void test_durations(void)
{
    static const struct {
        const char *text;
        apr_interval_time_t time;
    } good[] = {
        {"30", apr_time_from_sec(30)},
        {"30s", apr_time_from_sec(30)},
        {"500ms", 500000},
        {"2min", apr_time_from_sec(120)},
        {"1h", HOUR},
        {"0", 0},
        {"007", apr_time_from_sec(7)},
        {"3600", HOUR},
        {"3600000ms", HOUR},
    };
    static const char *const bad[] = {"",    "s",   "-1",   "+1",  "1.5", "30sheep", "30 s",
                                      " 30", "30 ", "0x10", "1e3", "1H",  "1d"};
    static const char *const long_ones[] =
        {"3601", "3600001ms", "61min", "2h", "99999999999999999999", "18446744073709551616ms"};
    apr_interval_time_t time;
    apr_size_t i;

    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        ok(glance_duration_parse(&time, good[i].text, HOUR) == APR_SUCCESS && time == good[i].time,
           "a time: %s", good[i].text);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ok(glance_duration_parse(&time, bad[i], HOUR) == APR_EINVAL, "no time: '%s'", bad[i]);
    }
    for (i = 0; i < sizeof long_ones / sizeof long_ones[0]; i++) {
        ok(glance_duration_parse(&time, long_ones[i], HOUR) == APR_ENOSPC, "too long a time: %s",
           long_ones[i]);
    }
}

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
       "1:a", "a mark at the beginning");
    is(secrets_of(pool, "a\n\xef\xbb\xbf"
                        "b"),
       "1:a|2:\xef\xbb\xbf"
       "b",
       "nowhere else");
    ok(!glance_secret_fault("correct horse"), "blanks inside are fine");
    ok(!glance_secret_fault("schl\xc3\xbcssel"), "so is UTF-8");
    ok(glance_secret_fault("") != NULL, "nothing is no secret");
    ok(glance_secret_fault(" a") != NULL, "nor what begins with a blank");
    ok(glance_secret_fault("a ") != NULL, "or ends with one");
    ok(glance_secret_fault("a\x01") != NULL, "or has a control character");
    ok(glance_secret_fault("a\x7f"
                           "b")
           != NULL,
       "of any kind");
}

static void test_rate(void)
{
    glance_rate_t rate = {.span = SECOND, .most = 2};
    apr_uint32_t withheld = 9;
    int i;

    ok(glance_rate_pass(&rate, SECOND, &withheld) && withheld == 0, "the first line passes");
    ok(glance_rate_pass(&rate, SECOND, &withheld), "so does the second one");
    for (i = 0; i < 5; i++) {
        ok(!glance_rate_pass(&rate, 2 * SECOND - 1, &withheld), "the others are held back");
    }
    ok(glance_rate_pass(&rate, 2 * SECOND, &withheld), "until the time is over");
    is_number(withheld, 5, "then they are told of");
    ok(glance_rate_pass(&rate, 2 * SECOND, &withheld) && withheld == 0, "once");
    ok(!glance_rate_pass(&rate, 2 * SECOND, &withheld), "and so on");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_durations();
    test_secrets(pool);
    test_rate();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
