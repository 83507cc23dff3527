/* ranges.c: ascending shard ids written as ranges.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/ranges.h"

void glance_ranges_begin(glance_ranges_t *ranges, glance_text_t *text, const char *separator)
{
    ranges->text = text;
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
        glance_text_puts(ranges->text, ranges->separator);
    }
    glance_text_put_number(ranges->text, ranges->first);
    if (ranges->last > ranges->first) {
        glance_text_put(ranges->text, "-", 1);
        glance_text_put_number(ranges->text, ranges->last);
    }
    ranges->open = 0;
}
