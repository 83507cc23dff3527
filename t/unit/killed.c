/* killed.c: a writer killed at any instruction leaves a board that can be repaired.
 *
 * A child writes to a shared board without pause and counts what it has finished; the parent kills
 * it, repairs, and compares.
 *
 * SPDX-License-Identifier: ISC
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/board_repair.h"

#include "fixture.h"

#define ROUNDS 300
#define SHARDS 200

/* What the child has finished, kept in shared memory. */
typedef struct {
    volatile apr_uint64_t finished;
    volatile apr_byte_t states[SHARDS];
} ledger_t;

static void *shared(apr_size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        printf("Bail out! no shared memory\n");
        exit(1);
    }
    return memory;
}

static void write_for_ever(glance_board_t *board, ledger_t *ledger)
{
    apr_uint64_t i;

    for (i = 0;; i++) {
        apr_uint32_t shard = (apr_uint32_t)(i * 7 % SHARDS);
        glance_state_e state = (glance_state_e)(i * 13 % GLANCE_STATES);

        if (i % 5 == 4) {
            glance_board_sweep(board, (glance_moment_t)i, 3, NULL);
        }
        report(board, shard, state, (glance_moment_t)i);
        ledger->states[shard] = (apr_byte_t)state;
        ledger->finished = i + 1;
    }
}

/* Shards whose report is not the last finished one. The shard that was being written may be ahead
 * of the ledger by one report. */
static int count_wrong(const glance_board_t *board, const ledger_t *ledger)
{
    apr_uint32_t at = (apr_uint32_t)(ledger->finished * 7 % SHARDS);
    int count = 0;
    apr_uint32_t i;

    for (i = 0; i < SHARDS; i++) {
        const glance_shard_t *shard = &board->shards[i];

        if (i != at && glance_shard_is_known(shard) && shard->reported != ledger->states[i]) {
            count++;
        }
    }
    return count;
}

static void wait_for_life(const ledger_t *ledger)
{
    while (ledger->finished < SHARDS) {
        usleep(50);
    }
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_array_header_t *clusters = clusters_of(pool, "main:200");
    apr_size_t size = glance_board_size(clusters);
    void *base = shared(size);
    ledger_t *ledger = shared(sizeof *ledger);
    glance_board_t *board;
    int dirty = 0;
    int invalid = 0;
    int wrong = 0;
    int untold = 0;
    int round;

    glance_board_init(base, clusters, 1, 0);
    glance_board_open(&board, base, size, pool);
    for (round = 0; round < ROUNDS; round++) {
        apr_uint64_t before;
        pid_t child;

        ledger->finished = 0;
        child = fork();
        if (child == 0) {
            write_for_ever(board, ledger);
        }
        wait_for_life(ledger);
        usleep((useconds_t)(round % 97));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        before = glance_board_latest(board, GLANCE_CHANGE);
        if (glance_board_is_dirty(board)) {
            dirty++;
            glance_board_repair(board);
            untold += glance_board_latest(board, GLANCE_CHANGE) <= before;
        }
        invalid += glance_board_validate(board) != NULL;
        wrong += count_wrong(board, ledger);
    }
    ok(dirty > 0, "some of %d kills hit a writer half way (%d)", ROUNDS, dirty);
    is_number(invalid, 0, "after the repair, every board is valid");
    is_number(wrong, 0, "no finished report is lost");
    is_number(untold, 0, "viewers get a repaired record again");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
