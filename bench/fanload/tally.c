/* tally.c: the state of the run, and what is counted in it.
 *
 * SPDX-License-Identifier: ISC
 */
#include "tally.h"

schedule_t schedule;
tally_t tally;
