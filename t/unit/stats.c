/* stats.c: what the module counts for mod_status.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/counters.h"

#include "tap.h"

/* A process id that no process has: that of a child which has just ended. */
static apr_int32_t dead_pid(void)
{
    pid_t child;

    (void)fflush(stdout); /* or the child prints what is in its copy of the buffer */
    child = fork();
    if (child == 0) {
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return (apr_int32_t)child;
}

int main(void)
{
    glance_stats_t *stats = calloc(1, glance_stats_size(3));
    glance_stats_child_t *place;
    glance_stats_child_t sum;

    glance_stats_init(stats, 3);
    glance_stats_add(stats, GLANCE_STAT_BYTES, 40);
    glance_stats_add(stats, GLANCE_STAT_BYTES, 2);
    is_number((long long)glance_stats_total(stats, GLANCE_STAT_BYTES), 42, "totals add up");
    is_number((long long)glance_stats_total(stats, GLANCE_STAT_SHED), 0, "each on its own");

    place = glance_stats_enter(stats);
    ok(place == &stats->children[0], "a child gets the first free place");
    glance_stats_hold(place, 5, 2);
    sum = glance_stats_sum(stats);
    ok(sum.pid == 1 && sum.clear == 5 && sum.tls == 2, "what it holds is counted");

    stats->children[1].pid = dead_pid();
    stats->children[1].clear = 100;
    sum = glance_stats_sum(stats);
    ok(sum.pid == 1 && sum.clear == 5, "what a dead child held is not");
    ok(glance_stats_enter(stats) == &stats->children[1], "its place is free again");
    is_number(stats->children[1].clear, 0, "and clean");
    ok(glance_stats_enter(stats) == &stats->children[2], "the next place");
    ok(!glance_stats_enter(stats), "a child too many gets none");
    glance_stats_hold(NULL, 1, 1);
    glance_stats_leave(NULL);
    glance_stats_leave(place);
    ok(glance_stats_enter(stats) == place, "a place that was given back is free");
    free(stats);
    return done_testing();
}
