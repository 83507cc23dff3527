/* duration.h: times as directives have them: 30, 30s, 500ms, 2min, 1h.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_DURATION_H
#define GLANCE_CORE_DURATION_H

#include "apr_errno.h"
#include "apr_time.h"

/** Reads a time, in seconds if it has no unit.
 * @param most the longest one that is accepted.
 * @return APR_SUCCESS; APR_EINVAL for an invalid text; APR_ENOSPC if the time is longer. */
apr_status_t glance_duration_parse(apr_interval_time_t *time, const char *text,
                                   apr_interval_time_t most);

#endif
