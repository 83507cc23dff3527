/* event_id.c: the ids of events.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/event_id.h"

#include "fixture.h"

static void parses(const char *text, apr_uint64_t epoch, apr_uint64_t seq)
{
    glance_place_t id;

    ok(glance_event_id_parse(&id, text) && id.epoch == epoch && id.seq == seq, "'%s' is an id",
       text);
}

static void refuses(const char *text)
{
    glance_place_t id;

    ok(!glance_event_id_parse(&id, text), "'%s' is none", text);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    glance_place_t id = {0xabcdef, 17};
    glance_buffer_t *written = glance_buffer_make(0);

    glance_event_id_put(written, id);
    is(string_of(pool, written), "0000000000abcdef-17", "an id");
    glance_buffer_release(written);
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
