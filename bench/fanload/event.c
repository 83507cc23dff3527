/* event.c: the events that were sent, and which viewers have received them.
 *
 * SPDX-License-Identifier: ISC
 */
#include "event.h"

#include "base.h"
#include "options.h"

#define WORD 64

event_t *event_all;
uint32_t event_count;

static uint32_t room;
static uint32_t *current; /* by number: the event plus one; 0: none */

void event_make_room(double seconds)
{
    room = (uint32_t)(options.rate * seconds) + 16;
    event_all = make(room, sizeof *event_all);
    current = make((size_t)options.mod, sizeof *current);
}

event_t *event_begin(void)
{
    if (event_count == room) {
        return NULL;
    }
    current[event_count % (uint32_t)options.mod] = event_count + 1;
    return &event_all[event_count++];
}

/* Sets the viewer's bit. Returns 0 if it was set. */
static int mark_seen(event_t *event, int viewer)
{
    uint64_t bit = UINT64_C(1) << (viewer % WORD);

    if (!event->seen) {
        event->seen = make((size_t)options.viewers / WORD + 1, sizeof *event->seen);
    }
    if (event->seen[viewer / WORD] & bit) {
        return 0;
    }
    event->seen[viewer / WORD] |= bit;
    return 1;
}

void event_receive(receiver_t *receiver, uint64_t number, int64_t now)
{
    uint32_t found = number < (uint64_t)options.mod ? current[number] : 0;
    event_t *event;

    if (!found) {
        tally.unknown++;
        return;
    }
    event = &event_all[found - 1];
    if (!mark_seen(event, receiver->viewer)) {
        tally.duplicates += event->part != DURING_WARMUP;
        return;
    }
    tally.out_of_order += found - 1 < receiver->last;
    receiver->last = found - 1;
    tally.received++;
    tally.last_event = now;
    /* An older event waited until the viewer was back: that is no latency. */
    if (receiver->opened <= event->sent) {
        histogram_add(&tally.latency[event->part], now - event->sent);
    }
    event->last_received = now;
    event->received++;
}
