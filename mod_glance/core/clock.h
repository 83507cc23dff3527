/* clock.h: the monotonic clock, which no one can set.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_CLOCK_H
#define GLANCE_CORE_CLOCK_H

#include "apr.h"

/** A moment on the monotonic clock, in microseconds: ages must not follow steps of the wall clock.
 */
typedef apr_int64_t glance_moment_t;

/** Later than every moment: what will never be due. */
#define GLANCE_NO_MOMENT APR_INT64_MAX

/** Now. All processes of one boot read the same clock, so moments may be kept in shared memory.
 * Whoever reads one there counts with the two functions below, since it may be any number. */
glance_moment_t glance_clock_now(void);

/** Microseconds from @a since to @a now, but at least 0: what lies in shared memory may be a little
 * newer than `now`, which is read before the lock is had. At most APR_INT64_MAX. */
apr_int64_t glance_clock_age(glance_moment_t since, glance_moment_t now);

/** The moment @a span microseconds, 0 or more, after @a moment; at most GLANCE_NO_MOMENT. */
glance_moment_t glance_clock_after(glance_moment_t moment, apr_int64_t span);

#endif
