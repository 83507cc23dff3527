/* timing.c: does the time of the passphrase check tell how much of a guess was right?
 *
 * Guesses of one length that have 0, a half, or all but one of a secret's bytes right, and the
 * secret itself, are checked in random order; each kind's time is compared to that of the first by
 * Welch's t. Below 4.5 nothing can be told by this many samples. A comparison that stops at the
 * first wrong byte is measured the same way, to show that the method would see it.
 *
 * SPDX-License-Identifier: ISC
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apr_general.h"
#include "apr_pools.h"

#include "core/auth.h"

#define SAMPLES 400000
#define CALLS 20 /* in one sample, as the clock's own step is about that of one */
#define KINDS 4
#define TELLING 4.5

typedef int (*check_fn_t)(const char *header);

static const char secret[] = "f3b1c9a87d2e4f60b5a1c3d7e9f80246b8a0c2d4e6f7081b";
static apr_array_header_t *keys;

static int constant(const char *header)
{
    return glance_auth_allows(header, keys, "main", 4);
}

static int careless(const char *header)
{
    size_t i;

    for (i = 0; secret[i]; i++) {
        if (((const volatile char *)header)[i] != secret[i]) {
            return 0;
        }
    }
    return !header[i];
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

/* Running mean and sum of squares; samples beyond a bound are the scheduler's doing. */
typedef struct {
    double count, mean, squares;
} series_t;

static void add(series_t *series, double value)
{
    double delta = value - series->mean;

    series->count++;
    series->mean += delta / series->count;
    series->squares += delta * (value - series->mean);
}

static double welch(const series_t *a, const series_t *b)
{
    double va = a->squares / (a->count - 1) / a->count;
    double vb = b->squares / (b->count - 1) / b->count;

    return fabs(a->mean - b->mean) / sqrt(va + vb);
}

/* From one place in memory, whatever the guess: where bytes lie has a time of its own. */
static double sample(check_fn_t check, const char *guess)
{
    static char header[sizeof secret] __attribute__((aligned(64)));
    static volatile int sink;
    double began;
    int i;

    memcpy(header, guess, sizeof header);
    sink += check(header);
    began = now();
    for (i = 0; i < CALLS; i++) {
        sink += check(header);
    }
    return (now() - began) / CALLS;
}

static double bound_of(check_fn_t check, const char *guess)
{
    double least = 1e9;
    int i;

    for (i = 0; i < 10000; i++) {
        double time = sample(check, guess);

        least = time < least ? time : least;
    }
    return least * 3;
}

/* Returns the largest t. */
static double measure(const char *name, check_fn_t check)
{
    static const char *const what[KINDS] = {"no byte right", "half of it right",
                                            "all but the last byte", "the secret itself"};
    size_t length = strlen(secret);
    size_t right[KINDS] = {0, length / 2, length - 1, length};
    char guesses[KINDS][sizeof secret];
    series_t series[KINDS] = {{0}};
    double bound;
    double worst = 0;
    int i;

    for (i = 0; i < KINDS; i++) {
        memset(guesses[i], 'z', length);
        memcpy(guesses[i], secret, right[i]);
        guesses[i][length] = '\0';
    }
    bound = bound_of(check, guesses[KINDS - 1]);
    for (i = 0; i < SAMPLES * KINDS; i++) {
        int kind = rand() % KINDS;
        double time = sample(check, guesses[kind]);

        if (time < bound) {
            add(&series[kind], time);
        }
    }
    printf("%s\n", name);
    for (i = 0; i < KINDS; i++) {
        double t = i ? welch(&series[0], &series[i]) : 0;

        printf("  %-22s %7.2f ns, %.0f samples, t %5.2f\n", what[i], series[i].mean,
               series[i].count, t);
        worst = t > worst ? t : worst;
    }
    return worst;
}

int main(void)
{
    glance_key_t key = {secret, NULL};
    glance_key_t other = {"another secret, of another length", "patron"};
    apr_pool_t *pool;
    double ours;
    double theirs;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    keys = apr_array_make(pool, 2, sizeof(glance_key_t));
    APR_ARRAY_PUSH(keys, glance_key_t) = key;
    APR_ARRAY_PUSH(keys, glance_key_t) = other;
    ours = measure("glance_auth_allows()", constant);
    theirs = measure("a comparison that stops at the first wrong byte", careless);
    printf("timing: %s; the careless one is %s\n",
           ours < TELLING ? "the time tells nothing" : "THE TIME TELLS",
           theirs < TELLING ? "not seen either: TOO NOISY" : "seen at once");
    apr_terminate();
    return ours >= TELLING || theirs < TELLING;
}
