/* ranges.h: ascending shard ids written as ranges, `0-15,40`.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_RANGES_H
#define GLANCE_CORE_RANGES_H

#include "core/buffer.h"

/** Ranges that are being written to a buffer. */
typedef struct {
    glance_buffer_t *buffer;
    const char *separator; /* between two ranges */
    apr_uint32_t first;    /* the range not yet written, if open */
    apr_uint32_t last;
    int open;
    int written; /* number of ranges in the buffer */
} glance_ranges_t;

/** Begins a list of ranges at the end of @a buffer, which must outlive it. */
void glance_ranges_begin(glance_ranges_t *ranges, glance_buffer_t *buffer, const char *separator);

/** Adds an id, larger than all earlier ones. */
void glance_ranges_add(glance_ranges_t *ranges, apr_uint32_t id);

/** Writes the last range. */
void glance_ranges_end(glance_ranges_t *ranges);

#endif
