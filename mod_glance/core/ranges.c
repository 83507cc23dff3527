/* ranges.c: ascending shard ids written as ranges.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/ranges.h"

void glance_ranges_begin(glance_ranges_t *ranges, glance_buffer_t *buffer, const char *separator)
{
    ranges->buffer = buffer;
    ranges->separator = separator;
    ranges->first = 0;
    ranges->last = 0;
    ranges->open = 0;
    ranges->written = 0;
}

void glance_ranges_add(glance_ranges_t *ranges, apr_uint32_t id)
{
    if (ranges->open && id == ranges->last + 1) {
        ranges->last = id;
        return;
    }
    glance_ranges_end(ranges);
    ranges->first = id;
    ranges->last = id;
    ranges->open = 1;
}

void glance_ranges_end(glance_ranges_t *ranges)
{
    if (!ranges->open) {
        return;
    }
    if (ranges->written++) {
        glance_buffer_puts(ranges->buffer, ranges->separator);
    }
    glance_buffer_put_number(ranges->buffer, ranges->first);
    if (ranges->last > ranges->first) {
        glance_buffer_put(ranges->buffer, "-", 1);
        glance_buffer_put_number(ranges->buffer, ranges->last);
    }
    ranges->open = 0;
}
