/* timing.c: does the time of the passphrase check reveal how much of a guess is right?
 *
 *   timing [SAMPLES]     of each kind of guess, default 400000
 *
 * Four kinds of guesses have the same length: no byte right, half of the bytes right, all but the
 * last byte right, and the secret itself. They are checked in random order. Welch's t compares the
 * time of each kind to that of the first; below 4.5 the samples show no difference. A comparison
 * that stops at the first wrong byte is measured as well, to show that the method detects it.
 * Measured times depend on the machine: a noisy one may need a second try.
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

#define CALLS 20 /* in one sample: one call takes about one step of the clock */
#define KINDS 4
#define SIGNIFICANT 4.5

typedef int (*check_fn_t)(const char *header);

static const char secret[] = "f3b1c9a87d2e4f60b5a1c3d7e9f80246b8a0c2d4e6f7081b";
static apr_array_header_t *keys;
static int samples = 400000;

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

/* Running mean and sum of squared differences from it */
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

/* All guesses are read from the same address, since the address influences the time. */
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

/* Longer samples were interrupted by the scheduler. */
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
    for (i = 0; i < samples * KINDS; i++) {
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

int main(int argc, char **argv)
{
    glance_key_t key = {secret, NULL};
    glance_key_t other = {"another secret, of another length", "patron"};
    apr_pool_t *pool;
    double ours;
    double theirs;

    if (argc > 1) {
        samples = atoi(argv[1]);
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    keys = apr_array_make(pool, 2, sizeof(glance_key_t));
    APR_ARRAY_PUSH(keys, glance_key_t) = key;
    APR_ARRAY_PUSH(keys, glance_key_t) = other;
    ours = measure("glance_auth_allows()", constant);
    theirs = measure("a comparison that stops at the first wrong byte", careless);
    printf("timing: glance_auth_allows() %s; the other comparison %s\n",
           ours < SIGNIFICANT ? "reveals nothing" : "REVEALS THE SECRET",
           theirs < SIGNIFICANT ? "was not detected: TOO NOISY" : "was detected");
    apr_terminate();
    return 0;
}
