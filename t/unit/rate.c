/* rate.c: how many lines pass in a span of time.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/rate.h"

#include "fixture.h"

static void test_rate(void)
{
    glance_rate_t rate = {.span = SECOND, .most = 2};
    apr_uint32_t withheld = 9;
    int i;

    ok(glance_rate_pass(&rate, SECOND, &withheld) && withheld == 0, "the first line passes");
    ok(glance_rate_pass(&rate, SECOND, &withheld), "the second line passes");
    for (i = 0; i < 5; i++) {
        ok(!glance_rate_pass(&rate, 2 * SECOND - 1, &withheld), "the others are withheld");
    }
    ok(glance_rate_pass(&rate, 2 * SECOND, &withheld), "after the span, a line passes");
    is_number(withheld, 5, "and receives the number of the others");
    ok(glance_rate_pass(&rate, 2 * SECOND, &withheld) && withheld == 0, "once");
    ok(!glance_rate_pass(&rate, 2 * SECOND, &withheld), "then lines are withheld again");
}

int main(void)
{
    test_rate();
    return done_testing();
}
