/* tally.h: the state of the run, and what is counted in it.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_TALLY_H
#define FANLOAD_TALLY_H

#include <stdint.h>

#include "histogram.h"

typedef enum { RAMP, SETTLE, RUN, RETURN, DRAIN, DONE } phase_t;

/* When an event was sent. The figures of the three are kept apart. */
typedef enum { DURING_WARMUP, DURING_RUN, DURING_RETURN, PARTS } part_t;

typedef struct {
    phase_t phase;
    int64_t began;     /* the first POST is due */
    int64_t warm;      /* the warm-up ends */
    int64_t ends;      /* no POST from here on */
    int64_t restarted; /* 0: not yet */
} schedule_t;

typedef struct {
    uint64_t sent, accepted, refused, unanswered, resent;
    histogram_t times;
} posts_t;

typedef struct {
    int opened, failed, dropped, open, away;
    int back, by_update, by_hello, failed_returns;
    uint64_t received, duplicates, unknown, out_of_order;
    uint64_t bytes, bytes_in_run, reads;
    uint64_t websocket_pings, websocket_closes, websocket_errors, other_content_types;
    uint64_t full_handshakes, resumed_handshakes;
    int64_t first_connect, last_open, last_event;
    char tls[80];        /* version and cipher; empty without TLS */
    char error[160];     /* the first failure of a viewer */
    char post_error[80]; /* the first status line other than 2xx */
    histogram_t latency[PARTS], connecting, returning, post_lag;
    posts_t posts[PARTS];
    uint64_t post_reconnects;
    uint64_t deliveries_due; /* accepted POSTs, times their viewers */
} tally_t;

extern schedule_t schedule;
extern tally_t tally;

#endif
