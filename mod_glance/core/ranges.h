/* ranges.h: ascending shard ids written as ranges, `0-15,40`.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_RANGES_H
#define GLANCE_CORE_RANGES_H

#include "core/buffer.h"

/** Ranges on their way into a text. */
typedef struct {
    glance_buffer_t *buffer;
    const char *separator; /* between two ranges */
    apr_uint32_t first;    /* the range not yet written, if open */
    apr_uint32_t last;
    int open;
    int written; /* how many ranges stand in the text */
} glance_ranges_t;

/** Begins to write ranges to the end of @a buffer, which must outlive them. */
void glance_ranges_begin(glance_ranges_t *ranges, glance_buffer_t *buffer, const char *separator);

/** Adds an id that is larger than all before it. */
void glance_ranges_add(glance_ranges_t *ranges, apr_uint32_t id);

/** Writes what is left. */
void glance_ranges_end(glance_ranges_t *ranges);

#endif
