/* duration.c: times as directives have them.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/duration.h"

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
           "valid: %s", good[i].text);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ok(glance_duration_parse(&time, bad[i], HOUR) == APR_EINVAL, "invalid: '%s'", bad[i]);
    }
    for (i = 0; i < sizeof long_ones / sizeof long_ones[0]; i++) {
        ok(glance_duration_parse(&time, long_ones[i], HOUR) == APR_ENOSPC, "too long: %s",
           long_ones[i]);
    }
}

int main(void)
{
    test_durations();
    return done_testing();
}
