/* process.h: what live/ keeps in one process, beside the hub (hub.c) and mod_ssl's functions
 * (tls.c).
 *
 * Only files of this folder use it.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_PROCESS_H
#define GLANCE_LIVE_PROCESS_H

#include "live/connection.h"

/** Which numbers the descriptors of viewers have: those from `first` to the limit minus
 * `reserve`. */
typedef struct {
    apr_uint32_t first;
    apr_uint32_t reserve;
} glance_process_descriptors_t;

typedef struct {
    glance_process_descriptors_t descriptors;
    apr_uint32_t held[GLANCE_CONNECTION_KINDS]; /* viewers; atomic */
    apr_uint64_t polled; /* the current second and, in the lower half, its polled answers; atomic */
} glance_live_process_t;

extern glance_live_process_t glance_live_process;

#endif
