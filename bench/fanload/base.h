/* base.h: time, memory and text.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_BASE_H
#define FANLOAD_BASE_H

#include <stddef.h>
#include <stdint.h>

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)

/* All times of fanload are nanoseconds of CLOCK_MONOTONIC. */
int64_t now_ns(void);

int64_t seconds_to_ns(double seconds);

/* Zeroed memory, never freed. Exits if there is none. */
void *make(size_t count, size_t size);

/* Ends the text before the first byte that JSON would have to escape. */
void cut_to_printable(char *text);

#endif
