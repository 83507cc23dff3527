/* viewer.h: the viewers: each opens a stream or feed, and receives events.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_VIEWER_H
#define FANLOAD_VIEWER_H

#include <stdint.h>

/* Makes the viewers of the options. None connects yet. Their events in the epoll set carry their
 * index plus one. */
void viewers_make(int poll);

/* Connects as many more as --ramp and the limit of handshakes allow. Returns whether some are left.
 */
int viewers_ramp(int64_t began);

/* Connects again those whose retry time is over. */
void viewers_return(void);

void viewer_handle(int index, uint32_t epoll_events);

void viewers_close(void);

#endif
