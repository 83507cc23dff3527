/* clock.c: the monotonic clock.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/clock.h"

#include <time.h>

#include "apr_time.h"

glance_moment_t glance_clock_now(void)
{
    struct timespec now;

    /* Cannot fail: Linux has had this clock since before epoll. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec((glance_moment_t)now.tv_sec) + now.tv_nsec / 1000;
}

apr_int64_t glance_clock_age(glance_moment_t since, glance_moment_t now)
{
    apr_int64_t age;

    if (since >= now) {
        return 0;
    }
    return __builtin_sub_overflow(now, since, &age) ? APR_INT64_MAX : age;
}

glance_moment_t glance_clock_after(glance_moment_t moment, apr_int64_t span)
{
    glance_moment_t after;

    return __builtin_add_overflow(moment, span, &after) ? GLANCE_NO_MOMENT : after;
}
