/* counters.c: what the module counts for mod_status.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/counters.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

apr_size_t glance_counters_size(apr_uint32_t children)
{
    return sizeof(glance_counters_t) + children * sizeof(glance_counters_child_t);
}

void glance_counters_init(glance_counters_t *counters, apr_uint32_t children)
{
    memset(counters, 0, glance_counters_size(children));
    counters->child_count = children;
}

void glance_counters_add(glance_counters_t *counters, glance_counter_e counter, apr_uint64_t amount)
{
    __atomic_add_fetch(&counters->totals[counter], amount, __ATOMIC_RELAXED);
}

apr_uint64_t glance_counters_total(const glance_counters_t *counters, glance_counter_e counter)
{
    return __atomic_load_n(&counters->totals[counter], __ATOMIC_RELAXED);
}

static int is_alive(apr_int32_t pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

void glance_counters_note_save(glance_counters_t *counters, apr_int64_t now, int succeeded)
{
    if (succeeded) {
        __atomic_store_n(&counters->saved, now, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&counters->save_failed, (apr_uint32_t)!succeeded, __ATOMIC_RELAXED);
}

apr_int64_t glance_counters_last_save(const glance_counters_t *counters, int *failed)
{
    *failed = __atomic_load_n(&counters->save_failed, __ATOMIC_RELAXED) != 0;
    return __atomic_load_n(&counters->saved, __ATOMIC_RELAXED);
}

glance_counters_child_t *glance_counters_enter(glance_counters_t *counters)
{
    apr_uint32_t i;

    for (i = 0; i < counters->child_count; i++) {
        glance_counters_child_t *child = &counters->children[i];
        apr_int32_t pid = __atomic_load_n(&child->pid, __ATOMIC_ACQUIRE);

        if ((!pid || !is_alive(pid))
            && __atomic_compare_exchange_n(&child->pid, &pid, (apr_int32_t)getpid(), 0,
                                           __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            glance_counters_hold(child, 0, 0);
            return child;
        }
    }
    return NULL;
}

void glance_counters_hold(glance_counters_child_t *child, apr_uint32_t clear, apr_uint32_t tls)
{
    if (child) {
        __atomic_store_n(&child->clear, clear, __ATOMIC_RELAXED);
        __atomic_store_n(&child->tls, tls, __ATOMIC_RELAXED);
    }
}

void glance_counters_leave(glance_counters_child_t *child)
{
    if (child) {
        glance_counters_hold(child, 0, 0);
        __atomic_store_n(&child->pid, 0, __ATOMIC_RELEASE);
    }
}

glance_counters_child_t glance_counters_sum(const glance_counters_t *counters)
{
    glance_counters_child_t sum = {0, 0, 0};
    apr_uint32_t i;

    for (i = 0; i < counters->child_count; i++) {
        const glance_counters_child_t *child = &counters->children[i];
        apr_int32_t pid = __atomic_load_n(&child->pid, __ATOMIC_ACQUIRE);

        if (pid && is_alive(pid)) {
            sum.pid++;
            sum.clear += __atomic_load_n(&child->clear, __ATOMIC_RELAXED);
            sum.tls += __atomic_load_n(&child->tls, __ATOMIC_RELAXED);
        }
    }
    return sum;
}
