/* hub.c: the one thread of a child that serves all its viewers.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/hub.h"

#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "ap_mpm.h"

#include "directives.h"
#include "core/clock.h"
#include "core/rate.h"
#include "boards/retained.h"
#include "boards/sweep.h"
#include "live/broadcast.h"
#include "live/descriptors.h"
#include "live/tls.h"

#define EVENTS_AT_ONCE 256

/* How long prefork waits for the hub to end the streams, and then for it to heed that it must stop
 * where it is. */
#define GOODBYE_MS 200
#define ABANDON_MS 100

/* When viewers of a child that ends may come back. */
#define RETURN_MS 500
#define RETURN_SLOWLY_MS 4000
#define RETURN_EACH_MS 1
#define RETURN_EACH_PREFORK_MS 50

/* How often the hub looks whether descriptors or memory run short. */
#define LIMITS_INTERVAL apr_time_from_msec(250)

/* How long a thread waits for the hub to send viewers away: longer than a round takes. */
#define RELIEF_SECONDS 1

/* So much less in use than at the peak, and the allocator is asked to give it back. */
#define TEXT_BYTES_FREED ((apr_size_t)16 << 20)

/* Made by malloc() and never freed: it goes with the process. On prefork, pools go while the
 * thread still runs, and elsewhere a worker that was not joined may still look here. */
typedef struct {
    server_rec *server;
    glance_broadcast_t *broadcasts; /* one a store, by the store's index */
    int broadcast_count;
    int poll;      /* epoll */
    int wakeup_fd; /* eventfd: somebody has come, or the child stops */
    int state_fd;  /* eventfd: the thread runs; later, the streams have ended */
    int watches_changes;
    int stopping;    /* the streams are to end */
    int abandoned;   /* the process is about to exit: nothing more is to be touched */
    int is_threaded; /* the MPM's processes may wait for their threads */
    pthread_t thread;
    pthread_mutex_t relief_mutex; /* guards the next three */
    pthread_cond_t relief;
    unsigned asked_relief; /* how often threads have asked for it */
    unsigned given_relief; /* up to which of these it was given */
    pthread_mutex_t mutex; /* guards the next two */
    glance_viewers_t incoming;
    int closed;                    /* the hub takes nobody in any more */
    apr_uint32_t most;             /* viewers that the configuration allows */
    apr_uint32_t room;             /* that this moment allows: read by all threads */
    glance_moment_t next_limits;   /* when to look at descriptors and memory again */
    glance_moment_t resting_until; /* no broadcast before */
    apr_size_t peak;               /* of the texts' bytes, since memory was last given back */
    glance_counters_child_t *place;
} hub_t;

static hub_t *hub;

/* What epoll reports with events that are no viewer's. */
static char wakeup_mark;
static char change_mark;

static void write_event(int descriptor)
{
    apr_uint64_t one = 1;

    /* Can only fail if the counter is full, and then it is readable already. */
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

    /* Before the queue is looked at: who comes later wakes the hub again. */
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

/* The last that a client said may be worth an answer, though it has closed its side. */
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

static void take_event(const struct epoll_event *event, glance_moment_t now)
{
    if (event->data.ptr == &wakeup_mark) {
        admit_incoming(now);
    }
    else if (event->data.ptr == &change_mark) {
        return; /* glance_broadcast_run() sees what has changed */
    }
    else {
        serve(event->data.ptr, event->events, now);
    }
}

static void watch(int descriptor, apr_uint32_t events, void *sequence)
{
    struct epoll_event event = {.events = events, .data = {.ptr = sequence}};

    if (epoll_ctl(hub->poll, EPOLL_CTL_ADD, descriptor, &event)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, apr_get_os_error(), hub->server,
                     GLANCE_LOGNO(0040) "cannot watch a descriptor of the hub");
    }
}

/* A hub without viewers need not wake when a board changes. */
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

/* A shard can only get a deadline that is a timeout or more away, so a sleep of one timeout
 * misses none. */
static glance_moment_t sweep_due(const glance_store_t *store, glance_moment_t now)
{
    glance_moment_t deadline = glance_board_deadline(store->board);
    glance_moment_t limit = now + store->times.timeout;

    limit = limit < now + GLANCE_SWEEP_GRAIN ? now + GLANCE_SWEEP_GRAIN : limit;
    return deadline < limit ? deadline : limit;
}

/* When the hub must act even if nothing happens. */
static glance_moment_t next_due(glance_moment_t now)
{
    glance_moment_t broadcast = GLANCE_NO_MOMENT;
    glance_moment_t due = glance_viewer_count() || hub->room < hub->most ? hub->next_limits
                                                                         : GLANCE_NO_MOMENT;
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
    /* Rounded up: waking a moment too early would only mean to sleep once more. */
    due = (due - now + 999) / 1000;
    return due < 60000 ? (int)due : 60000;
}

/* ---- what is scarce ---- */

/* Sends viewers away, who come back elsewhere or are answered by polling. */
static void shed(apr_uint32_t count, apr_uint32_t held, glance_moment_t now)
{
    static glance_rate_t rate = {.span = apr_time_from_sec(10), .most = 1};
    apr_uint32_t withheld;
    apr_uint32_t total = 0;
    int i;

    for (i = 0; i < hub->broadcast_count && total < count; i++) {
        total += glance_broadcast_shed(&hub->broadcasts[i], count - total, now);
    }
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_SHED, total);
    if (glance_rate_pass(&rate, now, &withheld)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, hub->server,
                     GLANCE_LOGNO(0046) "descriptors run short in this child: sent %u of %u "
                                        "viewers away; raise the limit (ulimit -n)",
                     total, held);
    }
}

/* httpd's accept() must never lack a descriptor. */
static void watch_descriptors(glance_moment_t now)
{
    apr_uint32_t held = glance_viewer_count();
    apr_uint32_t room = glance_descriptors_room(held);

    __atomic_store_n(&hub->room, room < hub->most ? room : hub->most, __ATOMIC_RELAXED);
    if (room < held) {
        shed(held - room, held, now);
    }
}

/* Gives the threads that have asked for it so far what they wait for. */
static void give_relief(glance_moment_t now)
{
    unsigned asked;

    pthread_mutex_lock(&hub->relief_mutex);
    asked = hub->asked_relief;
    pthread_mutex_unlock(&hub->relief_mutex);
    if (asked == hub->given_relief) {
        return;
    }
    watch_descriptors(now);
    pthread_mutex_lock(&hub->relief_mutex);
    hub->given_relief = asked;
    pthread_cond_broadcast(&hub->relief);
    pthread_mutex_unlock(&hub->relief_mutex);
}

static void drop_slowest(glance_moment_t now)
{
    static glance_rate_t rate = {.span = apr_time_from_sec(10), .most = 1};
    apr_size_t limit = glance_broadcast_buffer_limit(hub->broadcasts, hub->broadcast_count);
    apr_uint32_t withheld;
    apr_uint32_t total = 0;
    apr_uint32_t dropped = 1;

    while (dropped && glance_buffer_total() > limit) {
        dropped = glance_broadcast_drop_slowest(hub->broadcasts, hub->broadcast_count, now);
        total += dropped;
    }
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_SHED, total);
    if (total && glance_rate_pass(&rate, now, &withheld)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, hub->server,
                     GLANCE_LOGNO(0047) "viewers of this child do not take what they are sent: "
                                        "dropped the %u slowest, for their texts took more than "
                                        "%u MiB",
                     total, (unsigned)(limit >> 20));
    }
}

/* Freed texts stay with the allocator, among what is still in use. */
static void give_memory_back(void)
{
    apr_size_t bytes = glance_buffer_total();

    if (bytes > hub->peak) {
        hub->peak = bytes;
    }
    else if (hub->peak - bytes >= TEXT_BYTES_FREED) {
#ifdef __GLIBC__
        (void)malloc_trim(0);
#endif
        hub->peak = bytes;
    }
}

static void watch_limits(glance_moment_t now)
{
    if (now < hub->next_limits) {
        return;
    }
    hub->next_limits = now + LIMITS_INTERVAL;
    watch_descriptors(now);
    drop_slowest(now);
    give_memory_back();
}

static void count_viewers(void)
{
    glance_counters_hold(hub->place, glance_viewer_count_of(GLANCE_CLEAR),
                         glance_viewer_count_of(GLANCE_TLS));
}

/* The hub rests for at least as long as its broadcasts took: half of a processor is the most that
 * they get. With a crowd the interval stretches by itself, and bots come first. */
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
        take_event(&events[i], now);
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
    watch_limits(now);
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

/* Where the MPM waits for its threads: everything in order. */
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

/* On prefork the process may end at any moment from here on, and its main thread may sit in a
 * signal handler with the allocator's lock or the hub's: clients are told, that is logged,
 * and nothing else is done. */
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
        pause(); /* nobody joins this thread; it goes with the process */
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
    mine = ++hub->asked_relief;
    write_event(hub->wakeup_fd);
    while ((int)(hub->given_relief - mine) < 0
           && pthread_cond_timedwait(&hub->relief, &hub->relief_mutex, &limit) == 0) {
        continue;
    }
    pthread_mutex_unlock(&hub->relief_mutex);
}

int glance_hub_has_room(void)
{
    return hub && !is_stopping()
           && glance_viewer_count() < __atomic_load_n(&hub->room, __ATOMIC_RELAXED);
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

/* Waits for the thread's next word, at most so many milliseconds; -1 is for ever. It is given once
 * when the thread runs and, on prefork, once more when the streams have ended. poll() and read()
 * are allowed in a signal handler. Returns whether the word came. */
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

/* Before pchild's own cleanups, for the thread uses what they tear down. */
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
    /* This may be a signal handler that interrupted anything: a bounded wait is allowed here, a
     * join is not. The process is about to exit, and takes the thread along. What the thread might
     * still use goes before that: it must have stopped by then. */
    if (!await_thread(GOODBYE_MS)) {
        __atomic_store_n(&hub->abandoned, 1, __ATOMIC_RELEASE);
        (void)await_thread(ABANDON_MS);
    }
    return APR_SUCCESS;
}

/* MaxConnectionsPerChild, 0 for no limit. */
static apr_uint32_t connections_per_child(void)
{
    int connections = 0;

    (void)ap_mpm_query(AP_MPMQ_MAX_REQUESTS_DAEMON, &connections);
    return connections > 0 ? (apr_uint32_t)connections : 0;
}

/* How many viewers a child may hold, of those that GlanceMaxViewers names and that descriptors
 * allow. With MaxConnectionsPerChild, each viewer uses up one of the connections after which the
 * child ends: if more than half were viewers, all of them would come back to children that they
 * soon wear out as well. */
static apr_uint32_t most_viewers(int wanted, apr_uint32_t available)
{
    apr_uint32_t connections = connections_per_child();
    apr_uint32_t most = available;

    if (wanted != GLANCE_MAX_VIEWERS_AUTO) {
        most = (apr_uint32_t)wanted < available ? (apr_uint32_t)wanted : available;
    }
    else if (most > glance_descriptors_limit() / 2) {
        most = glance_descriptors_limit() / 2;
    }
    return connections && most > connections / 2 ? connections / 2 : most;
}

void glance_hub_check_room(const server_rec *server, const glance_hub_settings_t *settings)
{
    apr_uint32_t available = glance_descriptors_plan();
    int wanted = settings->max_viewers;

    if (wanted != GLANCE_MAX_VIEWERS_AUTO && (apr_uint32_t)wanted > available) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     GLANCE_LOGNO(0043) GLANCE_MAX_VIEWERS
                     " %d: a child has descriptors for %u viewers, so it holds no more; raise the "
                     "limit (ulimit -n, now %u)",
                     wanted, available, glance_descriptors_limit());
    }
    else if (wanted && !available) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     GLANCE_LOGNO(0044) "httpd may need all of its descriptors itself: streams are "
                                        "answered by polling; raise the limit (ulimit -n, now %u)",
                     glance_descriptors_limit());
    }
}

static void size_hub(server_rec *server, const glance_hub_settings_t *settings)
{
    hub->most = most_viewers(settings->max_viewers, glance_descriptors_plan());
    hub->room = hub->most;
    ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, server, "this child holds up to %u viewers",
                 hub->most);
}

/* Where each connection wears a child out, viewers that come back soon are a burden. And on prefork
 * each that comes takes a process for a moment: if many come at once, httpd starts processes for
 * them, and ends them a second later, with their viewers. */
static glance_return_t returns(void)
{
    return (glance_return_t){.least = connections_per_child() ? RETURN_SLOWLY_MS : RETURN_MS,
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
    size_hub(server, settings);
    for (store = glance_store_all(); store; store = store->next) {
        glance_broadcast_init(&hub->broadcasts[store->index], store, settings->stream_interval,
                              returns(), &hub->stopping);
    }
    watch(hub->wakeup_fd, EPOLLIN, &wakeup_mark);
    return APR_SUCCESS;
}

/* Not by APR: what it keeps of a thread lies in a pool, and prefork may destroy that before the
 * thread has even begun. */
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
    /* Signals are for httpd's own threads; and on prefork they end the process in their handler,
     * which must find a hub that runs, or none. */
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
