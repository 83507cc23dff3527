/* descriptors.h: which of a child's descriptors viewers may take, so that httpd never lacks
 * one: a child that cannot accept for want of descriptors ends as "sick", and the parent with it.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_DESCRIPTORS_H
#define GLANCE_LIVE_DESCRIPTORS_H

#include "httpd_private.h"

/** Works out how many descriptors viewers may take: what the limit leaves when everything is
 * counted that is open now and that the MPM and its proxies may open. On the post_config hook, for
 * what is logged there, and in each child.
 * @return how many. */
apr_uint32_t glance_descriptors_plan(void);

/** RLIMIT_NOFILE as it is now. */
apr_uint32_t glance_descriptors_limit(void);

/** Duplicates a viewer's socket, to a number above those that httpd uses: they stay free for it.
 * @return APR_SUCCESS; APR_EMFILE if httpd would lack descriptors; the system's error. */
apr_status_t glance_descriptors_dup(int *copy, int descriptor);

/** Whether a descriptor of httpd's own shows that these run short. It gets the lowest number that
 * is free: at the upper end of the limit, all others are taken. */
int glance_descriptors_are_short(int descriptor);

/** How many viewers this child may hold as it is now, as far as descriptors go. Less than @a held,
 * the number that it has, means that some must go: the limit has fallen, or something else has
 * taken what the plan had left. */
apr_uint32_t glance_descriptors_room(apr_uint32_t held);

#endif
