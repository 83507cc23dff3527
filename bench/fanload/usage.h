/* usage.h: processor time and memory of processes and of the system, from /proc.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_USAGE_H
#define FANLOAD_USAGE_H

/* Of all processes of --rss-tree together: seconds and bytes. */
typedef struct {
    int processes;
    double cpu;    /* by ticks */
    double exact;  /* of the threads that live, to the nanosecond; -1: the kernel does not tell */
    double reaped; /* of children that have ended */
    double pss;    /* 0 unless asked for */
} usage_t;

/* Seconds of the whole system */
typedef struct {
    double busy, softirq, steal;
} load_t;

usage_t usage_of_server(int with_memory);
double usage_of_client(void);
load_t usage_of_system(void);

/* The kernel's memory, in KB */
double usage_slab(void);

#endif
