/* buffer.c: buffers and ranges.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/ranges.h"

#include "fixture.h"

static const char *ranges_of(apr_pool_t *pool, const apr_uint32_t *ids, int count)
{
    glance_buffer_t *buffer = glance_buffer_make(0);
    glance_ranges_t ranges;
    int i;

    glance_ranges_begin(&ranges, buffer, ",");
    for (i = 0; i < count; i++) {
        glance_ranges_add(&ranges, ids[i]);
    }
    glance_ranges_end(&ranges);
    return string_of(pool, glance_buffer_finish(buffer));
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    glance_buffer_t *buffer = glance_buffer_make(0);
    apr_uint32_t ids[] = {0, 1, 2, 15, 40, 41};
    char block[1000];
    int i;

    glance_buffer_puts(buffer, "a");
    glance_buffer_put(buffer, "bcd", 2);
    glance_buffer_put_number(buffer, 0);
    glance_buffer_put_number(buffer, APR_UINT64_MAX);
    is(string_of(pool, glance_buffer_finish(buffer)), "abc018446744073709551615",
       "a buffer has what was put into it");

    buffer = glance_buffer_make(10);
    memset(block, 'x', sizeof block);
    for (i = 0; i < 1000; i++) {
        glance_buffer_put(buffer, block, sizeof block);
    }
    is_number((long long)buffer->length, 1000000, "a text grows");
    glance_buffer_ref(buffer);
    glance_buffer_release(buffer);
    ok(buffer->data[999999] == 'x', "and lives while it is kept");
    buffer->failed = 1;
    ok(!glance_buffer_finish(buffer), "an incomplete buffer is not returned");
    ok(!glance_buffer_finish(NULL), "nor is none");

    is(ranges_of(pool, ids, 0), "", "no ids are no ranges");
    is(ranges_of(pool, ids, 1), "0", "one id");
    is(ranges_of(pool, ids, 2), "0-1", "two in a row");
    is(ranges_of(pool, ids, 6), "0-2,15,40-41", "all kinds");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
