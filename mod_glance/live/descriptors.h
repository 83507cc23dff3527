/* descriptors.h: which of a child's descriptors viewers may use.
 *
 * httpd must never run out of descriptors: a child that cannot accept a connection for lack of one
 * exits as "sick", and the parent exits too if no other child is active.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_DESCRIPTORS_H
#define GLANCE_LIVE_DESCRIPTORS_H

#include "httpd_private.h"

/** Works out how many descriptors viewers may use: the limit minus those that are open now, those
 * that the MPM and its proxies may open, and a reserve. Called in each child and, for the warnings
 * of glance_limits_check(), on the post_config hook.
 * @return how many. */
apr_uint32_t glance_descriptors_plan(void);

/** The current RLIMIT_NOFILE. */
apr_uint32_t glance_descriptors_limit(void);

/** Duplicates a viewer's socket. The copy gets a number above those that are kept for httpd.
 * @return APR_SUCCESS; APR_EMFILE if too few descriptors would be left; the system's error. */
apr_status_t glance_descriptors_dup(int *copy, int descriptor);

/** Whether descriptors run short, judged by @a descriptor, which httpd has just opened. The system
 * assigns the lowest free number, so a number near the limit means that all lower ones are used. */
int glance_descriptors_are_short(int descriptor);

/** How many viewers this child may hold with the descriptors that are free now. @a held is the
 * number of viewers that it holds. If the result is less, some must leave: the limit was lowered,
 * or httpd or another module has used more descriptors than planned. */
apr_uint32_t glance_descriptors_room(apr_uint32_t held);

#endif
