/* pieces.c: snapshots, lists of changes and sweeps in pieces, with writers between them.
 *
 * SPDX-License-Identifier: ISC
 */
#include <string.h>

#include "fixture.h"

#include "core/board_migrate.h"
#include "core/board_repair.h"
#include "core/mapping.h"
#include "core/plain.h"
#include "core/snapshot.h"

#define LAST 9999
#define WALL apr_time_from_sec(1732428000)

static const char *changes_since(apr_pool_t *pool, const glance_board_t *board, apr_uint64_t seq)
{
    glance_changes_t changes = {0};
    const char *text = "";
    apr_size_t i;

    glance_board_since(board, GLANCE_CHANGE, seq, &changes);
    for (i = 0; i < changes.count; i++) {
        text = apr_psprintf(pool, "%s%s%u=%u", text, i ? " " : "", changes.list[i].shard,
                            changes.list[i].state);
    }
    glance_changes_free(&changes);
    return text;
}

static void test_snapshot(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:10000");
    glance_snapshot_t *snapshot = glance_snapshot_make(board);
    int pieces = 1;

    report(board, 0, GLANCE_ONLINE, SECOND);
    report(board, LAST, GLANCE_ONLINE, SECOND);
    glance_snapshot_begin(snapshot, WALL, 2 * SECOND);
    ok(glance_snapshot_copy(snapshot), "a large board takes more than one piece");
    report(board, 0, GLANCE_OFFLINE, 3 * SECOND);
    report(board, LAST, GLANCE_STARTING, 3 * SECOND);
    while (glance_snapshot_copy(snapshot)) {
        pieces++;
    }
    is_number(pieces, (LAST + GLANCE_PIECE) / GLANCE_PIECE - 1, "as many as it has shards for");
    is_number((long long)snapshot->seq, 2, "its number is that of the first piece");
    is_number((long long)snapshot->heartbeat, 2, "so is that of heartbeats");
    is_number(snapshot->rows[0].state, GLANCE_ONLINE, "a change behind it is not in it");
    is_number(snapshot->rows[LAST].state, GLANCE_STARTING, "a change ahead of it is");
    is_number(snapshot->rows[LAST].since, 0, "and is not younger than the copy");
    is(changes_since(pool, board, snapshot->seq), "0=2 9999=4", "both are told after its number");
    glance_snapshot_release(snapshot);
}

static void test_cluster(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "large:10000;small:2");
    const glance_board_cluster_t *small = &board->clusters[1];
    glance_snapshot_t *snapshot = glance_snapshot_make_cluster(board, small);

    report(board, 10001, GLANCE_ONLINE, SECOND);
    glance_snapshot_begin(snapshot, WALL, 2 * SECOND);
    ok(!glance_snapshot_copy(snapshot), "one cluster is copied without the others");
    is_number(snapshot->count, 2, "into as many rows as it has shards");
    is_number(glance_snapshot_rows(snapshot, small)[1].state, GLANCE_ONLINE, "with its states");
    is_number(glance_snapshot_count(snapshot, small).of[GLANCE_UNKNOWN], 1, "and its counts");
    glance_snapshot_release(snapshot);
}

/* A writer is killed between two pieces, and the next hold repairs its record. */
static void test_killed(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:10000");
    glance_snapshot_t *snapshot = glance_snapshot_make(board);

    report(board, 7, GLANCE_ONLINE, SECOND);
    glance_snapshot_begin(snapshot, WALL, 2 * SECOND);
    glance_snapshot_copy(snapshot);
    glance_board_begin_write(board, 7);
    board->shards[7].state = GLANCE_OFFLINE;
    glance_board_repair(board);
    while (glance_snapshot_copy(snapshot)) {
    }
    is_number(snapshot->rows[7].state, GLANCE_ONLINE, "what a killed writer wrote is not in it");
    is(changes_since(pool, board, snapshot->seq), "7=2", "but is told after its number");
    glance_snapshot_release(snapshot);
}

static void test_changes(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:10000");
    glance_changes_t changes = {0};
    apr_uint64_t upto;
    apr_uint32_t at = 0;
    apr_uint32_t i;

    for (i = 0; i <= LAST; i++) {
        report(board, i, GLANCE_ONLINE, SECOND);
    }
    upto = glance_board_latest(board, GLANCE_CHANGE);
    glance_board_since_piece(board, GLANCE_CHANGE, 0, &changes, &at);
    ok(at > 0 && at <= GLANCE_PIECE, "changes come in pieces");
    report(board, 0, GLANCE_OFFLINE, 2 * SECOND);
    report(board, LAST, GLANCE_STARTING, 2 * SECOND);
    while (at < board->shard_count) {
        glance_board_since_piece(board, GLANCE_CHANGE, 0, &changes, &at);
    }
    is_number((long long)changes.count, LAST + 1, "each shard is told once");
    is_number(changes.list[0].state, GLANCE_ONLINE, "without a change behind the search");
    is_number(changes.list[LAST].state, GLANCE_STARTING, "with a change ahead of it");
    is(changes_since(pool, board, upto), "0=2 9999=4", "both are told after its number");
    changes.count = 0;
    at = 0;
    glance_board_since_piece(board, GLANCE_CHANGE, upto, &changes, &at);
    ok(at == board->shard_count, "blocks without changes cost little of a piece");
    glance_changes_free(&changes);
}

static void begin_sweep(glance_board_sweep_t *sweep, glance_board_t *board, glance_moment_t now)
{
    glance_board_sweep_begin(sweep, board, now, TIMEOUT);
    glance_board_sweep_piece(sweep, board, NULL);
}

static void end_sweep(glance_board_sweep_t *sweep, glance_board_t *board)
{
    while (glance_board_sweep_piece(sweep, board, NULL)) {
    }
}

static void test_sweep(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:10000");
    glance_board_sweep_t sweep;

    report(board, 0, GLANCE_ONLINE, 10 * SECOND);
    report(board, LAST, GLANCE_ONLINE, 11 * SECOND);
    report(board, LAST - 1, GLANCE_ONLINE, 35 * SECOND);
    begin_sweep(&sweep, board, 42 * SECOND);
    is_number(board->shards[0].state, GLANCE_UNHEALTHY, "the first piece marks its shards");
    is_number(board->shards[LAST].state, GLANCE_ONLINE, "and no others");
    is_number(glance_board_deadline(board), 42 * SECOND + GLANCE_SWEEP_GRAIN,
              "if the sweeper is killed now, another one is due soon");
    end_sweep(&sweep, board);
    is_number(board->shards[LAST].state, GLANCE_UNHEALTHY, "the last piece marks the last");
    is_number(glance_board_deadline(board), 65 * SECOND, "and finds the deadline");

    begin_sweep(&sweep, board, 50 * SECOND);
    live(board, LAST, 50 * SECOND);
    live(board, 1, 50 * SECOND);
    report(board, 1, GLANCE_ONLINE, 51 * SECOND);
    end_sweep(&sweep, board);
    is_number(glance_board_deadline(board), 65 * SECOND, "an earlier deadline counts");
    report(board, LAST - 1, GLANCE_UNHEALTHY, 52 * SECOND);
    report(board, LAST, GLANCE_UNHEALTHY, 52 * SECOND);
    report(board, 1, GLANCE_UNHEALTHY, 52 * SECOND);
    begin_sweep(&sweep, board, 60 * SECOND);
    report(board, 0, GLANCE_ONLINE, 61 * SECOND);
    end_sweep(&sweep, board);
    is_number(glance_board_deadline(board), 90 * SECOND,
              "a shard written behind the sweep is not missed");

    begin_sweep(&sweep, board, 62 * SECOND);
    glance_board_expect_sweep(board);
    end_sweep(&sweep, board);
    is_number(glance_board_deadline(board), 0, "a sweep that is expected meanwhile is still due");
    begin_sweep(&sweep, board, 63 * SECOND);
    glance_board_close(board);
    end_sweep(&sweep, board);
    ok(glance_board_deadline(board) == GLANCE_NO_MOMENT, "a board replaced meanwhile has none");
    is(glance_board_validate(board), NULL, "the board is valid");
}

static void test_plain(apr_pool_t *pool)
{
    glance_board_t *board = board_of(pool, "main:2");
    glance_snapshot_t *snapshot = glance_snapshot_make(board);
    glance_buffer_t *text;
    glance_buffer_t *again;

    glance_snapshot_take(snapshot, WALL, SECOND);
    text = glance_plain_get(snapshot);
    again = glance_plain_get(snapshot);
    ok(text && text == again, "readers of one snapshot share its text");
    glance_buffer_release(again);
    glance_snapshot_release(snapshot);
    ok(strstr(string_of(pool, text), "main: 0 of 2 online") != NULL, "which outlives it");
}

static void test_mapping(void)
{
    const apr_size_t small = 100;
    const apr_size_t large = GLANCE_MAPPING_MIN;
    char *memory = glance_mapping_make(small);

    strcpy(memory, "states");
    memory = glance_mapping_resize(memory, small, large);
    is(memory, "states", "memory that becomes large keeps its content");
    memory = glance_mapping_resize(memory, large, 16 * large);
    is(memory, "states", "also when it grows further");
    memory[16 * large - 1] = 1;
    memory = glance_mapping_resize(memory, 16 * large, small);
    is(memory, "states", "and when it becomes small again");
    glance_mapping_free(memory, small);
    memory = glance_mapping_resize(NULL, 0, large);
    ok(memory && !memory[large - 1], "it can begin with nothing");
    glance_mapping_free(memory, large);
    glance_mapping_free(NULL, large);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_snapshot(pool);
    test_cluster(pool);
    test_killed(pool);
    test_changes(pool);
    test_sweep(pool);
    test_plain(pool);
    test_mapping();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
