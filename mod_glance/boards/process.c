/* process.c: all that boards/ keeps in one process.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/process.h"

glance_process_t glance_process = {
    .lock_errors = {.span = APR_USEC_PER_SEC, .most = 5},
    .silences = {.span = APR_USEC_PER_SEC, .most = 50},
    .returns = {.span = APR_USEC_PER_SEC, .most = 50},
};
