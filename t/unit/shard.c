/* shard.c: how one shard moves between its states.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/shard.h"

#include "tap.h"

#define TIMEOUT 30

int main(void)
{
    glance_shard_t shard;
    int state;

    is(glance_state_name(0), "unknown", "0 is unknown");
    is(glance_state_name(1), "unhealthy", "1 is unhealthy");
    is(glance_state_name(2), "offline", "2 is offline");
    is(glance_state_name(3), "online", "3 is online");
    is(glance_state_name(4), "starting", "4 is starting");
    is(glance_state_name(5), "stopping", "5 is stopping");
    is(glance_state_name(6), "resuming", "6 is resuming");
    is(glance_state_name(7), "invalid", "7 is no state");
    is(glance_state_name(-1), "invalid", "-1 is no state");

    glance_shard_init(&shard, 5);
    ok(!glance_shard_is_known(&shard), "a new shard has reported nothing");
    is_number(shard.state, GLANCE_UNKNOWN, "a new shard is unknown");
    ok(glance_shard_deadline(&shard, TIMEOUT) == GLANCE_NO_MOMENT, "an unknown shard is never due");

    is_number(glance_shard_report(&shard, GLANCE_ONLINE, 10), 1, "the first report is a change");
    is_number(shard.state, GLANCE_ONLINE, "it has the state reported");
    is_number(shard.reported, GLANCE_ONLINE, "and keeps what was reported");
    is_number(glance_shard_deadline(&shard, TIMEOUT), 40, "its deadline is a timeout later");

    is_number(glance_shard_report(&shard, GLANCE_ONLINE, 12), 0, "the same state is no change");
    is_number(shard.since, 10, "it has been in that state since before");
    is_number(shard.last_heartbeat, 12, "but it is a heartbeat");
    is_number(glance_shard_heartbeat(&shard, 14), 0, "a heartbeat is no change");
    is_number(shard.last_heartbeat, 14, "as is this");

    glance_shard_report(&shard, GLANCE_OFFLINE, 20);
    glance_shard_mark_unhealthy(&shard, 60);
    is_number(shard.state, GLANCE_UNHEALTHY, "it becomes unhealthy whatever it was");
    is_number(shard.reported, GLANCE_OFFLINE, "what it reported is kept");
    is_number(shard.last_heartbeat, 20, "its last heartbeat is kept");
    is_number(shard.since, 60, "it is unhealthy since now");
    ok(glance_shard_deadline(&shard, TIMEOUT) == GLANCE_NO_MOMENT,
       "unhealthy, it is not due again");
    is_number(glance_shard_heartbeat(&shard, 70), 1, "a heartbeat changes an unhealthy shard");
    is_number(shard.state, GLANCE_ONLINE, "to online, not to what it was before");
    is_number(shard.recovered, 1, "it has recovered");
    is_number(shard.heartbeat_is_change, 1, "and its last heartbeat changed its state");
    glance_shard_heartbeat(&shard, 71);
    is_number(shard.heartbeat_is_change, 0, "until the next heartbeat");
    glance_shard_report(&shard, GLANCE_STOPPING, 72);
    is_number(shard.recovered, 0, "a report is no recovery");
    is_number(shard.heartbeat_is_change, 1, "but a heartbeat that changed its state");
    glance_shard_mark_unhealthy(&shard, 200);
    is_number(shard.heartbeat_is_change, 1, "to become unhealthy is no heartbeat");

    for (state = 0; state < GLANCE_STATES; state++) {
        glance_shard_init(&shard, 0);
        glance_shard_report(&shard, (glance_state_e)state, 1);
        ok(glance_shard_deadline(&shard, TIMEOUT)
               == (state == GLANCE_UNHEALTHY ? GLANCE_NO_MOMENT : 31),
           "reported %s, it %s due", glance_state_name(state),
           state == GLANCE_UNHEALTHY ? "is not" : "is");
    }
    return done_testing();
}
