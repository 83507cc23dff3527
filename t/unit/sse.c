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

static void parses(const char *text, apr_uint64_t epoch, apr_uint64_t seq)
{
    glance_place_t id;

    ok(glance_sse_parse_id(&id, text) && id.epoch == epoch && id.seq == seq, "'%s' is an id", text);
}

static void refuses(const char *text)
{
    glance_place_t id;

    ok(!glance_sse_parse_id(&id, text), "'%s' is none", text);
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
    parses("0000000000abcdef-17", 0xabcdef, 17);
    parses("ffffffffffffffff-0", APR_UINT64_MAX, 0);
    parses("0000000000000000-18446744073709551600", 0, APR_UINT64_C(18446744073709551600));
    refuses("");
    refuses("-");
    refuses("0000000000abcdef");
    refuses("0000000000abcdef-");
    refuses("0000000000abcdef17");
    refuses("000000000abcdef-17");
    refuses("00000000000abcdef-17");
    refuses("0000000000ABCDEF-17");
    refuses("0000000000abcdeg-17");
    refuses("0000000000abcdef--1");
    refuses("0000000000abcdef-+1");
    refuses("0000000000abcdef-1 ");
    refuses(" 0000000000abcdef-1");
    refuses("0000000000abcdef-1, 0000000000abcdef-2");
    refuses("0000000000abcdef-99999999999999999999");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
