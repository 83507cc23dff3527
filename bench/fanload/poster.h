/* poster.h: sends the POSTs, one for each event, over one kept-alive connection.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_POSTER_H
#define FANLOAD_POSTER_H

#include <stdint.h>

/* Connects. Its events in the epoll set carry 0. */
void poster_open(int poll);

void poster_handle(uint32_t epoll_events);

/* Sends what is due. Returns the nanoseconds until the next POST is due. */
int64_t poster_tick(void);

/* Whether a POST has no answer yet */
int poster_is_busy(void);

#endif
