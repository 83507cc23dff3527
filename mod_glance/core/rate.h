/* rate.h: how often something may be said, whoever makes it happen.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_RATE_H
#define GLANCE_CORE_RATE_H

#include "core/clock.h"

/** Lets so many lines pass in each span of time, and counts the others. Initialise the first two
 * members; any number of threads may use it. */
typedef struct {
    apr_int64_t span; /* microseconds */
    apr_uint32_t most;
    apr_uint32_t passed;   /* in this span */
    apr_uint32_t withheld; /* not told of yet */
    glance_moment_t began; /* this span */
} glance_rate_t;

/** Asks for leave to say something.
 * @param withheld receives how often leave was refused before, to be told with it.
 * @return whether it is given. */
int glance_rate_pass(glance_rate_t *rate, glance_moment_t now, apr_uint32_t *withheld);

#endif
