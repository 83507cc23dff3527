/* hub.c: the thread of each child that serves all its viewers.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/hub.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "ap_mpm.h"

#include "core/clock.h"
#include "boards/retained.h"
#include "boards/sweep.h"
#include "live/broadcast.h"
#include "live/limits.h"
#include "live/tls.h"

#define EVENTS_AT_ONCE 256

/* An idle hub wakes so often, among other things to free what glance_store_expire() can free. */
#define SLEEP_MAX_MS 10000

/* How long prefork waits for the hub to end the streams, and then for it to notice that it must
 * stop at once. */
#define GOODBYE_MS 200
#define ABANDON_MS 100

/* When viewers of a child that ends return. */
#define RETURN_MS 500
#define RETURN_SLOWLY_MS 4000
#define RETURN_EACH_MS 1
#define RETURN_EACH_PREFORK_MS 50

/* How long a thread waits for the hub to send viewers away: longer than a round takes. */
#define RELIEF_SECONDS 1

/* Allocated by malloc() and never freed. On prefork, pools are destroyed while the thread still
 * runs. On other MPMs, a worker thread that was not joined may still read it. */
typedef struct {
    server_rec *server;
    glance_broadcast_t *broadcasts; /* one a store, by the store's index */
    int broadcast_count;
    int poll;      /* epoll */
    int wakeup_fd; /* eventfd: a viewer has come, a thread needs relief, or the child stops */
    int state_fd;  /* eventfd: the thread has started and, on prefork, has ended the streams */
    int watches_changes;
    int stopping;    /* the streams must end */
    int abandoned;   /* the process is about to exit: the thread must touch nothing more */
    int is_threaded; /* the MPM has threads, and can wait for this one */
    pthread_t thread;
    pthread_mutex_t relief_mutex; /* guards the next three */
    pthread_cond_t relief;
    unsigned relief_requests; /* so far */
    unsigned relief_given;    /* how many of them are answered */
    pthread_mutex_t mutex;    /* guards the next two */
    glance_viewers_t incoming;
    int closed;                    /* no more viewers are accepted */
    glance_moment_t resting_until; /* no broadcast before */
    glance_limits_t limits;
    glance_counters_child_t *place;
} hub_t;

static hub_t *hub;

/* epoll reports the address of one of these marks if the event is not a viewer's. */
static char wakeup_mark;
static char change_mark;

static void write_event(int descriptor)
{
    apr_uint64_t one = 1;

    /* This fails only if the counter is full, and then the descriptor is readable already. */
    if (write(descriptor, &one, sizeof one) < 0) {
        return;
    }
}

static int is_stopping(void)
{
    return __atomic_load_n(&hub->stopping, __ATOMIC_ACQUIRE);
}

/* ---- the thread ---- */

static void admit(glance_viewer_t *viewer, glance_moment_t now)
{
    if (glance_connection_watch(&viewer->connection, hub->poll, glance_viewer_reads(viewer), viewer)
        != APR_SUCCESS) {
        glance_viewer_free(viewer);
        return;
    }
    glance_broadcast_join(&hub->broadcasts[viewer->store->index], viewer, now);
}

static void admit_incoming(glance_moment_t now)
{
    glance_viewers_t incoming;
    apr_uint64_t count;

    /* This comes first: a viewer that comes later wakes the hub again. */
    if (read(hub->wakeup_fd, &count, sizeof count) < 0) {
        return;
    }
    APR_RING_INIT(&incoming, glance_viewer_t, link);
    pthread_mutex_lock(&hub->mutex);
    APR_RING_CONCAT(&incoming, &hub->incoming, glance_viewer_t, link);
    pthread_mutex_unlock(&hub->mutex);
    while (!APR_RING_EMPTY(&incoming, glance_viewer_t, link)) {
        glance_viewer_t *viewer = APR_RING_FIRST(&incoming);

        APR_RING_REMOVE(viewer, link);
        admit(viewer, now);
    }
}

/* A client that has closed its side may have sent something that needs a reply. */
static void serve(glance_viewer_t *viewer, apr_uint32_t events, glance_moment_t now)
{
    int has_left = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;

    if ((!has_left || glance_viewer_reads(viewer))
        && !glance_broadcast_handle_ready(viewer->broadcast, viewer, now)) {
        return;
    }
    if (has_left) {
        glance_broadcast_leave(viewer->broadcast, viewer, now);
    }
}

static void handle_event(const struct epoll_event *event, glance_moment_t now)
{
    if (event->data.ptr == &wakeup_mark) {
        admit_incoming(now);
    }
    else if (event->data.ptr == &change_mark) {
        return; /* glance_broadcast_run() finds what has changed */
    }
    else {
        serve(event->data.ptr, event->events, now);
    }
}

static void watch(int descriptor, apr_uint32_t events, void *mark)
{
    struct epoll_event event = {.events = events, .data = {.ptr = mark}};

    if (epoll_ctl(hub->poll, EPOLL_CTL_ADD, descriptor, &event)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, apr_get_os_error(), hub->server,
                     GLANCE_LOGNO(0040) "cannot watch a descriptor of the hub");
    }
}

/* A hub without viewers need not wake up when a board changes. */
static void watch_changes(void)
{
    int has_viewers = glance_viewer_count() != 0;

    if (has_viewers && !hub->watches_changes) {
        watch(glance_retained_change_fd(), EPOLLIN | EPOLLET, &change_mark);
    }
    else if (!has_viewers && hub->watches_changes) {
        (void)epoll_ctl(hub->poll, EPOLL_CTL_DEL, glance_retained_change_fd(), NULL);
    }
    hub->watches_changes = has_viewers;
}

/* A new deadline is at least one timeout away, so a sleep of one timeout misses none. */
static glance_moment_t sweep_due(const glance_store_t *store, glance_moment_t now)
{
    glance_moment_t deadline = glance_board_deadline(store->board);
    glance_moment_t limit = now + store->times.timeout;

    limit = limit < now + GLANCE_SWEEP_GRAIN ? now + GLANCE_SWEEP_GRAIN : limit;
    return deadline < limit ? deadline : limit;
}

/* The next moment at which the hub must act even if no event arrives. */
static glance_moment_t next_due(glance_moment_t now)
{
    glance_moment_t broadcast = GLANCE_NO_MOMENT;
    glance_moment_t due = glance_limits_due(&hub->limits);
    int i;

    for (i = 0; i < hub->broadcast_count; i++) {
        glance_moment_t next = glance_broadcast_sleep_until(&hub->broadcasts[i]);
        glance_moment_t sweep = sweep_due(hub->broadcasts[i].store, now);

        broadcast = next < broadcast ? next : broadcast;
        due = sweep < due ? sweep : due;
    }
    broadcast = broadcast < hub->resting_until ? hub->resting_until : broadcast;
    return broadcast < due ? broadcast : due;
}

static int sleep_ms(glance_moment_t now)
{
    glance_moment_t due = next_due(now);

    if (due <= now) {
        return 0;
    }
    /* Rounded up: a hub that wakes too early must sleep once more. */
    due = (due - now + 999) / 1000;
    return due < SLEEP_MAX_MS ? (int)due : SLEEP_MAX_MS;
}

/* ---- relief for threads that lack descriptors ---- */

/* Answers all requests so far. */
static void give_relief(glance_moment_t now)
{
    unsigned asked;

    pthread_mutex_lock(&hub->relief_mutex);
    asked = hub->relief_requests;
    pthread_mutex_unlock(&hub->relief_mutex);
    if (asked == hub->relief_given) {
        return;
    }
    glance_limits_check_descriptors(&hub->limits, now);
    pthread_mutex_lock(&hub->relief_mutex);
    hub->relief_given = asked;
    pthread_cond_broadcast(&hub->relief);
    pthread_mutex_unlock(&hub->relief_mutex);
}

/* ---- one turn ---- */

static void count_viewers(void)
{
    glance_counters_hold(hub->place, glance_viewer_count_of(GLANCE_CLEAR),
                         glance_viewer_count_of(GLANCE_TLS));
}

/* The hub rests for as long as its broadcasts took, so they get at most half of a processor. With
 * more viewers the interval grows, and bots are answered first. */
static void run_broadcasts(glance_moment_t now)
{
    glance_moment_t end;
    int i;

    if (now < hub->resting_until) {
        return;
    }
    for (i = 0; i < hub->broadcast_count; i++) {
        glance_broadcast_run(&hub->broadcasts[i], now);
    }
    end = glance_clock_now();
    hub->resting_until = end + (end - now);
}

static void run_once(void)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(hub->poll, events, EVENTS_AT_ONCE, sleep_ms(glance_clock_now()));
    glance_moment_t now = glance_clock_now();
    int i;

    for (i = 0; i < count; i++) {
        handle_event(&events[i], now);
    }
    if (is_stopping()) {
        return;
    }
    give_relief(now);
    watch_changes();
    for (i = 0; i < hub->broadcast_count; i++) {
        glance_sweep_if_due(hub->broadcasts[i].store);
    }
    run_broadcasts(glance_clock_now());
    glance_limits_run(&hub->limits, now);
    glance_store_expire();
    count_viewers();
}

/* ---- the end ---- */

static int is_abandoned(void)
{
    return __atomic_load_n(&hub->abandoned, __ATOMIC_ACQUIRE);
}

static void close_incoming(void)
{
    pthread_mutex_lock(&hub->mutex);
    hub->closed = 1;
    while (!APR_RING_EMPTY(&hub->incoming, glance_viewer_t, link)) {
        glance_viewer_t *viewer = APR_RING_FIRST(&hub->incoming);

        APR_RING_REMOVE(viewer, link);
        glance_viewer_free(viewer);
    }
    pthread_mutex_unlock(&hub->mutex);
}

/* The MPM waits for its threads, so everything is ended and freed in order. */
static void end_streams(void)
{
    glance_moment_t now = glance_clock_now();
    int i;

    for (i = 0; i < hub->broadcast_count; i++) {
        glance_broadcast_goodbye(&hub->broadcasts[i], NULL);
    }
    close_incoming();
    for (i = 0; i < hub->broadcast_count; i++) {
        glance_broadcast_end(&hub->broadcasts[i], now);
    }
    glance_counters_leave(hub->place);
}

/* On prefork the process may end at any moment from here on. Its main thread may be in a signal
 * handler and hold the allocator's lock or the hub's. So the clients get their goodbye, the log
 * gets its lines, and nothing is freed. */
static void end_streams_in_passing(void)
{
    int i;

    for (i = 0; i < hub->broadcast_count; i++) {
        glance_broadcast_goodbye(&hub->broadcasts[i], is_abandoned);
    }
    for (i = 0; i < hub->broadcast_count; i++) {
        glance_broadcast_log_end(&hub->broadcasts[i], is_abandoned);
    }
    if (!is_abandoned()) {
        glance_counters_leave(hub->place);
    }
}

static void *run(void *data)
{
    (void)data;
    write_event(hub->state_fd);
    while (!is_stopping()) {
        run_once();
    }
    if (hub->is_threaded) {
        end_streams();
        return NULL;
    }
    end_streams_in_passing();
    write_event(hub->state_fd);
    for (;;) {
        pause(); /* the thread ends with the process */
    }
}

/* ---- from other threads ---- */

void glance_hub_adopt(glance_viewer_t *viewer)
{
    int closed = 1;

    if (hub) {
        pthread_mutex_lock(&hub->mutex);
        closed = hub->closed;
        if (!closed) {
            APR_RING_INSERT_TAIL(&hub->incoming, viewer, glance_viewer_t, link);
        }
        pthread_mutex_unlock(&hub->mutex);
    }
    if (closed) {
        glance_viewer_free(viewer);
    }
    if (hub) {
        write_event(hub->wakeup_fd);
    }
}

void glance_hub_relieve(void)
{
    struct timespec limit;
    unsigned mine;

    if (!hub || is_stopping() || !glance_viewer_count()) {
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += RELIEF_SECONDS;
    pthread_mutex_lock(&hub->relief_mutex);
    mine = ++hub->relief_requests;
    write_event(hub->wakeup_fd);
    while ((int)(hub->relief_given - mine) < 0
           && pthread_cond_timedwait(&hub->relief, &hub->relief_mutex, &limit) == 0) {
        continue;
    }
    pthread_mutex_unlock(&hub->relief_mutex);
}

int glance_hub_has_room(void)
{
    return hub && !is_stopping() && glance_limits_have_room(&hub->limits);
}

void glance_hub_stop(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    (void)graceful;
    if (hub) {
        __atomic_store_n(&hub->stopping, 1, __ATOMIC_RELEASE);
        write_event(hub->wakeup_fd);
    }
}

/* ---- start and end ---- */

/* Waits for the thread's next message, at most so many milliseconds; -1 means without limit. The
 * thread sends one when it runs and, on prefork, another one when the streams have ended. poll()
 * and read() are allowed in a signal handler. Returns whether the message came. */
static int await_thread(int milliseconds)
{
    struct pollfd state = {.fd = hub->state_fd, .events = POLLIN};
    apr_uint64_t count;
    int ready;

    do {
        ready = poll(&state, 1, milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 && read(hub->state_fd, &count, sizeof count) > 0;
}

/* This runs before pchild's own cleanups, which destroy what the thread uses. */
static apr_status_t end_thread(void *data)
{
    (void)data;
    if (!hub) {
        return APR_SUCCESS;
    }
    glance_hub_stop(NULL, 0);
    if (hub->is_threaded) {
        (void)pthread_join(hub->thread, NULL);
        return APR_SUCCESS;
    }
    /* This may run in a signal handler that interrupted anything: a bounded wait is safe, a join is
     * not. The process exits soon and ends the thread. Before that, httpd destroys what the thread
     * uses, so the thread must have stopped by then. */
    if (!await_thread(GOODBYE_MS)) {
        __atomic_store_n(&hub->abandoned, 1, __ATOMIC_RELEASE);
        (void)await_thread(ABANDON_MS);
    }
    return APR_SUCCESS;
}

/* With MaxConnectionsPerChild, each viewer that returns brings the end of a child nearer, so
 * viewers return more slowly. On prefork, each viewer that returns occupies a process for a moment.
 * If many returned at once, httpd would start processes for them and end these a second later, with
 * the viewers that they hold. */
static glance_return_t returns(void)
{
    return (glance_return_t){.least = glance_limits_connections_per_child() ? RETURN_SLOWLY_MS
                                                                            : RETURN_MS,
                             .each = hub->is_threaded ? RETURN_EACH_MS : RETURN_EACH_PREFORK_MS};
}

static void make_mutexes(void)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&hub->mutex, NULL);
    pthread_mutex_init(&hub->relief_mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&hub->relief, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static apr_status_t make_hub(server_rec *server, const glance_hub_settings_t *settings)
{
    glance_store_t *store;
    int threaded = 0;

    hub = calloc(1, sizeof *hub);
    if (!hub) {
        return APR_ENOMEM;
    }
    make_mutexes();
    hub->server = server;
    hub->broadcast_count = glance_store_all()->index + 1;
    hub->broadcasts = calloc((size_t)hub->broadcast_count, sizeof *hub->broadcasts);
    hub->poll = epoll_create1(EPOLL_CLOEXEC);
    hub->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    hub->state_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    APR_RING_INIT(&hub->incoming, glance_viewer_t, link);
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    hub->is_threaded = threaded != AP_MPMQ_NOT_SUPPORTED;
    if (!hub->broadcasts || hub->poll < 0 || hub->wakeup_fd < 0 || hub->state_fd < 0) {
        return apr_get_os_error();
    }
    glance_limits_init(&hub->limits, server, settings->max_viewers, hub->broadcasts,
                       hub->broadcast_count);
    for (store = glance_store_all(); store; store = store->next) {
        glance_broadcast_init(&hub->broadcasts[store->index], store, settings->stream_interval,
                              returns(), &hub->stopping);
    }
    watch(hub->wakeup_fd, EPOLLIN, &wakeup_mark);
    return APR_SUCCESS;
}

/* APR keeps its record of a thread in a pool, which prefork may destroy before the thread begins.
 * So this uses pthread. */
static apr_status_t start_thread(void)
{
    int rv = pthread_create(&hub->thread, NULL, run, NULL);

    if (rv) {
        return rv;
    }
    (void)await_thread(-1);
    return APR_SUCCESS;
}

static apr_status_t start(apr_pool_t *pchild, server_rec *server,
                          const glance_hub_settings_t *settings)
{
    apr_status_t rv = make_hub(server, settings);

    if (rv == APR_SUCCESS) {
        glance_tls_child_init();
        hub->place = glance_counters_enter(glance_retained_counters());
        rv = start_thread();
    }
    if (rv == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(pchild, NULL, end_thread);
    }
    return rv;
}

void glance_hub_start(apr_pool_t *pchild, server_rec *server, const glance_hub_settings_t *settings)
{
    sigset_t all;
    sigset_t before;
    apr_status_t rv;

    if (!glance_store_all()) {
        return;
    }
    /* httpd's own threads handle signals. On prefork the handler ends the process, and must find
     * either a running hub or none. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = start(pchild, server, settings);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server,
                     GLANCE_LOGNO(0041) "cannot start the hub of a child; its streams are answered "
                                        "by polling");
        hub = NULL;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
