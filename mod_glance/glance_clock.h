/* glance_clock.h: the monotonic clock, which no one can set.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CLOCK_H
#define GLANCE_CLOCK_H

#include "glance_shard.h"

/** Now. All processes of one boot read the same clock, so moments may be kept in shared memory. */
glance_moment_t glance_clock_now(void);

#endif
