/* broadcast.c: which events viewers get when their connections are slow, break or come back.
 *
 * SPDX-License-Identifier: ISC
 */
#include "fixture.h"

static int has(const char *text, const char *part)
{
    return text && strstr(text, part) != NULL;
}

/* WebSocket frames have zero bytes. */
static int got(const client_t *client, const char *part)
{
    return memmem(client->received, client->length, part, strlen(part)) != NULL;
}

static int count_of(const char *text, const char *part)
{
    int count = 0;

    for (text = strstr(text, part); text; text = strstr(text + 1, part)) {
        count++;
    }
    return count;
}

static void test_updates(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *client = new_client(NO_LIMIT);
    const char *text;

    (void)join(broadcast, GLANCE_STREAM, client);
    text = take(client);
    ok(!strncmp(text, "retry: 3000\n\n", 13) && has(text, "event: hello"), "a stream begins");
    (void)report(store.board, 1, GLANCE_ONLINE, now);
    run_after(broadcast, SECOND / 10);
    ok(has(take(client), "\"clusters\":{\"main\":{\"3\":\"1\"}}"), "a change is told");
    (void)report(store.board, 2, GLANCE_ONLINE, now);
    run_after(broadcast, SECOND / 100);
    is(take(client), "", "but not within the interval");
    (void)report(store.board, 2, GLANCE_OFFLINE, now);
    run_after(broadcast, SECOND / 10);
    ok(has(take(client), "\"clusters\":{\"main\":{\"2\":\"2\"}}"), "then what holds at that time");
    glance_broadcast_end(broadcast, now);
    is_number(glance_viewer_count(), 0, "at the end nobody is held");
}

static void test_slow(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *client = new_client(40);
    glance_viewer_t *viewer = join(broadcast, GLANCE_STREAM, client);
    const char *text;

    ok(!glance_viewer_is_idle(viewer), "a hello without room stays pending");
    (void)report(store.board, 0, GLANCE_ONLINE, now);
    run_after(broadcast, SECOND / 10);
    (void)report(store.board, 1, GLANCE_OFFLINE, now);
    run_after(broadcast, SECOND / 10);
    client->room = NO_LIMIT;
    ok(glance_broadcast_handle_ready(broadcast, viewer, now), "it has room again");
    text = take(client);
    is_number(count_of(text, "event: hello"), 1, "the hello arrives whole");
    is_number(count_of(text, "event: update"), 1, "and then one update");
    ok(has(text, "{\"2\":\"1\",\"3\":\"0\"}"), "with all that was missed");
    run_after(broadcast, SECOND / 10);
    is(take(client), "", "which is not told again");
    glance_broadcast_end(broadcast, now);
}

static void test_gone(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *stays = new_client(NO_LIMIT);
    client_t *gone = new_client(NO_LIMIT);

    (void)join(broadcast, GLANCE_STREAM, gone);
    (void)join(broadcast, GLANCE_STREAM, stays);
    (void)take(stays);
    gone->has_left = 1;
    (void)report(store.board, 1, GLANCE_ONLINE, now);
    run_after(broadcast, SECOND / 10);
    ok(gone->is_freed && broadcast->count == 1, "a client that has left is dropped");
    ok(has(take(stays), "event: update"), "and the others are told");
    gone = new_client(NO_LIMIT);
    gone->has_left = 1;
    (void)join(broadcast, GLANCE_FEED, gone);
    ok(gone->is_freed && broadcast->count == 1, "also one that leaves before its hello");
    glance_broadcast_end(broadcast, now);
}

static void rejoin(glance_broadcast_t *broadcast, client_t *client, apr_uint64_t seq)
{
    glance_viewer_t *viewer = viewer_of(GLANCE_STREAM, client);

    viewer->resumes = 1;
    viewer->seq = seq;
    glance_broadcast_join(broadcast, viewer, now);
}

static void test_resumed(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *client = new_client(NO_LIMIT);
    apr_uint64_t seq;
    const char *text;

    (void)report(store.board, 0, GLANCE_ONLINE, now);
    seq = glance_board_latest(store.board, GLANCE_CHANGE);
    (void)report(store.board, 3, GLANCE_OFFLINE, now);
    rejoin(broadcast, client, seq);
    text = take(client);
    ok(has(text, "retry: 3000\n\n") && has(text, "{\"2\":\"3\"}") && !has(text, "hello"),
       "who resumes gets what changed since");
    rejoin(broadcast, client, glance_board_latest(store.board, GLANCE_CHANGE));
    ok(has(take(client), "\"clusters\":{}"), "or an empty update");
    glance_broadcast_end(broadcast, now);
}

/* The hello is made at 1.1 s, the heartbeat comes at 1.5 s, the tick at 2 s, the viewer at 2.05 s.
 */
static void test_health_of_new(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *first = new_client(NO_LIMIT);
    client_t *second = new_client(NO_LIMIT);

    (void)report(store.board, 1, GLANCE_ONLINE, now);
    (void)join(broadcast, GLANCE_STREAM, new_client(NO_LIMIT));
    run_after(broadcast, SECOND);
    run_after(broadcast, SECOND / 10);
    (void)join(broadcast, GLANCE_STREAM, first);
    (void)take(first);
    run_after(broadcast, SECOND * 4 / 10);
    (void)live(store.board, 1, now);
    run_after(broadcast, SECOND / 2);
    ok(has(take(first), "\"clusters\":{\"main\":\"1\"}"), "a viewer is told of a heartbeat");
    run_after(broadcast, SECOND / 20);
    (void)join(broadcast, GLANCE_STREAM, second);
    ok(has(take(second), "event: hello"), "another one joins with the same hello");
    run_after(broadcast, SECOND);
    ok(has(take(second), "\"clusters\":{\"main\":\"1\"}"), "and is told of that heartbeat, too");
    is(take(first), "", "which the first one is not told again");
    run_after(broadcast, SECOND);
    is(take(second), "", "nor the second");
    glance_broadcast_end(broadcast, now);
}

static void test_no_old_health(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *first = new_client(NO_LIMIT);
    client_t *second = new_client(NO_LIMIT);

    (void)report(store.board, 0, GLANCE_ONLINE, now);
    (void)join(broadcast, GLANCE_STREAM, first);
    run_after(broadcast, 2 * SECOND);
    (void)live(store.board, 0, now);
    now += SECOND / 2;
    (void)join(broadcast, GLANCE_STREAM, second);
    (void)take(second);
    run_after(broadcast, SECOND);
    is(take(second), "", "a new viewer is not told of heartbeats that its hello has");
    glance_broadcast_end(broadcast, now);
}

static void test_crowded(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:20000");
    glance_viewer_t *first = join(broadcast, GLANCE_STREAM, new_client(0));
    int shared = 1;
    int i;

    for (i = 0; i < 1000; i++) {
        shared &= join(broadcast, GLANCE_STREAM, new_client(0))->buffer == first->buffer;
    }
    ok(shared, "a thousand viewers share one hello");
    is_number(broadcast->count, 1001, "and all are held");
    glance_broadcast_end(broadcast, now);
    is_number((long long)glance_buffer_total(), 0, "then no buffer is left");
}

static void test_mixed(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    glance_event_cache_t *cache = &broadcast->cache;
    client_t *stream = new_client(NO_LIMIT);
    client_t *events = new_client(NO_LIMIT);
    client_t *feed = new_client(NO_LIMIT);
    const glance_cached_event_t *of[GLANCE_DIALECTS];
    glance_buffer_t *buffer;
    int i;

    for (i = 0; i < GLANCE_DIALECTS; i++) {
        of[i] = glance_event_cache_get(cache, &store, i, GLANCE_SINCE_NOTHING, 1, now, &buffer);
    }
    ok(of[GLANCE_STREAM] == of[GLANCE_EVENTS], "dialects of one vocabulary share their payload");
    ok(of[GLANCE_STREAM] != of[GLANCE_FEED], "others do not");
    (void)join(broadcast, GLANCE_STREAM, stream);
    (void)join(broadcast, GLANCE_EVENTS, events);
    (void)join(broadcast, GLANCE_FEED, feed);
    (void)take(stream);
    events->length = feed->length = 0;
    (void)report(store.board, 1, GLANCE_ONLINE, now);
    run_after(broadcast, SECOND / 10);
    ok(has(take(stream), "event: update\ndata: {"), "a round reaches the stream");
    ok(got(events, "{\"event\":\"update\",\"id\":\"") && got(events, "{\"main\":{\"3\":\"1\"}}"),
       "the feed of events");
    ok(got(feed, "{\"op\":\"state_update\",\"payload\":{\"cluster\":\"main\",\"shard\":1,"),
       "and the original's feed");
    glance_broadcast_end(broadcast, now);
}

static void test_keepalives(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *stream = new_client(NO_LIMIT);
    client_t *feed = new_client(NO_LIMIT);
    int comments = 0;
    int pings = 0;
    int i;

    (void)join(broadcast, GLANCE_STREAM, stream);
    (void)join(broadcast, GLANCE_FEED, feed);
    (void)take(stream);
    feed->length = 0;
    for (i = 0; i < 60; i++) {
        run_after(broadcast, SECOND);
        comments += count_of(take(stream), ":\n\n");
        pings += feed->length != 0 && feed->received[0] == '\x89';
        feed->length = 0;
    }
    is_number(comments, 4, "a comment each 15 s");
    is_number(pings, 2, "a ping each 30 s");
    glance_broadcast_end(broadcast, now);
}

static void test_silence(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *silent = new_client(NO_LIMIT);
    client_t *answers = new_client(NO_LIMIT);
    glance_viewer_t *viewer;
    int i;

    (void)join(broadcast, GLANCE_FEED, silent);
    viewer = join(broadcast, GLANCE_FEED, answers);
    for (i = 0; i < 74; i++) {
        run_after(broadcast, SECOND);
    }
    is_number(broadcast->count, 2, "74 s of silence are too few");
    answers->input = "\x8a\x80\0\0\0"; /* a pong */
    answers->input_length = 6;
    ok(glance_broadcast_handle_ready(broadcast, viewer, now), "one client sends a pong");
    run_after(broadcast, SECOND);
    run_after(broadcast, SECOND);
    ok(silent->is_freed && !answers->is_freed, "the other one is dropped after 75 s");
    glance_broadcast_end(broadcast, now);
}

static void test_stuck(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:20000");
    client_t *stuck = new_client(10);
    client_t *trickle = new_client(10);
    glance_viewer_t *viewer;
    int i;

    (void)join(broadcast, GLANCE_STREAM, stuck);
    viewer = join(broadcast, GLANCE_STREAM, trickle);
    for (i = 0; i < 29; i++) {
        run_after(broadcast, SECOND);
    }
    is_number(broadcast->count, 2, "29 s without progress are too few");
    for (; i < 299 && !trickle->is_freed; i++) {
        trickle->room = 1;
        (void)glance_broadcast_handle_ready(broadcast, viewer, now);
        run_after(broadcast, SECOND);
    }
    ok(stuck->is_freed && !trickle->is_freed, "a viewer that takes nothing is dropped after 30 s");
    for (; i < 302; i++) {
        run_after(broadcast, SECOND);
    }
    ok(trickle->is_freed, "one that takes a byte a second after 300 s");
    glance_broadcast_end(broadcast, now);
}

/* The machine was suspended for an hour. */
static void test_gap(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:20000");
    client_t *feed = new_client(NO_LIMIT);
    client_t *slow = new_client(10);

    (void)join(broadcast, GLANCE_FEED, feed);
    (void)join(broadcast, GLANCE_STREAM, slow);
    run_after(broadcast, SECOND);
    run_after(broadcast, 3600 * SECOND);
    is_number(broadcast->count, 2, "after a gap of the clock nobody is dropped");
    glance_broadcast_end(broadcast, now);
}

static void test_goodbye(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *stream = new_client(NO_LIMIT);
    client_t *feed = new_client(NO_LIMIT);
    client_t *slow = new_client(10);
    apr_size_t before;

    (void)join(broadcast, GLANCE_STREAM, stream);
    (void)join(broadcast, GLANCE_FEED, feed);
    (void)join(broadcast, GLANCE_STREAM, slow);
    (void)take(stream);
    feed->length = 0;
    slow->room = NO_LIMIT;
    before = slow->length;
    glance_broadcast_goodbye(broadcast, NULL);
    is(take(stream), "retry: 1003\n\n", "500 ms, and at most 500 ms and 1 ms a viewer more");
    ok(feed->length == 4 && !memcmp(feed->received, "\x88\x02\x03\xe9", 4),
       "a feed gets a close frame: going away");
    ok(slow->length == before, "nothing is written behind a part of an event");
    ok(stream->is_shut && feed->is_shut && slow->is_shut, "all are told that nothing more comes");
    glance_broadcast_end(broadcast, now);
}

static void test_no_pulse(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *wants = new_client(NO_LIMIT);
    client_t *declines = new_client(NO_LIMIT);
    glance_viewer_t *viewer = viewer_of(GLANCE_STREAM, declines);

    (void)report(store.board, 0, GLANCE_ONLINE, now);
    (void)join(broadcast, GLANCE_STREAM, wants);
    viewer->wants_health = 0;
    glance_broadcast_join(broadcast, viewer, now);
    (void)take(wants);
    (void)take(declines);
    (void)live(store.board, 0, now);
    run_after(broadcast, SECOND);
    ok(has(take(wants), "event: health"), "heartbeats are told");
    is(take(declines), "", "except to a viewer that declines them");
    glance_broadcast_end(broadcast, now);
}

static void test_close(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *client = new_client(NO_LIMIT);
    glance_viewer_t *viewer = join(broadcast, GLANCE_FEED, client);

    client->length = 0;
    client->input = "\x88\x80\0\0\0"; /* a close frame */
    client->input_length = 6;
    /* A socket that is not open tells that the client has left. */
    ok(!glance_broadcast_handle_ready(broadcast, viewer, now) || client->is_shut,
       "a close frame ends the feed");
    ok(client->length == 2 && !memcmp(client->received, "\x88\0", 2), "which is echoed");
    glance_broadcast_end(broadcast, now);
}

/* TLS must be read although a stream has no input. */
static void test_ignored_input(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *client = new_client(NO_LIMIT);
    glance_viewer_t *viewer = join(broadcast, GLANCE_STREAM, client);
    glance_connection_ops_t read_ops = memory_ops;

    read_ops.must_be_read = 1;
    viewer->connection.ops = &read_ops;
    (void)take(client);
    client->input = "GET / HTTP/1.1\r\n\r\n";
    client->input_length = 18;
    ok(glance_broadcast_handle_ready(broadcast, viewer, now), "a stream's client may send bytes");
    is_number((long long)client->input_length, 0, "which are read");
    is(take(client), "", "and ignored");
    glance_broadcast_end(broadcast, now);
}

static void test_stop(apr_pool_t *pool)
{
    glance_broadcast_t *broadcast = broadcast_of(pool, "main:4");
    client_t *client = new_client(NO_LIMIT);

    (void)join(broadcast, GLANCE_STREAM, client);
    (void)take(client);
    stopping = 1;
    (void)report(store.board, 1, GLANCE_ONLINE, now);
    run_after(broadcast, SECOND / 10);
    is(take(client), "", "a child that ends sends no more events");
    glance_broadcast_end(broadcast, now);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_updates(pool);
    test_slow(pool);
    test_gone(pool);
    test_resumed(pool);
    test_health_of_new(pool);
    test_no_old_health(pool);
    test_crowded(pool);
    test_mixed(pool);
    test_keepalives(pool);
    test_silence(pool);
    test_stuck(pool);
    test_gap(pool);
    test_goodbye(pool);
    test_stop(pool);
    test_no_pulse(pool);
    test_close(pool);
    test_ignored_input(pool);
    return done_testing();
}
