/* tap.h: the few lines of TAP that a unit test needs.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apr_general.h"
#include "apr_pools.h"

static int tap_count;
static int tap_failed;

/* One test; the format names what must hold. */
__attribute__((format(printf, 2, 3))) static int ok(int passed, const char *format, ...)
{
    va_list arguments;

    printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout); /* or a child of fork() may print it again */
    tap_failed += !passed;
    return passed;
}

/* Two strings are equal; either may be NULL. */
__attribute__((unused)) static int is(const char *got, const char *want, const char *name)
{
    int equal = got && want ? !strcmp(got, want) : got == want;

    if (!ok(equal, "%s", name)) {
        printf("#  got: %s\n# want: %s\n", got ? got : "(null)", want ? want : "(null)");
    }
    return equal;
}

/* Two numbers are equal. */
__attribute__((unused)) static int is_number(long long got, long long want, const char *name)
{
    if (!ok(got == want, "%s", name)) {
        printf("#  got: %lld\n# want: %lld\n", got, want);
    }
    return got == want;
}

/* The plan, and the exit status. */
static int done_testing(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

/* A pool for the whole test. */
__attribute__((unused)) static apr_pool_t *tap_pool(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    return pool;
}

#endif
