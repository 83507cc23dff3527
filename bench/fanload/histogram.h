/* histogram.h: times in buckets of at most 1.6 % width.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_HISTOGRAM_H
#define FANLOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 2304

typedef struct {
    uint64_t count;
    int64_t max;
    double sum;
    uint64_t buckets[HISTOGRAM_BUCKETS];
} histogram_t;

void histogram_add(histogram_t *histogram, int64_t time);

/* These return milliseconds, and 0 for an empty histogram. The quantile is from 0 to 1. */
double histogram_quantile(const histogram_t *histogram, double quantile);
double histogram_max(const histogram_t *histogram);
double histogram_mean(const histogram_t *histogram);

#endif
