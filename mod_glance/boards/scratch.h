/* scratch.h: pools of the parent whose memory goes back to the system.
 *
 * What the parent keeps, every child inherits. Other pools keep freed memory for the next pool.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_SCRATCH_H
#define GLANCE_BOARDS_SCRATCH_H

#include "httpd_private.h"

/** A pool for a large piece of work. @param tag names it; a literal. */
apr_pool_t *glance_scratch_begin(const char *tag);

/** Destroys the pool. */
void glance_scratch_end(apr_pool_t *pool);

#endif
