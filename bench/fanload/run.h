/* run.h: the phases of a run, and what is measured at their borders.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_RUN_H
#define FANLOAD_RUN_H

#include <stdint.h>

#include "usage.h"

/* At one border of the window in which processor time is measured */
typedef struct {
    usage_t server;
    double client;
    load_t system;
    int64_t time;
} mark_t;

typedef struct {
    usage_t before, open, end; /* of the server, with memory */
    double slab_before, slab_open;
    mark_t window[2];
    /* of a restart: */
    mark_t restart[2];
    uint64_t full_before, resumed_before; /* handshakes */
    int are_all_back;
} measures_t;

extern measures_t measures;

/* Goes through all phases. */
void run(void);

#endif
