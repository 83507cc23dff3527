/* board.c: the table of shards: places, changes, sweep, migration, notification.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/board_migrate.h"
#include "core/board_repair.h"

#include "fixture.h"

static const char *changes_text(apr_pool_t *pool, const glance_changes_t *changes)
{
    const char *text = "";
    apr_size_t i;

    for (i = 0; i < changes->count; i++) {
        text = apr_psprintf(pool, "%s%s%u=%u", text, i ? " " : "", changes->list[i].shard,
                            changes->list[i].state);
    }
    return text;
}

static const char *changes_since(apr_pool_t *pool, const glance_board_t *board, apr_uint64_t seq)
{
    glance_changes_t changes = {0};
    const char *text;

    glance_board_since(board, GLANCE_CHANGE, seq, &changes);
    text = changes_text(pool, &changes);
    glance_changes_free(&changes);
    return text;
}

static const char *heartbeats_since(apr_pool_t *pool, const glance_board_t *board,
                                    apr_uint64_t heartbeat)
{
    glance_changes_t heartbeats = {0};
    const char *text;

    glance_board_since(board, GLANCE_HEARTBEAT, heartbeat, &heartbeats);
    text = changes_text(pool, &heartbeats);
    glance_changes_free(&heartbeats);
    return text;
}

static void test_places(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:100;my bot:1;patron:6");
    const glance_board_cluster_t *cluster = glance_board_find(board, "my bot", 6);
    void *nothing = apr_pcalloc(pool, 4096);
    glance_board_t *other;

    is_number(board->shard_count, 107, "a board has the shards of all clusters");
    ok(cluster && cluster->first == 100 && cluster->shards == 1,
       "a cluster lies behind the others");
    ok(!glance_board_find(board, "mai", 3), "a name is found as a whole only");
    ok(!glance_board_find(board, "mainx", 5), "and not within a longer one");
    is(glance_board_cluster_of(board, 0)->name, "main", "shard 0 is the first cluster's");
    is(glance_board_cluster_of(board, 99)->name, "main", "shard 99 too");
    is(glance_board_cluster_of(board, 100)->name, "my bot", "shard 100 is the second one's");
    is(glance_board_cluster_of(board, 106)->name, "patron", "shard 106 is the last one's");
    ok(glance_board_matches(board, clusters_of(pool, "main:100;my bot:1;patron:6")),
       "matches itself");
    ok(!glance_board_matches(board, clusters_of(pool, "main:100;patron:6;my bot:1")),
       "not reordered");
    ok(!glance_board_matches(board, clusters_of(pool, "main:100;my bot:1")),
       "not with one missing");
    ok(!glance_board_matches(board, clusters_of(pool, "main:101;my bot:1;patron:6")), "not grown");
    ok(!glance_board_matches(board, clusters_of(pool, "Main:100;my bot:1;patron:6")),
       "not renamed");
    is(glance_board_validate(board), NULL, "a new board is valid");
    ok(glance_board_open(&other, nothing, 4096, pool) == APR_EINVAL, "zeroes are no board");
    ok(glance_board_open(&other, board->header, 64, pool) == APR_EINVAL,
       "nor is a board cut short");
    is_number(glance_board_size(clusters_of(pool, "a:1")) < 1024, 1, "one shard takes little");
}

static void test_changes(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:200;patron:6");
    glance_transition_t was;

    is_number((long long)glance_board_latest(board, GLANCE_CHANGE), 0, "nothing has changed yet");
    is(changes_since(pool, board, 0), "", "so there are no changes");
    ok(live(board, 3, SECOND) == APR_NOTFOUND, "a heartbeat needs a status first");
    is(heartbeats_since(pool, board, 0), "", "and is not recorded without");
    report(board, 3, GLANCE_STARTING, SECOND);
    report(board, 199, GLANCE_ONLINE, SECOND);
    report(board, 200, GLANCE_OFFLINE, SECOND);
    is_number((long long)glance_board_latest(board, GLANCE_CHANGE), 3,
              "each change draws a number");
    is(changes_since(pool, board, 0), "3=4 199=3 200=2", "since 0: all, in the order of shards");
    is(changes_since(pool, board, 2), "200=2", "since 2: the last one");
    is(changes_since(pool, board, 3), "", "since 3: none");
    report(board, 3, GLANCE_ONLINE, 2 * SECOND);
    is(changes_since(pool, board, 1), "3=3 199=3 200=2", "many changes of a shard are one");
    report(board, 3, GLANCE_ONLINE, 3 * SECOND);
    is_number((long long)glance_board_latest(board, GLANCE_CHANGE), 4,
              "the same state again is no change");
    is(heartbeats_since(pool, board, 4), "3=3", "but it is a heartbeat");
    ok(live(board, 199, 4 * SECOND) == APR_SUCCESS,
       "a shard that has reported can send heartbeats");
    is_number((long long)glance_board_latest(board, GLANCE_CHANGE), 4, "which is no change");
    is(heartbeats_since(pool, board, 5), "199=3", "but a heartbeat");
    glance_board_report(board, 7, GLANCE_RESUMING, 5 * SECOND, TIMEOUT, &was);
    ok(was.shard == 7 && was.from == GLANCE_UNKNOWN && was.to == GLANCE_RESUMING
           && was.silent == 5 * SECOND,
       "a report tells what the shard was");
    is(glance_board_validate(board), NULL, "the board is valid");
}

static void test_revision(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:2");
    apr_uint64_t revision = glance_board_revision(board);

    report(board, 0, GLANCE_OFFLINE, SECOND);
    ok(glance_board_revision(board) > revision, "a change of state is a revision");
    revision = glance_board_revision(board);
    report(board, 0, GLANCE_OFFLINE, SECOND);
    live(board, 0, SECOND);
    is_number(glance_board_revision(board) == revision, 1,
              "a repeated report or heartbeat is none");
    glance_board_sweep(board, 40 * SECOND, TIMEOUT, NULL);
    ok(glance_board_revision(board) > revision, "a sweep's change is one");
    live(board, 0, 41 * SECOND);
    revision = glance_board_revision(board);
    report(board, 0, GLANCE_ONLINE, 42 * SECOND);
    ok(glance_board_revision(board) > revision, "so is another report of the same state");
    revision = glance_board_revision(board);
    glance_board_restore(board, 1, GLANCE_ONLINE, GLANCE_ONLINE, 42 * SECOND);
    ok(glance_board_revision(board) > revision, "and a restored shard");
}

static const char *sweep(apr_pool_t *pool, glance_board_t *board, glance_moment_t now)
{
    apr_array_header_t *transitions = apr_array_make(pool, 4, sizeof(glance_transition_t));
    const char *text = "";
    int i;

    glance_board_sweep(board, now, TIMEOUT, transitions);
    for (i = 0; i < transitions->nelts; i++) {
        const glance_transition_t *one = &APR_ARRAY_IDX(transitions, i, glance_transition_t);

        text = apr_psprintf(pool, "%s%s%u:%u>%u(%d)", text, i ? " " : "", one->shard, one->from,
                            one->to, (int)(one->silent / SECOND));
    }
    return text;
}

static void test_sweep(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:100");

    ok(glance_board_deadline(board) == GLANCE_NO_MOMENT, "a board without reports has no deadline");
    report(board, 5, GLANCE_ONLINE, 10 * SECOND);
    report(board, 6, GLANCE_OFFLINE, 15 * SECOND);
    is_number(glance_board_deadline(board), 40 * SECOND, "the first shard that may be due sets it");
    is(sweep(pool, board, 40 * SECOND - 1), "", "just before, no shard becomes unhealthy");
    is(sweep(pool, board, 40 * SECOND), "5:3>1(30)", "at the deadline, that shard does");
    is_number(glance_board_deadline(board), 45 * SECOND, "the next one sets the next deadline");
    is(sweep(pool, board, 60 * SECOND), "6:2>1(45)", "an offline shard becomes unhealthy as well");
    ok(glance_board_deadline(board) == GLANCE_NO_MOMENT, "then there is no deadline again");
    is(sweep(pool, board, 600 * SECOND), "", "unknown and unhealthy shards stay as they are");
    is(changes_since(pool, board, 2), "5=1 6=1", "the sweep's changes are changes");
    live(board, 6, 700 * SECOND);
    is(changes_since(pool, board, 4), "6=3", "a heartbeat makes a shard online");
    is_number(glance_board_deadline(board), 730 * SECOND, "and its deadline");
    glance_board_expect_sweep(board);
    is_number(glance_board_deadline(board), 0, "a sweep can be asked for");
    is(sweep(pool, board, 701 * SECOND), "", "which does what is due and no more");
    is_number(glance_board_deadline(board), 730 * SECOND, "and finds the deadline again");
    glance_board_sweep(board, 730 * SECOND, TIMEOUT, NULL);
    is_number(board->shards[6].state, GLANCE_UNHEALTHY, "the list of transitions is optional");
    is(glance_board_validate(board), NULL, "the board is valid");
}

static void test_migration(apr_pool_t *pool)
{
    glance_board_t *old = board_of(pool, "main:100;gone:5;patron:6");
    glance_board_t *board = board_of(pool, "patron:3;new:4;main:200");
    glance_transition_t was;

    report(old, 0, GLANCE_ONLINE, 10 * SECOND);
    report(old, 99, GLANCE_RESUMING, 11 * SECOND);
    report(old, 101, GLANCE_OFFLINE, 12 * SECOND);
    report(old, 105, GLANCE_STARTING, 13 * SECOND);
    report(old, 110, GLANCE_STARTING, 13 * SECOND);
    glance_board_migrate(board, old);
    is(changes_since(pool, board, 0), "0=4 7=3 106=6", "states migrate by cluster name and id");
    is_number(board->shards[7].last_heartbeat, 10 * SECOND, "with the last heartbeat");
    is_number(board->shards[7].reported, GLANCE_ONLINE, "and the last report");
    is_number(glance_board_deadline(board), 0, "a sweep is due");
    is(sweep(pool, board, 40 * SECOND), "7:3>1(30)", "and the silent are found");
    ok(report(old, 0, GLANCE_ONLINE, 14 * SECOND) == GLANCE_SUPERSEDED,
       "the old board takes no report");
    ok(glance_board_heartbeat(old, 0, 14 * SECOND, TIMEOUT, &was) == GLANCE_SUPERSEDED,
       "and no heartbeat");
    is(sweep(pool, old, 900 * SECOND), "", "and marks no shard unhealthy");
    ok(glance_board_deadline(old) == GLANCE_NO_MOMENT, "and has no deadline");
    is(glance_board_validate(board), NULL, "the new board is valid");
    is(glance_board_validate(old), NULL, "so is the old one");
}

static void test_notification(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:1");

    ok(!glance_board_take_request(board), "no notification is requested");
    glance_board_request_notification(board);
    glance_board_request_notification(board);
    ok(glance_board_take_request(board), "now it is");
    ok(!glance_board_take_request(board), "once");
}

/* The board's own table of clusters, in the memory that all processes share. */
static glance_board_cluster_t *table_of(const glance_board_t *board, const char *first)
{
    char *at = (char *)board->header;

    while (memcmp(at, first, strlen(first) + 1) != 0) {
        at++;
    }
    return (void *)at;
}

/* Any process of the server can overwrite all of this, and the parent goes on using it. */
static void test_damage(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:70;patron:6");
    apr_size_t size = glance_board_size(clusters_of(pool, "main:70;patron:6"));
    glance_board_cluster_t *table = table_of(board, "main");
    glance_board_cluster_t sound[2];
    glance_board_t *heir = board_of(pool, "patron:6;main:70");
    glance_board_t *other;

    memcpy(sound, table, sizeof sound);
    table[1].first = 1000000;
    ok(glance_board_open(&other, board->header, size, pool) == APR_EINVAL,
       "a cluster beyond the end is no board");
    is_number(glance_board_find(board, "patron", 6)->first, 70, "an earlier view is not affected");
    memcpy(table, sound, sizeof sound);
    table[0].shards = 71;
    ok(glance_board_open(&other, board->header, size, pool) == APR_EINVAL, "nor is one too long");
    memcpy(table, sound, sizeof sound);
    table[1].shards = 5;
    ok(glance_board_open(&other, board->header, size, pool) == APR_EINVAL, "nor one too short");
    memcpy(table, sound, sizeof sound);
    memset(table[1].name, 'x', sizeof table[1].name);
    ok(glance_board_open(&other, board->header, size, pool) == APR_EINVAL,
       "nor one whose name has no end");
    report(board, 74, GLANCE_ONLINE, SECOND);
    report(board, 75, GLANCE_ONLINE, SECOND);
    report(board, 69, GLANCE_ONLINE, SECOND);
    board->shards[74].reported = GLANCE_STATES;
    board->shards[69].state = 0xee;
    is_number(live(board, 74, SECOND), APR_NOTFOUND, "an invalid report counts as none");
    is(changes_since(pool, board, 0), "69=0 74=0 75=3", "and its shard unknown");
    memset(board->header, 0xff, (char *)board->shards - (char *)board->header);
    glance_board_repair(board);
    glance_board_migrate(heir, board);
    is_number(heir->shards[5].state, GLANCE_ONLINE, "states migrate from a damaged board");
    is_number(heir->shards[4].reported, GLANCE_NEVER, "an invalid report does not migrate");
    is_number(heir->shards[4].state, GLANCE_UNKNOWN, "nor does its state");
    is_number(heir->shards[75].state, GLANCE_UNKNOWN, "an invalid state becomes unknown");
    is_number(heir->shards[75].reported, GLANCE_ONLINE, "its report migrates");
    is(glance_board_validate(heir), NULL, "and the new board is valid");
}

static void test_validate(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:70");

    report(board, 65, GLANCE_ONLINE, SECOND);
    board->shards[65].state = 7;
    is(glance_board_validate(board), "a shard has an invalid state", "a wrong state is found");
    board->shards[65].state = GLANCE_ONLINE;
    board->shards[65].reported = 9;
    is(glance_board_validate(board), "a shard has an invalid report", "a wrong report");
    board->shards[65].reported = GLANCE_ONLINE;
    board->shards[65].sequences[GLANCE_CHANGE] = 2;
    is(glance_board_validate(board), "a shard has a higher number than the board",
       "a number ahead");
    board->shards[65].sequences[GLANCE_CHANGE] = 1;
    board->shards[3].sequences[GLANCE_CHANGE] = 1;
    is(glance_board_validate(board), "a shard has a higher number than its block",
       "a block behind");
    board->shards[3].sequences[GLANCE_CHANGE] = 0;
    is(glance_board_validate(board), NULL, "and a sound board is sound");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_places(pool);
    test_changes(pool);
    test_revision(pool);
    test_sweep(pool);
    test_migration(pool);
    test_notification(pool);
    test_damage(pool);
    test_validate(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
