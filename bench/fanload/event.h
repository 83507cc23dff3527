/* event.h: the events that were sent, and which viewers have received them.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_EVENT_H
#define FANLOAD_EVENT_H

#include <stdint.h>

#include "tally.h"

typedef struct {
    int64_t sent, answered, last_received; /* answered: 0 until then */
    int expected, received;                /* viewers */
    int status;                            /* of the POST; -1: the connection ended instead */
    part_t part;
    uint64_t *seen; /* a bit for each viewer; NULL: nobody yet */
} event_t;

/* What a viewer needs to receive events. */
typedef struct {
    int viewer;
    uint32_t last; /* event received */
    int64_t opened;
} receiver_t;

extern event_t *event_all;
extern uint32_t event_count;

/* Makes room for all events of a run. */
void event_make_room(double seconds);

/* The next event, now current under its number modulo --mod. NULL: no room is left. */
event_t *event_begin(void);

/* A viewer has received the current event of that number. */
void event_receive(receiver_t *receiver, uint64_t number, int64_t now);

#endif
