/* json.c: the texts of the contract: status, hello, update, health, error, plain.
 *
 * SPDX-License-Identifier: ISC
 */
#include <jansson.h>

#include "core/json.h"
#include "core/plain.h"

#include "fixture.h"

#define WALL (APR_INT64_C(1732428000123000))

static glance_snapshot_t *snapshot_of(const glance_board_t *board, glance_moment_t now)
{
    glance_snapshot_t *snapshot = glance_snapshot_make(board);

    glance_snapshot_take(snapshot, WALL, now);
    return snapshot;
}

static apr_status_t collect(void *context, const char *data, apr_size_t length)
{
    glance_buffer_put(context, data, length);
    return APR_SUCCESS;
}

static apr_status_t refuse(void *context, const char *data, apr_size_t length)
{
    (void)data;
    (void)length;
    ++*(int *)context;
    return APR_ECONNABORTED;
}

static const char *status_of(apr_pool_t *pool, const glance_snapshot_t *snapshot, apr_uint32_t from,
                             apr_uint32_t count)
{
    glance_buffer_t *buffer = glance_buffer_make(0);

    glance_json_status(snapshot, snapshot->board->clusters + from, count, collect, buffer);
    return string_of(pool, buffer);
}

static void test_status(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:2;my \"bot\":1");
    glance_snapshot_t *snapshot;
    glance_row_t row;

    report(board, 0, GLANCE_ONLINE, 10 * SECOND);
    live(board, 0, 354 * SECOND + SECOND / 2);
    snapshot = snapshot_of(board, 355 * SECOND + 7 * SECOND / 10);
    is(status_of(pool, snapshot, 0, 1),
       "{\"now\":1732428000.123,\"clusters\":[{\"name\":\"main\",\"shards\":2,"
       "\"counts\":{\"unknown\":1,\"unhealthy\":0,\"offline\":0,\"online\":1,\"starting\":0,"
       "\"stopping\":0,\"resuming\":0},\"list\":["
       "{\"id\":0,\"state\":3,\"status\":\"online\",\"reported\":3,\"silent\":1.2,\"since\":345.7},"
       "{\"id\":1,\"state\":0,\"status\":\"unknown\",\"reported\":null,\"silent\":null,"
       "\"since\":355.7}]}]}\n",
       "one cluster's status");
    is(status_of(pool, snapshot, 1, 1),
       "{\"now\":1732428000.123,\"clusters\":[{\"name\":\"my \\\"bot\\\"\",\"shards\":1,"
       "\"counts\":{\"unknown\":1,\"unhealthy\":0,\"offline\":0,\"online\":0,\"starting\":0,"
       "\"stopping\":0,\"resuming\":0},\"list\":[{\"id\":0,\"state\":0,\"status\":\"unknown\","
       "\"reported\":null,\"silent\":null,\"since\":355.7}]}]}\n",
       "a name is escaped");
    is(string_of(pool, glance_json_shard(&board->clusters[0], 0, &snapshot->rows[0], WALL)),
       "{\"now\":1732428000.123,\"cluster\":\"main\",\"shards\":2,\"id\":0,\"state\":3,"
       "\"status\":\"online\",\"reported\":3,\"silent\":1.2,\"since\":345.7}",
       "one shard's status");
    is(string_of(pool, glance_json_shard(&board->clusters[0], 1, &snapshot->rows[1], WALL)),
       "{\"now\":1732428000.123,\"cluster\":\"main\",\"shards\":2,\"id\":1,\"state\":0,"
       "\"status\":\"unknown\",\"reported\":null,\"silent\":null,\"since\":355.7}",
       "one unknown shard's status");
    glance_row_take(&row, &board->shards[0], 0);
    is_number(row.silent, 0, "an age is never negative");
    glance_row_take(&row, &board->shards[0], APR_INT64_MAX);
    is_number(row.silent, APR_UINT32_MAX, "nor larger than its field");
    glance_snapshot_release(snapshot);
}

static void test_large(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "big:50000;small:3");
    glance_snapshot_t *snapshot;
    const char *buffer;
    json_t *json;
    int pieces = 0;

    report(board, 49999, GLANCE_STOPPING, SECOND);
    snapshot = snapshot_of(board, SECOND);
    buffer = status_of(pool, snapshot, 0, 2);
    json = json_loads(buffer, JSON_REJECT_DUPLICATES, NULL);
    ok(json != NULL, "50,003 shards are valid JSON");
    is_number((long long)json_array_size(
                  json_object_get(json_array_get(json_object_get(json, "clusters"), 0), "list")),
              50000, "with all shards of the first cluster");
    is_number((long long)json_array_size(json_object_get(json, "clusters")), 2,
              "and both clusters");
    json_decref(json);
    ok(glance_json_status(snapshot, board->clusters, 2, refuse, &pieces) == APR_ECONNABORTED,
       "an error of the sink is passed on");
    is_number(pieces, 1, "and ends the document");
    glance_snapshot_release(snapshot);
}

static void test_events(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:6;patron:3");
    glance_changes_t changes = {0};
    glance_snapshot_t *snapshot;
    int i;

    for (i = 0; i < 4; i++) {
        report(board, (apr_uint32_t)i, GLANCE_ONLINE, SECOND);
    }
    report(board, 5, GLANCE_UNHEALTHY, SECOND);
    report(board, 8, GLANCE_OFFLINE, SECOND);
    snapshot = snapshot_of(board, SECOND);
    is(string_of(pool, glance_json_hello(snapshot, 30 * SECOND)),
       "{\"now\":1732428000.123,\"timeout\":30,\"clusters\":[{\"name\":\"main\",\"states\":\"333301\"},"
       "{\"name\":\"patron\",\"states\":\"002\"}]}",
       "hello");
    is(string_of(pool, glance_json_hello(snapshot, SECOND / 2)),
       "{\"now\":1732428000.123,\"timeout\":0.5,\"clusters\":[{\"name\":\"main\",\"states\":\"333301\"},"
       "{\"name\":\"patron\",\"states\":\"002\"}]}",
       "hello with a timeout below a second");
    is(string_of(pool, glance_plain_make(snapshot)),
       "As of 2024-11-24T06:00:00Z\n\n"
       "main: 4 of 6 online\n  unknown    4\n  unhealthy  5\n  online     0-3\n\n"
       "patron: 0 of 3 online\n  unknown    0-1\n  offline    2\n",
       "plain");
    glance_snapshot_release(snapshot);

    glance_board_since(board, GLANCE_CHANGE, 0, &changes);
    is(string_of(pool, glance_json_update(board, &changes, WALL)),
       "{\"now\":1732428000.123,\"clusters\":{\"main\":{\"1\":\"5\",\"3\":\"0-3\"},"
       "\"patron\":{\"2\":\"2\"}}}",
       "update");
    glance_board_since(board, GLANCE_HEARTBEAT, 0, &changes);
    is(string_of(pool, glance_json_health(board, &changes)),
       "{\"clusters\":{\"main\":\"0-3,5\",\"patron\":\"2\"}}", "health");
    glance_board_since(board, GLANCE_CHANGE, 99, &changes);
    is(string_of(pool, glance_json_update(board, &changes, WALL)),
       "{\"now\":1732428000.123,\"clusters\":{}}", "an update that says nothing changed");
    glance_changes_free(&changes);
}

/* Replaces the framing of WebSocket. */
static void frame(glance_buffer_t *buffer, const char *message, apr_size_t length)
{
    glance_buffer_put(buffer, message, length);
    glance_buffer_puts(buffer, "\n");
}

#define MESSAGE(op, cluster, rest) \
    "{\"op\":\"" op "\",\"payload\":{\"cluster\":" cluster ",\"shard\":" rest "}}\n"

static void test_feed(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:6;my \"bot\":3");
    glance_changes_t changes = {0};
    glance_snapshot_t *snapshot = snapshot_of(board, SECOND);
    apr_uint64_t seq;

    is(string_of(pool, glance_json_feed_hello(snapshot)),
       "{\"op\":\"hello\",\"payload\":{\"main\":{\"len\":6},\"my \\\"bot\\\"\":{\"len\":3}}}",
       "the feed's hello of a board that nobody reported to");
    glance_snapshot_release(snapshot);

    report(board, 2, GLANCE_ONLINE, SECOND);
    report(board, 8, GLANCE_UNHEALTHY, 2 * SECOND);
    snapshot = snapshot_of(board, 5 * SECOND);
    is(string_of(pool, glance_json_feed_hello(snapshot)),
       "{\"op\":\"hello\",\"payload\":{\"main\":{\"len\":6,"
       "\"2\":{\"state\":3,\"last_healthy\":1732427996.1}},"
       "\"my \\\"bot\\\"\":{\"len\":3,\"2\":{\"state\":1,\"last_healthy\":1732427997.1}}}}",
       "and of one that somebody did");
    glance_snapshot_release(snapshot);

    glance_board_since(board, GLANCE_CHANGE, 0, &changes);
    is(string_of(pool, glance_json_feed_update(board, &changes, frame)),
       MESSAGE("state_update", "\"main\"", "2,\"state\":3")
           MESSAGE("state_update", "\"my \\\"bot\\\"\"", "2,\"state\":1"),
       "a message for each change");
    glance_board_since(board, GLANCE_HEARTBEAT, 0, &changes);
    is(string_of(pool, glance_json_feed_health(board, &changes, frame)), "",
       "and no ping for the heartbeat that it was");

    seq = glance_board_latest(board, GLANCE_CHANGE);
    live(board, 2, 6 * SECOND);
    live(board, 8, 6 * SECOND);
    glance_board_since(board, GLANCE_CHANGE, seq, &changes);
    is(string_of(pool, glance_json_feed_update(board, &changes, frame)),
       MESSAGE("health_ping", "\"my \\\"bot\\\"\"", "2,\"state\":3"),
       "a heartbeat that brought a shard back is a ping with a state");
    glance_board_since(board, GLANCE_HEARTBEAT, 0, &changes);
    is(string_of(pool, glance_json_feed_health(board, &changes, frame)),
       MESSAGE("health_ping", "\"main\"", "2"), "and any other is a ping without");

    report(board, 8, GLANCE_ONLINE, 7 * SECOND);
    glance_board_since(board, GLANCE_HEARTBEAT, 0, &changes);
    is(string_of(pool, glance_json_feed_health(board, &changes, frame)),
       MESSAGE("health_ping", "\"main\"", "2") MESSAGE("health_ping", "\"my \\\"bot\\\"\"", "2"),
       "so is a status that changes nothing");
    report(board, 8, GLANCE_OFFLINE, 8 * SECOND);
    glance_board_since(board, GLANCE_CHANGE, seq, &changes);
    is(string_of(pool, glance_json_feed_update(board, &changes, frame)),
       MESSAGE("state_update", "\"my \\\"bot\\\"\"", "2,\"state\":2"),
       "a status after the recovery is an update again");
    seq = glance_board_latest(board, GLANCE_HEARTBEAT) - 1;
    glance_board_sweep(board, 100 * SECOND, TIMEOUT, NULL);
    glance_board_since(board, GLANCE_HEARTBEAT, seq, &changes);
    is(string_of(pool, glance_json_feed_health(board, &changes, frame)), "",
       "and stays one, although no heartbeat follows");
    glance_changes_free(&changes);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    is(string_of(pool, glance_json_error("a \"b\"")), "{\"error\":\"a \\\"b\\\"\"}", "an error");
    is(string_of(pool, glance_json_error("a\xff"
                                         "b\x01")),
       "{\"error\":\"a?b\\u0001\"}", "an error of bytes that are not UTF-8");
    test_status(pool);
    test_large(pool);
    test_events(pool);
    test_feed(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
