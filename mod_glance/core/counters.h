/* counters.h: what the module counts for mod_status, for all children.
 *
 * It lies in shared memory: totals that only grow, and a place for each child with its current
 * viewers. Any thread of any process may call all functions, without a lock.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_COUNTERS_H
#define GLANCE_CORE_COUNTERS_H

#include "apr.h"

/** Totals. */
typedef enum {
    GLANCE_COUNTER_STREAMS,    /* streams held open, ever */
    GLANCE_COUNTER_FEEDS,      /* feeds held open, ever */
    GLANCE_COUNTER_POLLS,      /* streams answered by the polling fallback */
    GLANCE_COUNTER_BROADCASTS, /* events broadcast to the viewers of a board */
    GLANCE_COUNTER_BYTES,      /* bytes of these that sockets took at the first write */
    GLANCE_COUNTER_SLOW,       /* viewers dropped for being too slow */
    GLANCE_COUNTER_SHED        /* viewers dropped because descriptors or memory ran short */
} glance_counter_e;

#define GLANCE_COUNTERS 7

/** Viewers that a child holds now. */
typedef struct {
    apr_int32_t pid; /* 0: the place is free */
    apr_uint32_t clear;
    apr_uint32_t tls;
} glance_counters_child_t;

typedef struct {
    apr_uint64_t totals[GLANCE_COUNTERS];
    apr_int64_t saved; /* when the state file was written last, wall clock; 0: never */
    apr_uint32_t save_failed;
    apr_uint32_t child_count;
    glance_counters_child_t children[];
} glance_counters_t;

/** Bytes that the counters need for this number of children. */
apr_size_t glance_counters_size(apr_uint32_t children);

/** Prepares memory of glance_counters_size() bytes. */
void glance_counters_init(glance_counters_t *counters, apr_uint32_t children);

/** Adds to a total. */
void glance_counters_add(glance_counters_t *counters, glance_counter_e counter,
                         apr_uint64_t amount);

apr_uint64_t glance_counters_total(const glance_counters_t *counters, glance_counter_e counter);

/** Records an attempt to write the state file. @a now is a glance_moment_t: the wall clock
 * may be set. */
void glance_counters_note_save(glance_counters_t *counters, apr_int64_t now, int succeeded);

/** When the state file was last written (a glance_moment_t; 0: never), and whether writing has
 * failed since. */
apr_int64_t glance_counters_last_save(const glance_counters_t *counters, int *failed);

/** Finds a place for this process: a free one, or that of a process that has ended.
 * @return NULL if there is none. This child is not counted then. */
glance_counters_child_t *glance_counters_enter(glance_counters_t *counters);

/** Sets how many viewers the child holds. @a child may be NULL. */
void glance_counters_hold(glance_counters_child_t *child, apr_uint32_t clear, apr_uint32_t tls);

/** Frees the place. @a child may be NULL. */
void glance_counters_leave(glance_counters_child_t *child);

/** The sum over all living children; `pid` is their number. */
glance_counters_child_t glance_counters_sum(const glance_counters_t *counters);

#endif
