/* glance_hub.c: the one thread of a child that serves all its viewers.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_hub.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apr_thread_proc.h"

#include "ap_mpm.h"

#include "glance_broadcast.h"
#include "glance_clock.h"
#include "glance_config.h"
#include "glance_shared.h"
#include "glance_suspend.h"
#include "glance_sweep.h"

#define EVENTS_AT_ONCE 256
#define FAREWELL_MS 200 /* what prefork waits for the hub to end the streams */
#define BURIAL_MS 10    /* between two looks whether the MPM is done with a closed connection */
#define BURIAL_MAX apr_time_from_sec(6) /* all of them at the end of a child */

/* Filtered viewers: how often the hub looks whether the MPM still accepts, and how many it sends
 * away at once if it does not. */
#define CHOKE_INTERVAL apr_time_from_msec(100)
#define SHED_MIN 4

/* Made by malloc() and never freed: it goes with the process. On prefork, pools go while the
 * thread still runs, and elsewhere a worker that was not joined may still look here. */
typedef struct {
    server_rec *server;
    glance_broadcast_t *broadcasts; /* one a store, by the store's index */
    int broadcast_count;
    int poll;  /* epoll */
    int nudge; /* eventfd: somebody has come, or the child stops */
    int done;  /* eventfd: the streams have ended */
    int hears_bell;
    int stopping;    /* the streams are to end */
    int leaving;     /* the thread is to end */
    int is_threaded; /* the MPM's processes may wait for their threads */
    apr_thread_t *thread;
    pthread_mutex_t mutex; /* guards the next two */
    glance_viewers_t incoming;
    int closed;                 /* the hub takes nobody in any more */
    apr_uint32_t room;          /* viewers of all kinds */
    apr_uint32_t filtered_room; /* of them, those who burden the MPM */
    glance_stats_child_t *place;
} hub_t;

static hub_t *hub;

/* What epoll reports with events that are no viewer's. */
static char nudge_mark;
static char bell_mark;

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
    if (glance_channel_watch(&viewer->channel, hub->poll, glance_viewer_hears(viewer), viewer)
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

    /* Before the queue is looked at: who comes later nudges again. */
    if (read(hub->nudge, &count, sizeof count) < 0) {
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

    if ((!has_left || glance_viewer_hears(viewer))
        && !glance_broadcast_resume(viewer->broadcast, viewer, now)) {
        return;
    }
    if (has_left) {
        glance_broadcast_leave(viewer->broadcast, viewer, now);
    }
}

static void take_event(const struct epoll_event *event, glance_moment_t now)
{

    if (event->data.ptr == &nudge_mark) {
        admit_incoming(now);
    }
    else if (event->data.ptr == &bell_mark) {
        return; /* glance_broadcast_run() sees what has changed */
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

/* A hub without viewers need not wake when a board changes. */
static void mind_bell(void)
{
    int has_viewers = glance_viewer_count() != 0;

    if (has_viewers && !hub->hears_bell) {
        watch(glance_shared_bell(), EPOLLIN | EPOLLET, &bell_mark);
    }
    else if (!has_viewers && hub->hears_bell) {
        (void)epoll_ctl(hub->poll, EPOLL_CTL_DEL, glance_shared_bell(), NULL);
    }
    hub->hears_bell = has_viewers;
}

/* A shard can only get a deadline that is a timeout or more away, so a sleep of one timeout
 * misses none. */
static glance_moment_t sweep_due(const glance_store_t *store, glance_moment_t now)
{
    glance_moment_t deadline = glance_board_deadline(store->board);
    glance_moment_t limit = now + store->timeout;

    limit = limit < now + GLANCE_SWEEP_GRAIN ? now + GLANCE_SWEEP_GRAIN : limit;
    return deadline < limit ? deadline : limit;
}

/* Nobody tells when the MPM stops accepting, or is done with a closed connection. */
static glance_moment_t suspend_due(glance_moment_t now)
{
    if (glance_suspend_closed()) {
        return now + apr_time_from_msec(BURIAL_MS);
    }
    return glance_suspend_count() ? now + CHOKE_INTERVAL : GLANCE_NO_MOMENT;
}

static int sleep_ms(glance_moment_t now)
{
    glance_moment_t due = suspend_due(now);
    int i;

    for (i = 0; i < hub->broadcast_count; i++) {
        glance_moment_t next = glance_broadcast_sleep_until(&hub->broadcasts[i]);
        glance_moment_t sweep = sweep_due(hub->broadcasts[i].store, now);

        due = next < due ? next : due;
        due = sweep < due ? sweep : due;
    }
    if (due <= now) {
        return 0;
    }
    /* Rounded up: waking a moment too early would only mean to sleep once more. */
    due = (due - now + 999) / 1000;
    return due < 60000 ? (int)due : 60000;
}

/* Suspended connections count among those that the MPM may hold, and it takes no new ones beyond
 * its limit: bots come first. */
static void unchoke(glance_moment_t now)
{
    apr_uint32_t count = glance_suspend_count();
    apr_uint32_t shed = count / 10 > SHED_MIN ? count / 10 : SHED_MIN;
    apr_uint32_t total = 0;
    int i;

    if (!count || !glance_suspend_is_choked()) {
        return;
    }
    for (i = 0; i < hub->broadcast_count && total < shed; i++) {
        total += glance_broadcast_shed(&hub->broadcasts[i], shed - total, now);
    }
    glance_stats_add(glance_shared_stats(), GLANCE_STAT_SHED, total);
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, hub->server,
                 GLANCE_LOGNO(0042) "this child accepts no connections; sent %u of %u suspended "
                                    "streams away",
                 total, count);
}

/* A suspended connection is counted a moment before its viewer is. */
static void count_viewers(void)
{
    apr_uint32_t filtered = glance_suspend_count();
    apr_uint32_t viewers = glance_viewer_count();

    glance_stats_hold(hub->place, viewers > filtered ? viewers - filtered : 0, filtered);
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
    mind_bell();
    for (i = 0; i < hub->broadcast_count; i++) {
        glance_sweep_if_due(hub->broadcasts[i].store);
        glance_broadcast_run(&hub->broadcasts[i], now);
    }
    unchoke(now);
    glance_suspend_bury(now);
    count_viewers();
}

/* First the farewells, which need no lock: on prefork the process may end at any moment from here
 * on, and its main thread may sit in a signal handler with the allocator's lock or ours. */
static void end_streams(void)
{
    glance_moment_t now = glance_clock_now();
    int i;

    for (i = 0; i < hub->broadcast_count; i++) {
        glance_broadcast_farewell(&hub->broadcasts[i]);
    }
    pthread_mutex_lock(&hub->mutex);
    hub->closed = 1;
    while (!APR_RING_EMPTY(&hub->incoming, glance_viewer_t, link)) {
        glance_viewer_t *viewer = APR_RING_FIRST(&hub->incoming);

        APR_RING_REMOVE(viewer, link);
        glance_viewer_free(viewer);
    }
    pthread_mutex_unlock(&hub->mutex);
    for (i = 0; i < hub->broadcast_count; i++) {
        glance_broadcast_end(&hub->broadcasts[i], now);
    }
}

/* The MPM waits for its connections before a child ends, and one that is handed over late may yet
 * come: so the hub stays until the very end. */
static void bury_the_rest(void)
{
    struct pollfd nudge = {.fd = hub->nudge, .events = POLLIN};
    glance_moment_t limit = GLANCE_NO_MOMENT;
    apr_uint64_t count;

    for (;;) {
        glance_moment_t now = glance_clock_now();
        int left = glance_suspend_bury(now);

        if (__atomic_load_n(&hub->leaving, __ATOMIC_ACQUIRE)) {
            limit = limit < now + BURIAL_MAX ? limit : now + BURIAL_MAX;
            if (!left || now > limit) {
                return;
            }
        }
        (void)poll(&nudge, 1, left ? BURIAL_MS : -1);
        if (read(hub->nudge, &count, sizeof count) < 0) {
            continue; /* nobody nudged */
        }
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    (void)thread;
    (void)data;
    while (!is_stopping()) {
        run_once();
    }
    end_streams();
    glance_stats_leave(hub->place);
    write_event(hub->done);
    if (hub->is_threaded) {
        bury_the_rest();
    }
    while (!hub->is_threaded) {
        /* Nobody joins: returning would touch the thread's pool, which may be gone. */
        pause();
    }
    return NULL;
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
        write_event(hub->nudge);
    }
}

int glance_hub_has_room(int burdens_mpm)
{
    return hub && !is_stopping() && glance_viewer_count() < hub->room
           && (!burdens_mpm || glance_suspend_count() < hub->filtered_room);
}

void glance_hub_stop(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    (void)graceful;
    if (hub) {
        __atomic_store_n(&hub->stopping, 1, __ATOMIC_RELEASE);
        write_event(hub->nudge);
    }
}

/* ---- start and end ---- */

/* Before pchild's own cleanups, for the thread uses what they tear down. */
static apr_status_t end_thread(void *data)
{
    apr_status_t rv;

    (void)data;
    if (!hub) {
        return APR_SUCCESS;
    }
    glance_hub_stop(NULL, 0);
    if (hub->is_threaded) {
        __atomic_store_n(&hub->leaving, 1, __ATOMIC_RELEASE);
        write_event(hub->nudge);
        apr_thread_join(&rv, hub->thread);
    }
    else {
        /* This may be a signal handler that interrupted anything: poll() is allowed here and
         * bounded, a join is neither. The process is about to exit, and takes the thread along. */
        struct pollfd done = {.fd = hub->done, .events = POLLIN};

        (void)poll(&done, 1, FAREWELL_MS);
    }
    return APR_SUCCESS;
}

static apr_uint32_t half_of_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur / 2 > APR_INT32_MAX) {
        return APR_INT32_MAX;
    }
    return (apr_uint32_t)(limit.rlim_cur / 2);
}

/* A quarter of what the MPM can hold leaves the rest to bots and to the site; an admin who names
 * a number may have up to half. */
static void size_hub(server_rec *server)
{
    int wanted = glance_config_max_viewers(server);
    apr_uint32_t capacity = glance_suspend_capacity();

    if (wanted == GLANCE_MAX_VIEWERS_AUTO) {
        hub->room = half_of_descriptors();
        hub->filtered_room = capacity / 4;
    }
    else {
        hub->room = (apr_uint32_t)wanted;
        hub->filtered_room = capacity / 2;
    }
    ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, server,
                 "this child holds up to %u streams, of them %u that the MPM must suspend",
                 hub->room, hub->filtered_room);
}

static apr_status_t make_hub(server_rec *server)
{
    glance_store_t *store;
    int threaded = 0;

    hub = calloc(1, sizeof *hub);
    if (!hub) {
        return APR_ENOMEM;
    }
    pthread_mutex_init(&hub->mutex, NULL);
    hub->server = server;
    hub->broadcast_count = glance_store_all()->index + 1;
    hub->broadcasts = calloc((size_t)hub->broadcast_count, sizeof *hub->broadcasts);
    hub->poll = epoll_create1(EPOLL_CLOEXEC);
    hub->nudge = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    hub->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    size_hub(server);
    APR_RING_INIT(&hub->incoming, glance_viewer_t, link);
    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    hub->is_threaded = threaded != AP_MPMQ_NOT_SUPPORTED;
    if (!hub->broadcasts || hub->poll < 0 || hub->nudge < 0 || hub->done < 0) {
        return apr_get_os_error();
    }
    for (store = glance_store_all(); store; store = store->next) {
        glance_broadcast_init(&hub->broadcasts[store->index], store,
                              glance_config_stream_interval(server));
    }
    watch(hub->nudge, EPOLLIN, &nudge_mark);
    return APR_SUCCESS;
}

/* Signals are for httpd's own threads. */
static apr_status_t start_thread(apr_pool_t *pchild)
{
    sigset_t all;
    sigset_t before;
    apr_status_t rv;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = apr_thread_create(&hub->thread, NULL, run, NULL, pchild);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

void glance_hub_start(apr_pool_t *pchild, server_rec *server)
{
    apr_status_t rv;

    if (!glance_store_all()) {
        return;
    }
    rv = make_hub(server);
    if (rv == APR_SUCCESS) {
        hub->place = glance_stats_enter(glance_shared_stats());
        rv = start_thread(pchild);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server,
                     GLANCE_LOGNO(0041) "cannot start the hub of a child; it serves streams in "
                                        "the brief form");
        hub = NULL;
        return;
    }
    apr_pool_pre_cleanup_register(pchild, NULL, end_thread);
}
