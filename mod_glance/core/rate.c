/* rate.c: limits how many lines a cause can write to the log.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/rate.h"

int glance_rate_pass(glance_rate_t *rate, glance_moment_t now, apr_uint32_t *withheld)
{
    glance_moment_t began = __atomic_load_n(&rate->began, __ATOMIC_RELAXED);

    *withheld = 0;
    if ((!began || now - began >= rate->span)
        && __atomic_compare_exchange_n(&rate->began, &began, now, 0, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED)) {
        __atomic_store_n(&rate->passed, 0, __ATOMIC_RELAXED);
    }
    if (__atomic_add_fetch(&rate->passed, 1, __ATOMIC_RELAXED) <= rate->most) {
        *withheld = __atomic_exchange_n(&rate->withheld, 0, __ATOMIC_RELAXED);
        return 1;
    }
    __atomic_add_fetch(&rate->withheld, 1, __ATOMIC_RELAXED);
    return 0;
}
