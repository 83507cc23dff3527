/* process.c: what live/ keeps in one process.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/process.h"

glance_live_process_t glance_live_process;
