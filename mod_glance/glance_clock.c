/* glance_clock.c: the monotonic clock.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_clock.h"

#include <time.h>

#include "apr_time.h"

glance_moment_t glance_clock_now(void)
{
    struct timespec now;

    /* Cannot fail: the clock exists wherever the event MPM's epoll does. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec((glance_moment_t)now.tv_sec) + now.tv_nsec / 1000;
}
