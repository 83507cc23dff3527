/* saved_state.c: the text of the state file, written, read and restored.
 *
 * SPDX-License-Identifier: ISC
 */
#include "apr_strings.h"

#include "core/board_migrate.h"
#include "core/board_repair.h"
#include "core/saved_state.h"

#include "fixture.h"

#define NOW (100 * SECOND)

static const char *write_board(apr_pool_t *pool, const char *name, const glance_board_t *board,
                               int clean)
{
    glance_saved_state_entry_t entry;
    glance_buffer_t *text;

    entry.name = glance_saved_state_name(pool, name);
    entry.snapshot = glance_snapshot_make(board);
    glance_snapshot_take(entry.snapshot, apr_time_from_sec(1732428000), NOW);
    text = glance_saved_state_write(&entry, 1, apr_time_from_sec(1732428000), clean, pool);
    glance_snapshot_release(entry.snapshot);
    return string_of(pool, text);
}

static const char *fault_of(apr_pool_t *pool, const char *text)
{
    glance_saved_state_t saved;
    const char *fault = NULL;

    return glance_saved_state_read(&saved, text, strlen(text), &fault, pool) == APR_SUCCESS ? NULL
                                                                                            : fault;
}

/* A new board of these clusters, with the saved states. */
static glance_board_t *restored(apr_pool_t *pool, const glance_saved_state_board_t *saved,
                                const char *list)
{
    glance_board_t *board = board_of(pool, list);

    glance_saved_state_restore(saved, board, NOW);
    return board;
}

static glance_board_t *lively_board(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:5;two words:2");

    report(board, 0, GLANCE_ONLINE, SECOND);
    report(board, 1, GLANCE_RESUMING, SECOND);
    report(board, 2, GLANCE_UNKNOWN, SECOND);
    report(board, 6, GLANCE_OFFLINE, 50 * SECOND);
    glance_board_sweep(board, 40 * SECOND, TIMEOUT, NULL);
    return board;
}

static void test_write(apr_pool_t *pool)
{
    is(write_board(pool, "a.test", lively_board(pool), 1),
       "{\"mod_glance\":1,\"saved\":1732428000.0,\"clean\":true,\"boards\":[{\"name\":\"a.test\","
       "\"epoch\":\"0000000000000abc\",\"generation\":0,\"changes\":6,\"clusters\":[{\"name\":\"main\",\"shards\":5,"
       "\"states\":\"11100\",\"reported\":\"360--\"},{\"name\":\"two words\",\"shards\":2,"
       "\"states\":\"02\",\"reported\":\"-2\"}]}]}\n",
       "a board as text");
}

static void test_read(apr_pool_t *pool)
{
    const char *text = write_board(pool, "a \xff.test", lively_board(pool), 1);
    const glance_saved_state_board_t *read;
    glance_saved_state_t saved;
    const char *fault = "x";

    is_number(glance_saved_state_read(&saved, text, strlen(text), &fault, pool), APR_SUCCESS,
              "the text is read");
    ok(!fault, "without fault");
    is_number(saved.clean, 1, "marked as clean");
    is_number(saved.saved, apr_time_from_sec(1732428000), "with its time");
    is_number((long long)saved.shards, 4, "and the number of shards that have reported");
    ok(!glance_saved_state_find(&saved, "a.test"), "another name is not found");
    read = glance_saved_state_find(&saved, glance_saved_state_name(pool, "a \xff.test"));
    ok(read != NULL, "the name is found, whatever its bytes");
    if (!read) {
        return;
    }
    is_number((long long)read->epoch, 0xabc, "epoch");
    is_number((long long)read->latest, 6, "number of the last change");
    ok(glance_clusters_equal(read->clusters, clusters_of(pool, "main:5;two words:2")), "clusters");
}

static void test_restore(apr_pool_t *pool)
{
    const char *text = write_board(pool, "a.test", lively_board(pool), 1);
    glance_saved_state_t saved;
    const char *fault;
    glance_board_t *board;

    glance_saved_state_read(&saved, text, strlen(text), &fault, pool);
    board = restored(pool, glance_saved_state_find(&saved, "a.test"), "main:5;two words:2");
    is(glance_board_validate(board), NULL, "a restored board is valid");
    is_number(board->shards[0].state, GLANCE_UNHEALTHY, "with states");
    is_number(board->shards[0].reported, GLANCE_ONLINE, "and reports");
    is_number(board->shards[0].last_heartbeat, NOW, "and a heartbeat now");
    ok(!glance_shard_is_known(&board->shards[3]), "a shard that never reported still has not");
    ok(glance_shard_is_known(&board->shards[2]), "a shard that reported unknown has reported");
    is_number(glance_board_deadline(board), 0, "a sweep is due");
}

static void test_other_clusters(apr_pool_t *pool)
{
    const char *text = write_board(pool, "a.test", lively_board(pool), 1);
    glance_changes_t changes = {0};
    glance_saved_state_t saved;
    const char *fault;
    glance_board_t *board;

    glance_saved_state_read(&saved, text, strlen(text), &fault, pool);
    board = restored(pool, glance_saved_state_find(&saved, "a.test"), "two words:4;main:3");
    is_number(board->shards[1].state, GLANCE_OFFLINE, "states go by cluster and id");
    is_number(board->shards[4].reported, GLANCE_ONLINE, "reports as well");
    is_number(glance_shard_is_known(&board->shards[3]), 0, "new shards are unknown");
    glance_board_restore_sequence(board, 5, 77);
    is_number((long long)glance_board_latest(board, GLANCE_CHANGE), 77, "the sequence goes on");
    is_number((long long)glance_board_epoch(board), 0xabc, "in an epoch of its own");
    ok(glance_board_can_resume(board, 5, 77), "the last id of the epoch before resumes");
    ok(glance_board_can_resume(board, 5, 3), "an older one as well");
    ok(!glance_board_can_resume(board, 5, 78), "a newer one does not");
    ok(!glance_board_can_resume(board, 6, 3), "nor does one of another epoch");
    ok(glance_board_can_resume(board, 0xabc, 77), "its own ids do");
    ok(!glance_board_can_resume(board, 0xabc, 78), "up to the last");
    glance_board_since(board, GLANCE_CHANGE, 77, &changes);
    is_number((long long)changes.count, 0, "a viewer that has the last number gets nothing");
    glance_board_since(board, GLANCE_CHANGE, 76, &changes);
    is_number((long long)changes.count, 4, "any other viewer gets everything");
    is(glance_board_validate(board), NULL, "and the board is valid");
    report(board, 3, GLANCE_ONLINE, NOW);
    is_number((long long)glance_board_latest(board, GLANCE_CHANGE), 78,
              "the next change has the next number");
    glance_changes_free(&changes);
}

/* Any process of the server can write over a record. */
static void test_damage(apr_pool_t *pool)
{
    glance_board_t *board = lively_board(pool);
    const glance_saved_state_board_t *read;
    const char *fault;
    const char *text;
    glance_saved_state_t saved;

    report(board, 3, GLANCE_ONLINE, NOW);
    report(board, 4, GLANCE_ONLINE, NOW);
    board->shards[3].reported = GLANCE_STATES;
    board->shards[4].state = GLANCE_STATES;
    text = write_board(pool, "a.test", board, 1);
    ok(strstr(text, "\"states\":\"11100\",\"reported\":\"360-3\"") != NULL,
       "an invalid record is written as unknown");
    is(fault_of(pool, text), NULL, "and the file is valid");

    glance_board_restore_sequence(board, 0xabc, APR_UINT64_MAX - 7);
    text = write_board(pool, "a.test", board, 1);
    is(fault_of(pool, text), NULL, "also with an invalid counter");
    read = glance_saved_state_read(&saved, text, strlen(text), &fault, pool) == APR_SUCCESS
               ? glance_saved_state_find(&saved, "a.test")
               : NULL;
    is_number(read ? (long long)read->latest : -1, 0, "which starts again");
    ok(read && read->epoch != 0xabc,
       "in another epoch, since viewers know the numbers of this one");
}

static void test_faults(apr_pool_t *pool)
{
#define HEAD "{\"mod_glance\":1,\"saved\":1.5,\"clean\":false,\"boards\":["
#define BOARD "{\"name\":\"a\",\"epoch\":\"0123456789abcdef\",\"changes\":3,\"clusters\":["
#define MAIN "{\"name\":\"main\",\"shards\":3,\"states\":\"310\",\"reported\":\"33-\"}"
#define TAIL "]}]}"
    static const char *const good[] = {
        HEAD BOARD MAIN TAIL,
        HEAD "]}",
        "{\"mod_glance\":1,\"saved\":0,\"clean\":true,\"boards\":[],\"more\":[1]}",
        HEAD BOARD MAIN ",{\"name\":\"b\",\"shards\":1,\"states\":\"0\",\"reported\":\"-\"}" TAIL,
    };
    static const char *const bad[] = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"mod_glance\":\"1\"}",
        "{\"mod_glance\":2}",
        "{\"mod_glance\":1}",
        "{\"mod_glance\":1,\"saved\":-1,\"clean\":true,\"boards\":[]}",
        "{\"mod_glance\":1,\"saved\":1e300,\"clean\":true,\"boards\":[]}",
        "{\"mod_glance\":1,\"saved\":1,\"clean\":1,\"boards\":[]}",
        "{\"mod_glance\":1,\"saved\":1,\"clean\":true,\"boards\":{}}",
        "{\"mod_glance\":1,\"mod_glance\":1,\"saved\":1,\"clean\":true,\"boards\":[]}",
        HEAD "1]}",
        HEAD BOARD TAIL,
        HEAD
        "{\"name\":\"a\",\"epoch\":\"0123456789ABCDEF\",\"changes\":3,\"clusters\":[" MAIN TAIL,
        HEAD "{\"name\":\"a\",\"epoch\":\"0\",\"changes\":3,\"clusters\":[" MAIN TAIL,
        HEAD
        "{\"name\":\"a\",\"epoch\":\"0123456789abcdef\",\"changes\":-1,\"clusters\":[" MAIN TAIL,
        HEAD "{\"name\":\"a\",\"epoch\":\"0123456789abcdef\",\"changes\":9223372036854775807,"
             "\"clusters\":[" MAIN TAIL,
        HEAD "{\"name\":\"a\",\"epoch\":\"0123456789abcdef\",\"changes\":3,\"clusters\":{}}]}",
        HEAD BOARD MAIN "," MAIN TAIL,
        HEAD BOARD "{\"name\":\"\",\"shards\":1,\"states\":\"0\",\"reported\":\"-\"}" TAIL,
        HEAD BOARD "{\"name\":\"b\",\"shards\":0,\"states\":\"\",\"reported\":\"\"}" TAIL,
        HEAD BOARD "{\"name\":\"b\",\"shards\":1,\"states\":\"7\",\"reported\":\"3\"}" TAIL,
        HEAD BOARD "{\"name\":\"b\",\"shards\":1,\"states\":\"3\",\"reported\":\"-\"}" TAIL,
        HEAD BOARD "{\"name\":\"b\",\"shards\":1,\"states\":\"3\",\"reported\":\"7\"}" TAIL,
        HEAD BOARD "{\"name\":\"b\",\"shards\":1,\"states\":\"33\",\"reported\":\"33\"}" TAIL,
        HEAD BOARD "{\"name\":\"b\",\"shards\":1000001,\"states\":\"3\",\"reported\":\"3\"}" TAIL,
        HEAD BOARD "{\"name\":\"b\",\"shards\":1.5,\"states\":\"3\",\"reported\":\"3\"}" TAIL,
    };
    apr_size_t i;

    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        is(fault_of(pool, good[i]), NULL, good[i]);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ok(fault_of(pool, bad[i]) != NULL, "a fault in %s", bad[i]);
    }
    ok(!strstr(fault_of(pool, "{\"secret"), "secret"), "a fault shows nothing of the text");
}

static void test_adoption(apr_pool_t *pool)
{
    glance_board_t *board = lively_board(pool);
    apr_uint64_t latest = glance_board_latest(board, GLANCE_CHANGE);

    report(board, 0, GLANCE_ONLINE, 300 * SECOND);
    glance_board_close(board);
    is(glance_board_adopt(board, NOW), NULL, "a board whose processes died is adopted");
    is_number((long long)glance_board_latest(board, GLANCE_CHANGE), (long long)latest + 1,
              "its sequence goes on");
    is_number(board->shards[6].last_heartbeat, NOW, "shards have a timeout of grace");
    is_number(board->shards[1].last_heartbeat, SECOND,
              "except for those that were unhealthy already");
    is_number(board->shards[0].since, NOW, "nothing lies in the future");
    is_number(report(board, 0, GLANCE_OFFLINE, NOW), APR_SUCCESS, "and it takes reports");
    board->shards[3].state = GLANCE_STATES;
    ok(glance_board_adopt(board, NOW) != NULL, "an invalid one is not");
}

static void test_clusters(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:5;b:2");
    glance_board_cluster_t *clusters = (glance_board_cluster_t *)board->clusters;

    clusters[1].first = 4;
    ok(glance_board_adopt(board, NOW) != NULL, "clusters overlap");
    clusters[1].first = 5;
    clusters[1].shards = 1;
    ok(glance_board_adopt(board, NOW) != NULL, "clusters leave a shard out");
    clusters[1].shards = 0;
    ok(glance_board_adopt(board, NOW) != NULL, "a cluster is empty");
    clusters[1].shards = 2;
    memset(clusters[1].name, 'x', sizeof clusters[1].name);
    ok(glance_board_adopt(board, NOW) != NULL, "a name does not end");
    strcpy(clusters[1].name, "b");
    is(glance_board_adopt(board, NOW), NULL, "nothing else was wrong");
    *(apr_uint64_t *)(void *)board->header ^= 1;
    ok(glance_board_adopt(board, NOW) != NULL, "the header is another one");
}

/* Which is newer: a file, or a board in memory that began with this file's states. */
static void test_newer(apr_pool_t *pool)
{
    glance_board_t *board = lively_board(pool);
    const char *text = write_board(pool, "a", board, 1);
    const glance_saved_state_board_t *file;
    glance_saved_state_t saved;
    const char *fault;

    glance_saved_state_read(&saved, text, strlen(text), &fault, pool);
    file = glance_saved_state_find(&saved, "a");
    ok(glance_saved_state_is_newer(file, 1, board), "after a clean stop the file counts");
    ok(!glance_saved_state_is_newer(file, 0, board), "but not without one");
    report(board, 3, GLANCE_ONLINE, 50 * SECOND);
    ok(!glance_saved_state_is_newer(file, 1, board), "nor if the board has gone on");
    board = restored(pool, file, "main:5;two words:2");
    board->header->epoch = 5;
    ok(!glance_saved_state_is_newer(file, 1, board), "nor if the board began with this file");
    board->header->generation = 0;
    saved.clean = 0;
    text = write_board(pool, "a", restored(pool, file, "main:5;two words:2"), 0);
    glance_saved_state_read(&saved, text, strlen(text), &fault, pool);
    ok(glance_saved_state_is_newer(glance_saved_state_find(&saved, "a"), 0, board),
       "a file of a later start is newer than the board");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_write(pool);
    test_read(pool);
    test_restore(pool);
    test_other_clusters(pool);
    test_damage(pool);
    test_faults(pool);
    test_adoption(pool);
    test_newer(pool);
    test_clusters(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
