/* rate.h: limits how many lines a cause can write to the log.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_RATE_H
#define GLANCE_CORE_RATE_H

#include "core/clock.h"

/** Lets a number of lines pass in each span of time, and counts the others. Initialise the first
 * two members. Threads may share it without a lock: if several begin a span at the same moment, it
 * may let a line more or less pass. */
typedef struct {
    apr_int64_t span; /* microseconds */
    apr_uint32_t most;
    apr_uint32_t passed;   /* in this span */
    apr_uint32_t withheld; /* since the last line that passed */
    glance_moment_t began; /* this span */
} glance_rate_t;

/** Whether a line may be logged now.
 * @param withheld receives, if so, how many lines were withheld since the last one that passed. */
int glance_rate_pass(glance_rate_t *rate, glance_moment_t now, apr_uint32_t *withheld);

#endif
