/* run.c: the phases of a run, and what is measured at their borders.
 *
 * SPDX-License-Identifier: ISC
 */
#include "run.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base.h"
#include "event.h"
#include "options.h"
#include "poster.h"
#include "tally.h"
#include "viewer.h"

#define CONNECT_TIMEOUT (60 * SECOND)
#define RETURN_TIMEOUT 120.0
#define AT_ONCE 256
#define LOOK_INTERVAL (5 * MILLISECOND)

measures_t measures;

static int poll_fd;
static int64_t phase_began;
static int is_measuring;

static void enter(phase_t phase)
{
    schedule.phase = phase;
    phase_began = now_ns();
}

static mark_t take_mark(void)
{
    mark_t mark = {.server = usage_of_server(0),
                   .client = usage_of_client(),
                   .system = usage_of_system(),
                   .time = now_ns()};

    return mark;
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* Each of these returns the nanoseconds after which it wants to be called again. */
static int64_t ramp(void)
{
    int is_over = tally.opened + tally.failed >= options.viewers;

    if (is_over || now_ns() - phase_began > CONNECT_TIMEOUT) {
        poster_open(poll_fd);
        enter(SETTLE);
    }
    return LOOK_INTERVAL;
}

static int64_t settle(void)
{
    if (now_ns() - phase_began <= seconds_to_ns(options.settle)) {
        return LOOK_INTERVAL;
    }
    measures.open = usage_of_server(1);
    measures.slab_open = usage_slab();
    schedule.began = now_ns();
    schedule.warm = schedule.began + seconds_to_ns(options.warmup);
    schedule.ends = schedule.warm + seconds_to_ns(options.seconds);
    enter(RUN);
    return 0;
}

static void begin_return(void)
{
    measures.window[1] = take_mark();
    measures.end = usage_of_server(1);
    measures.full_before = tally.full_handshakes;
    measures.resumed_before = tally.resumed_handshakes;
    measures.restart[0] = take_mark();
    schedule.restarted = measures.restart[0].time = now_ns();
    schedule.ends = schedule.restarted + seconds_to_ns(RETURN_TIMEOUT);
    enter(RETURN);
    if (kill(options.restart, SIGUSR1)) {
        errx(2, "kill: %s", strerror(errno));
    }
}

static int64_t run_load(void)
{
    int64_t now = now_ns();

    if (!is_measuring && now >= schedule.warm) {
        measures.window[0] = take_mark();
        is_measuring = 1;
    }
    if (now < schedule.ends) {
        return earlier(poster_tick(), (is_measuring ? schedule.ends : schedule.warm) - now);
    }
    if (options.restart) {
        begin_return();
    }
    else {
        enter(DRAIN);
    }
    return 0;
}

static int64_t await_return(void)
{
    measures.are_all_back = tally.back >= tally.opened - tally.dropped;
    if (!measures.are_all_back && now_ns() < schedule.ends) {
        return earlier(poster_tick(), LOOK_INTERVAL);
    }
    measures.restart[1] = take_mark();
    enter(DRAIN);
    return MILLISECOND;
}

static int64_t drain(void)
{
    int is_over = !poster_is_busy() && tally.received >= tally.deliveries_due;
    double slab;

    if (!is_over && now_ns() - phase_began <= seconds_to_ns(options.drain)) {
        return 2 * MILLISECOND;
    }
    if (!options.restart) {
        measures.window[1] = take_mark();
        measures.end = usage_of_server(1);
    }
    slab = usage_slab();
    if (slab > measures.slab_open) {
        measures.slab_open = slab;
    }
    enter(DONE);
    return 0;
}

static int64_t step(void)
{
    switch (schedule.phase) {
    case RAMP:
        return ramp();
    case SETTLE:
        return settle();
    case RUN:
        return run_load();
    case RETURN:
        return await_return();
    case DRAIN:
        return drain();
    default:
        return 0;
    }
}

static void handle(const struct epoll_event *ready, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        if (ready[i].data.u64) {
            viewer_handle((int)ready[i].data.u64 - 1, ready[i].events);
        }
        else {
            poster_handle(ready[i].events);
        }
        if (i % 32 == 31) {
            poster_tick(); /* a POST that is due does not wait for all viewers */
        }
    }
}

/* Waits at most so many nanoseconds. */
static void wait_for_events(int64_t time)
{
    struct epoll_event ready[AT_ONCE];
    struct timespec timeout = {.tv_sec = time / SECOND, .tv_nsec = time % SECOND};
    int count = epoll_pwait2(poll_fd, ready, AT_ONCE, &timeout, NULL);

    if (count < 0 && errno != EINTR) {
        errx(2, "epoll_pwait2: %s", strerror(errno));
    }
    handle(ready, count);
}

void run(void)
{
    int64_t began;

    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    viewers_make(poll_fd);
    event_make_room(options.warmup + options.seconds + (options.restart ? RETURN_TIMEOUT : 0));
    measures.before = usage_of_server(1);
    measures.slab_before = usage_slab();
    enter(RAMP);
    began = phase_began;
    while (schedule.phase != DONE) {
        int64_t time = 20 * MILLISECOND;

        if (schedule.phase == RAMP && viewers_ramp(began)) {
            time = MILLISECOND;
        }
        viewers_return();
        time = earlier(time, step());
        if (schedule.phase != DONE) {
            wait_for_events(time > 0 ? time : 0);
        }
    }
    viewers_close();
}
