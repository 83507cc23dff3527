/* counters.c: what the module counts for mod_status.
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
    glance_counters_t *counters = calloc(1, glance_counters_size(3));
    glance_counters_child_t *place;
    glance_counters_child_t sum;

    glance_counters_init(counters, 3);
    glance_counters_add(counters, GLANCE_COUNTER_BYTES, 40);
    glance_counters_add(counters, GLANCE_COUNTER_BYTES, 2);
    is_number((long long)glance_counters_total(counters, GLANCE_COUNTER_BYTES), 42,
              "totals add up");
    is_number((long long)glance_counters_total(counters, GLANCE_COUNTER_SHED), 0,
              "each on its own");

    place = glance_counters_enter(counters);
    ok(place == &counters->children[0], "a child gets the first free place");
    glance_counters_hold(place, 5, 2);
    sum = glance_counters_sum(counters);
    ok(sum.pid == 1 && sum.clear == 5 && sum.tls == 2, "what it holds is counted");

    counters->children[1].pid = dead_pid();
    counters->children[1].clear = 100;
    sum = glance_counters_sum(counters);
    ok(sum.pid == 1 && sum.clear == 5, "what a dead child held is not");
    ok(glance_counters_enter(counters) == &counters->children[1], "its place is free again");
    is_number(counters->children[1].clear, 0, "and clean");
    ok(glance_counters_enter(counters) == &counters->children[2], "the next place");
    ok(!glance_counters_enter(counters), "a child too many gets none");
    glance_counters_hold(NULL, 1, 1);
    glance_counters_leave(NULL);
    glance_counters_leave(place);
    ok(glance_counters_enter(counters) == place, "a place that was given back is free");
    free(counters);
    return done_testing();
}
