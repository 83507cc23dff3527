/* text.c: texts and ranges.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/ranges.h"

#include "fixture.h"

static const char *ranges_of(apr_pool_t *pool, const apr_uint32_t *ids, int count)
{
    glance_text_t *text = glance_text_make(0);
    glance_ranges_t ranges;
    int i;

    glance_ranges_begin(&ranges, text, ",");
    for (i = 0; i < count; i++) {
        glance_ranges_add(&ranges, ids[i]);
    }
    glance_ranges_end(&ranges);
    return string_of(pool, glance_text_finish(text));
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    glance_text_t *text = glance_text_make(0);
    apr_uint32_t ids[] = {0, 1, 2, 15, 40, 41};
    char block[1000];
    int i;

    glance_text_puts(text, "a");
    glance_text_put(text, "bcd", 2);
    glance_text_put_number(text, 0);
    glance_text_put_number(text, APR_UINT64_MAX);
    is(string_of(pool, glance_text_finish(text)), "abc018446744073709551615",
       "a text is what was put");

    text = glance_text_make(10);
    memset(block, 'x', sizeof block);
    for (i = 0; i < 1000; i++) {
        glance_text_put(text, block, sizeof block);
    }
    is_number((long long)text->length, 1000000, "a text grows");
    glance_text_keep(text);
    glance_text_release(text);
    ok(text->data[999999] == 'x', "and lives while it is kept");
    text->failed = 1;
    ok(!glance_text_finish(text), "a text that is not whole is none");
    ok(!glance_text_finish(NULL), "nor is none");

    is(ranges_of(pool, ids, 0), "", "no ids are no ranges");
    is(ranges_of(pool, ids, 1), "0", "one id");
    is(ranges_of(pool, ids, 2), "0-1", "two in a row");
    is(ranges_of(pool, ids, 6), "0-2,15,40-41", "all kinds");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
