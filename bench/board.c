/* board.c: CPU time of a sweep and of a search for changes, on boards of several sizes.
 *
 *   board [RUNS]     default 101
 *
 * Prints a line for each measurement: what, number of shards, median microseconds.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "apr_general.h"
#include "apr_strings.h"

#include "core/board.h"

#define MOST_RUNS 101
#define TIMEOUT APR_INT64_C(30000000)

static int runs = MOST_RUNS;

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int ascending(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;

    return (difference > 0) - (difference < 0);
}

static void print_median(const char *what, unsigned shards, double *times)
{
    qsort(times, (size_t)runs, sizeof *times, ascending);
    printf("%-34s %9u shards %9.1f us\n", what, shards, times[runs / 2]);
}

static glance_board_t *make_board(apr_pool_t *pool, unsigned shards)
{
    apr_array_header_t *clusters = apr_array_make(pool, 1, sizeof(glance_cluster_t));
    glance_board_t *board = NULL;
    glance_transition_t was;
    apr_size_t size;
    void *base;
    unsigned i;

    glance_clusters_add(clusters, apr_psprintf(pool, "main:%u", shards), pool);
    size = glance_board_size(clusters);
    base = calloc(1, size);
    glance_board_init(base, clusters, 1, 0);
    glance_board_open(&board, base, size, pool);
    for (i = 0; i < shards; i++) {
        glance_board_report(board, i, GLANCE_ONLINE, 1 + i, TIMEOUT, &was);
    }
    return board;
}

static void time_sweeps(glance_board_t *board, unsigned shards)
{
    double times[MOST_RUNS];
    int run;

    for (run = 0; run < runs; run++) {
        double before = cpu_us();

        glance_board_sweep(board, TIMEOUT, TIMEOUT, NULL);
        times[run] = cpu_us() - before;
    }
    print_median("sweep, nobody silent", shards, times);
}

static void time_changes(glance_board_t *board, unsigned shards, const char *what,
                         apr_uint64_t since)
{
    glance_changes_t changes = {0};
    double times[MOST_RUNS];
    int run;

    for (run = 0; run < runs; run++) {
        double before = cpu_us();

        glance_board_since(board, GLANCE_CHANGE, since, &changes);
        times[run] = cpu_us() - before;
    }
    print_median(what, shards, times);
    glance_changes_free(&changes);
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {1000, 20000, 100000, 1000000};
    size_t i;

    if (argc > 1 && atoi(argv[1]) > 0 && atoi(argv[1]) < runs) {
        runs = atoi(argv[1]);
    }
    apr_initialize();
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned shards = sizes[i];
        apr_pool_t *pool;
        glance_board_t *board;

        apr_pool_create(&pool, NULL);
        board = make_board(pool, shards);
        time_sweeps(board, shards);
        time_changes(board, shards, "changes since, none", shards);
        time_changes(board, shards, "changes since, 200 of them", shards - 200);
        time_changes(board, shards, "changes since, all of them", 0);
        free(board->header);
        apr_pool_destroy(pool);
    }
    apr_terminate();
    return 0;
}
