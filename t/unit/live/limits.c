/* limits.c: which viewers are dropped when descriptors or memory run short.
 *
 * SPDX-License-Identifier: ISC
 */
#include "fixture.h"

#define MIB ((apr_size_t)1 << 20)

static void report_all(apr_uint32_t shards)
{
    apr_uint32_t shard;

    for (shard = 0; shard < shards; shard++) {
        (void)report(store.board, shard, GLANCE_ONLINE, now);
    }
}

/* A feed that takes nothing, with a hello of its own. */
static void join_silent_feed(glance_broadcast_t *broadcast, glance_state_e state)
{
    (void)report(store.board, 0, state, now);
    (void)join(broadcast, GLANCE_FEED, new_client(0));
    now += 10 * SECOND; /* older hellos are not shared */
}

static void test_room(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    glance_limits_t limits;
    int i;

    glance_limits_init(&limits, &server, GLANCE_MAX_VIEWERS_AUTO, broadcast, 1);
    is_number(limits.most, 512, "auto: half of the descriptors");
    glance_limits_init(&limits, &server, 5000, broadcast, 1);
    is_number(limits.most, 1000, "a number: at most what descriptors allow");
    glance_limits_init(&limits, &server, 3, broadcast, 1);
    for (i = 0; i < 3; i++) {
        ok(glance_limits_have_room(&limits), "room for viewer %d", i + 1);
        (void)join(broadcast, GLANCE_STREAM, new_client(NO_LIMIT));
    }
    ok(!glance_limits_have_room(&limits), "none for the fourth");
    descriptor_room = 1;
    glance_limits_run(&limits, now);
    is_number(broadcast->count, 1, "too few descriptors: two are sent away");
    is_number(logged, 1, "which the log says");
    ok(clients[0].is_shut && clients[1].is_shut && !clients[2].is_shut, "the oldest ones");
    descriptor_room = APR_INT32_MAX;
    now += SECOND;
    glance_limits_run(&limits, now);
    ok(glance_limits_have_room(&limits), "and return when there is room");
    glance_broadcast_end(broadcast, now);
}

/* A hello has some 4.9 MiB. */
static void test_memory(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:100000");
    client_t *reads;
    glance_limits_t limits;
    int i;

    report_all(100000);
    glance_limits_init(&limits, &server, 1000, broadcast, 1);
    for (i = 0; i < 40; i++) {
        join_silent_feed(broadcast, i % 2 ? GLANCE_ONLINE : GLANCE_OFFLINE);
        glance_limits_run(&limits, now);
    }
    reads = new_client(NO_LIMIT);
    (void)join(broadcast, GLANCE_FEED, reads);
    now += SECOND;
    glance_limits_run(&limits, now);
    ok(glance_buffer_total() <= 64 * MIB, "what is pending takes %lu MiB at most",
       (unsigned long)(glance_buffer_total() >> 20));
    ok(broadcast->count > 5 && broadcast->count < 20, "%u viewers stay", broadcast->count);
    ok(clients[0].is_freed && !clients[39].is_freed, "the slowest were dropped");
    ok(!reads->is_freed, "and nobody who reads");
    is_number(logged > 0, 1, "which the log says");
    glance_broadcast_end(broadcast, now);
}

/* A hello of 49 MiB, more than half of the usual limit. */
static void test_huge(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:1000000");
    glance_limits_t limits;

    report_all(1000000);
    glance_limits_init(&limits, &server, 1000, broadcast, 1);
    join_silent_feed(broadcast, GLANCE_OFFLINE);
    now += 10 * SECOND;
    join_silent_feed(broadcast, GLANCE_ONLINE);
    glance_limits_run(&limits, now);
    ok(glance_buffer_total() > 64 * MIB, "two hellos take more than the usual limit");
    is_number(broadcast->count, 2, "and both viewers stay");
    glance_broadcast_end(broadcast, now);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_room(pool);
    test_memory(pool);
    test_huge(pool);
    return done_testing();
}
