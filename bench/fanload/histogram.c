/* histogram.c: times in buckets of at most 1.6 % width.
 *
 * Below 64 ns each value has a bucket. Each power of two above has 64 buckets of equal width.
 *
 * SPDX-License-Identifier: ISC
 */
#include "histogram.h"

#include "base.h"

#define LARGEST ((INT64_C(1) << 41) - 1)

static int bucket_of(int64_t time)
{
    int shift;

    if (time < 64) {
        return (int)time;
    }
    shift = 63 - __builtin_clzll((unsigned long long)time) - 6;
    return shift * 64 + (int)(time >> shift);
}

static double middle_of(int bucket)
{
    int shift = bucket < 64 ? 0 : bucket / 64 - 1;
    double width = (double)(INT64_C(1) << shift);

    return (bucket - shift * 64) * width + width / 2;
}

void histogram_add(histogram_t *histogram, int64_t time)
{
    if (time < 0) {
        time = 0;
    }
    if (time > LARGEST) {
        time = LARGEST;
    }
    histogram->buckets[bucket_of(time)]++;
    histogram->count++;
    histogram->sum += (double)time;
    if (time > histogram->max) {
        histogram->max = time;
    }
}

double histogram_quantile(const histogram_t *histogram, double quantile)
{
    uint64_t wanted = (uint64_t)(quantile * (double)histogram->count + 0.5);
    uint64_t counted = histogram->buckets[0];
    double max = (double)histogram->max;
    double middle;
    int i = 0;

    if (!histogram->count) {
        return 0;
    }
    while ((counted < wanted || !counted) && i < HISTOGRAM_BUCKETS - 1) {
        counted += histogram->buckets[++i];
    }
    middle = middle_of(i);
    return (middle > max ? max : middle) / (double)MILLISECOND;
}

double histogram_max(const histogram_t *histogram)
{
    return (double)histogram->max / (double)MILLISECOND;
}

double histogram_mean(const histogram_t *histogram)
{
    return histogram->count ? histogram->sum / (double)histogram->count / (double)MILLISECOND : 0;
}
