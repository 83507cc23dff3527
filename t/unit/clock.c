/* clock.c: arithmetic with moments, valid or not.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/clock.h"

#include "tap.h"

int main(void)
{
    glance_moment_t now = glance_clock_now();

    ok(now > 0 && glance_clock_now() >= now, "the clock goes on");
    is_number(glance_clock_age(40, 100), 60, "an age is the time since");
    is_number(glance_clock_age(100, 100), 0, "just now");
    is_number(glance_clock_age(101, 100), 0, "and never less than nothing");
    is_number(glance_clock_age(APR_INT64_MAX, 100), 0, "the last moment is to come");
    is_number(glance_clock_age(APR_INT64_MIN, 100), APR_INT64_MAX, "the first was long ago");
    is_number(glance_clock_age(APR_INT64_MIN, -1), APR_INT64_MAX, "as long as can be counted");
    is_number(glance_clock_after(40, 60), 100, "a moment after another");
    is_number(glance_clock_after(APR_INT64_MAX - 1, 1), GLANCE_NO_MOMENT, "the last one");
    is_number(glance_clock_after(APR_INT64_MAX, 60), GLANCE_NO_MOMENT, "and none after that");
    is_number(glance_clock_after(APR_INT64_MIN, 60), APR_INT64_MIN + 60, "one after the first");
    return done_testing();
}
