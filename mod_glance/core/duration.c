/* duration.c: times as directives have them.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/duration.h"

#include <string.h>

#include "apr_lib.h"

/* Microseconds of a unit, or 0 for any other word. */
static apr_interval_time_t unit_of(const char *word)
{
    static const struct {
        const char *word;
        apr_interval_time_t time;
    } units[] = {
        {"", APR_USEC_PER_SEC},         {"ms", 1000},
        {"s", APR_USEC_PER_SEC},        {"min", apr_time_from_sec(60)},
        {"h", apr_time_from_sec(3600)},
    };
    apr_size_t i;

    for (i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!strcmp(word, units[i].word)) {
            return units[i].time;
        }
    }
    return 0;
}

apr_status_t glance_duration_parse(apr_interval_time_t *time, const char *text,
                                   apr_interval_time_t most)
{
    apr_size_t digits = strspn(text, "0123456789");
    apr_interval_time_t unit = unit_of(text + digits);
    apr_interval_time_t count = 0;
    apr_size_t i;

    if (!digits || !unit) {
        return APR_EINVAL;
    }
    for (i = 0; i < digits; i++) {
        count = count * 10 + (text[i] - '0');
        if (count > most / unit) {
            return APR_ENOSPC;
        }
    }
    *time = count * unit;
    return APR_SUCCESS;
}
