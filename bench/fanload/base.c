/* base.c: time, memory and text.
 *
 * SPDX-License-Identifier: ISC
 */
#include "base.h"

#include <err.h>
#include <stdlib.h>
#include <time.h>

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

int64_t seconds_to_ns(double seconds)
{
    return (int64_t)(seconds * (double)SECOND);
}

void *make(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (!memory) {
        errx(2, "out of memory");
    }
    return memory;
}

void cut_to_printable(char *text)
{
    while (*text >= ' ' && *text <= '~' && *text != '"' && *text != '\\') {
        text++;
    }
    *text = '\0';
}
