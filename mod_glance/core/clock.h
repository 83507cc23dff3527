/* clock.h: the monotonic clock, which nobody can set.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_CLOCK_H
#define GLANCE_CORE_CLOCK_H

#include "apr.h"

/** A moment on the monotonic clock, in microseconds. Ages must not change when the wall clock is
 * set.
 */
typedef apr_int64_t glance_moment_t;

/** Later than every moment: never due. */
#define GLANCE_NO_MOMENT APR_INT64_MAX

/** Now. All processes of one boot read the same clock, so shared memory may hold moments. Any
 * process can write any number there: compute with the two functions below, which cannot overflow.
 */
glance_moment_t glance_clock_now(void);

/** Microseconds from @a since to @a now, from 0 to APR_INT64_MAX. A moment in shared memory may be
 * a little newer than `now` if the clock was read before the lock was taken. */
apr_int64_t glance_clock_age(glance_moment_t since, glance_moment_t now);

/** The moment @a span microseconds, 0 or more, after @a moment; at most GLANCE_NO_MOMENT. */
glance_moment_t glance_clock_after(glance_moment_t moment, apr_int64_t span);

#endif
