/* sse.c: the framing of Server-Sent Events.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/sse.h"

#include "fixture.h"

static glance_buffer_t *text_of(const char *string)
{
    glance_buffer_t *text = glance_buffer_make(0);

    glance_buffer_puts(text, string);
    return text;
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    glance_place_t id = {0xabcdef, 17};
    glance_buffer_t *retry = glance_buffer_make(0);
    glance_buffer_t *event = glance_buffer_make(0);
    glance_buffer_t *json = text_of("{}");

    glance_sse_put_event(event, "update", id, json);
    is(string_of(pool, event), "id: 0000000000abcdef-17\nevent: update\ndata: {}\n\n", "an event");
    glance_sse_put_retry(retry, 3000);
    is(string_of(pool, retry), "retry: 3000\n\n", "a retry");

    glance_buffer_release(json);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
