/* broadcast.c: one board's viewers in this child.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/broadcast.h"

#include "boards/retained.h"

#define CACHE_LINE 64
#define TICK apr_time_from_sec(1)
#define STALL apr_time_from_sec(5) /* a tick that is this late: the thread did not run */
#define KEEPALIVE apr_time_from_sec(15)
#define RETRY_AFTER_FAILURE apr_time_from_sec(1)
#define STOP "child stops"

/* The longest time over which the return of viewers is spread. */
#define RETURN_MAX_MS 20000

/* How much memory the pending buffers of one child may use: this many bytes, or this many of the
 * largest hellos, whichever is more. */
#define PENDING_BYTES_MAX ((apr_size_t)64 << 20)
#define PENDING_HELLOS_MAX 4

/* One event, framed for each dialect in use. */
typedef struct {
    glance_buffer_t *of[GLANCE_DIALECTS];
} frames_t;

void glance_broadcast_init(glance_broadcast_t *broadcast, glance_store_t *store,
                           apr_interval_time_t interval, glance_return_t returns,
                           const int *stopping)
{
    memset(broadcast, 0, sizeof *broadcast);
    broadcast->store = store;
    broadcast->interval = interval;
    broadcast->returns = returns;
    broadcast->stopping = stopping;
    APR_RING_INIT(&broadcast->viewers, glance_viewer_t, link);
}

static void log_end(const glance_broadcast_t *broadcast, const glance_viewer_t *viewer,
                    const char *why, glance_moment_t now)
{
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, broadcast->store->server,
                 GLANCE_LOGNO(0030) "%s of %s ended (%s) after %" APR_TIME_T_FMT
                                    " s and %" APR_UINT64_T_FMT " bytes",
                 glance_dialects[viewer->dialect].name, viewer->address, why,
                 apr_time_sec(now - viewer->opened), viewer->sent);
}

static void drop(glance_broadcast_t *broadcast, glance_viewer_t *viewer, const char *why,
                 glance_moment_t now)
{
    APR_RING_REMOVE(viewer, link);
    broadcast->count--;
    broadcast->count_of[viewer->dialect]--;
    broadcast->health_count -= viewer->wants_health ? 1 : 0;
    log_end(broadcast, viewer, why, now);
    glance_viewer_free(viewer);
}

void glance_broadcast_leave(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                            glance_moment_t now)
{
    drop(broadcast, viewer, viewer->closing_since ? "closed" : "client left", now);
}

/* ---- events for one viewer ---- */

/* Sends an idle viewer everything that it does not know yet.
 * @return what it was sent; NULL if that failed, and the viewer is dropped. */
static const glance_cached_event_t *tell(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                                         apr_uint64_t since, int begins, glance_moment_t now)
{
    glance_buffer_t *buffer;
    const glance_cached_event_t *cached = glance_event_cache_get(&broadcast->cache,
                                                                 broadcast->store, viewer->dialect,
                                                                 since, begins, now, &buffer);

    if (!cached || glance_viewer_send(viewer, buffer, now) != APR_SUCCESS) {
        glance_broadcast_leave(broadcast, viewer, now);
        return NULL;
    }
    viewer->seq = cached->event.id.seq;
    return cached;
}

/* The next round sends the changes since the last round only. A viewer that has missed earlier
 * changes gets them now, if it is idle. Returns 0 if it was dropped. */
static int catch_up(glance_broadcast_t *broadcast, glance_viewer_t *viewer, glance_moment_t now)
{
    return !glance_viewer_is_idle(viewer) || viewer->seq >= broadcast->seq
           || tell(broadcast, viewer, viewer->seq, 0, now) != NULL;
}

static void start_clocks(glance_broadcast_t *broadcast, glance_moment_t now)
{
    broadcast->seq = glance_board_latest(broadcast->store->board, GLANCE_CHANGE);
    broadcast->heartbeat = glance_board_latest(broadcast->store->board, GLANCE_HEARTBEAT);
    broadcast->next_round = now;
    broadcast->next_tick = now + TICK;
    broadcast->next_keepalive = now + KEEPALIVE;
    broadcast->keepalives = 0;
    broadcast->new_count = 0;
}

/* New viewers share one health event at the next tick, with the heartbeats since the oldest of
 * their hellos. */
static void note_new(glance_broadcast_t *broadcast, glance_viewer_t *viewer, apr_uint64_t heartbeat)
{
    if (!broadcast->new_count++ || heartbeat < broadcast->new_heartbeat) {
        broadcast->new_heartbeat = heartbeat;
    }
    viewer->is_new = 1;
}

void glance_broadcast_join(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                           glance_moment_t now)
{
    const glance_cached_event_t *first;

    if (!broadcast->count) {
        start_clocks(broadcast, now);
    }
    viewer->broadcast = broadcast;
    APR_RING_INSERT_TAIL(&broadcast->viewers, viewer, glance_viewer_t, link);
    broadcast->count++;
    broadcast->count_of[viewer->dialect]++;
    broadcast->health_count += viewer->wants_health ? 1 : 0;
    first = tell(broadcast, viewer, viewer->resumes ? viewer->seq : GLANCE_SINCE_NOTHING, 1, now);
    if (first) {
        note_new(broadcast, viewer, first->event.heartbeat);
        (void)catch_up(broadcast, viewer, now);
    }
}

int glance_broadcast_handle_ready(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                                  glance_moment_t now)
{
    int was_idle = glance_viewer_is_idle(viewer);

    if (glance_viewer_flush(viewer, now) != APR_SUCCESS
        || glance_viewer_receive(viewer, now) != APR_SUCCESS) {
        glance_broadcast_leave(broadcast, viewer, now);
        return 0;
    }
    return was_idle || catch_up(broadcast, viewer, now);
}

/* ---- events for all viewers ---- */

#define EACH_VIEWER(viewer, next, broadcast) \
    for (viewer = APR_RING_FIRST(&(broadcast)->viewers); \
         viewer != APR_RING_SENTINEL(&(broadcast)->viewers, glance_viewer_t, link) \
         && (next = APR_RING_NEXT(viewer, link), 1); \
         viewer = next)

typedef int (*choose_fn_t)(const glance_viewer_t *, apr_uint64_t);

static void release_frames(frames_t *frames)
{
    int i;

    for (i = 0; i < GLANCE_DIALECTS; i++) {
        glance_buffer_release(frames->of[i]);
        frames->of[i] = NULL;
    }
}

/* Sends frames, which are released, to all chosen viewers that are idle. They then know every
 * change up to `upto`. */
static void send_to(glance_broadcast_t *broadcast, choose_fn_t is_chosen, frames_t *frames,
                    apr_uint64_t upto, glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;
    apr_uint64_t bytes = 0;

    EACH_VIEWER(viewer, next, broadcast)
    {
        glance_buffer_t *buffer = frames->of[viewer->dialect];

        /* A child that ends has little time left, and needs it for the goodbye. */
        if (__atomic_load_n(broadcast->stopping, __ATOMIC_RELAXED)) {
            break;
        }
        /* The next viewer is fetched while this one is written to. That saves a sixth of the time
         * where few events a second leave the caches cold (bench/fan). */
        __builtin_prefetch(next);
        __builtin_prefetch((char *)next + CACHE_LINE);
        if (!buffer || !glance_viewer_is_idle(viewer) || !is_chosen(viewer, upto)) {
            continue;
        }
        if (buffer->length && glance_viewer_send(viewer, buffer, now) != APR_SUCCESS) {
            glance_broadcast_leave(broadcast, viewer, now);
            continue;
        }
        bytes += buffer->length ? viewer->offset : 0;
        viewer->seq = viewer->seq < upto ? upto : viewer->seq;
    }
    release_frames(frames);
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_BROADCASTS, 1);
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_BYTES, bytes);
}

static unsigned vocabularies_in_use(const glance_broadcast_t *broadcast)
{
    unsigned used = 0;
    int i;

    for (i = 0; i < GLANCE_DIALECTS; i++) {
        used |= broadcast->count_of[i] ? 1U << glance_dialects[i].vocabulary : 0;
    }
    return used;
}

/* Frames the event, which is released, for each dialect in use.
 * @return APR_SUCCESS, or APR_ENOMEM without any frame. */
static apr_status_t make_frames(const glance_broadcast_t *broadcast, glance_event_t *event,
                                frames_t *frames)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    memset(frames, 0, sizeof *frames);
    for (i = 0; i < GLANCE_DIALECTS && rv == APR_SUCCESS; i++) {
        if (broadcast->count_of[i]) {
            frames->of[i] = glance_event_frame(event, i, 0);
            rv = frames->of[i] ? APR_SUCCESS : APR_ENOMEM;
        }
    }
    glance_event_release(event);
    if (rv != APR_SUCCESS) {
        release_frames(frames);
    }
    return rv;
}

/* A viewer that has just joined may know more than the others already. */
static int knows_less(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    return viewer->seq < upto;
}

/* The id of a health event must not be older than what the viewer knows. */
static int is_known_for_health(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    return viewer->wants_health && !viewer->is_new && viewer->seq <= upto;
}

static int is_new_for_health(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    return viewer->wants_health && viewer->is_new && viewer->seq <= upto;
}

static int is_anybody(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    (void)viewer;
    (void)upto;
    return 1;
}

static void run_round(glance_broadcast_t *broadcast, glance_moment_t now)
{
    glance_event_t event;
    frames_t frames;

    if (glance_event_update(&event, vocabularies_in_use(broadcast), broadcast->store,
                            broadcast->seq, &broadcast->changes)
            != APR_SUCCESS
        || make_frames(broadcast, &event, &frames) != APR_SUCCESS) {
        broadcast->next_round = now + RETRY_AFTER_FAILURE;
        return;
    }
    broadcast->next_round = now + broadcast->interval;
    broadcast->seq = event.id.seq;
    send_to(broadcast, knows_less, &frames, event.id.seq, now);
}

/* Sends all heartbeats after the one with number `since`. Returns the number of the last one, or
 * `since` if that failed. */
static apr_uint64_t send_health(glance_broadcast_t *broadcast, apr_uint64_t since,
                                choose_fn_t is_chosen, glance_moment_t now)
{
    glance_event_t event;
    frames_t frames;

    if (glance_event_health(&event, vocabularies_in_use(broadcast), broadcast->store, since,
                            broadcast->seq, &broadcast->changes)
            != APR_SUCCESS
        || make_frames(broadcast, &event, &frames) != APR_SUCCESS) {
        return since;
    }
    send_to(broadcast, is_chosen, &frames, broadcast->seq, now);
    return event.heartbeat;
}

/* Sends a health event to the viewers that are not new. If that fails, the next tick tries it. */
static void send_health_to_known(glance_broadcast_t *broadcast, apr_uint64_t latest,
                                 glance_moment_t now)
{
    if (broadcast->heartbeat != latest) {
        broadcast->heartbeat = send_health(broadcast, broadcast->heartbeat, is_known_for_health,
                                           now);
    }
}

/* Sends a health event to the new viewers. Returns 0 if that failed. */
static int send_health_to_new(glance_broadcast_t *broadcast, apr_uint64_t latest,
                              glance_moment_t now)
{
    return !broadcast->new_count || broadcast->new_heartbeat == latest
           || send_health(broadcast, broadcast->new_heartbeat, is_new_for_health, now)
                  != broadcast->new_heartbeat;
}

static int has_keepalive(glance_dialect_e dialect, unsigned keepalive)
{
    return keepalive % glance_dialects[dialect].keepalives_apart == 0;
}

static void send_keepalive(glance_broadcast_t *broadcast, glance_moment_t now)
{
    frames_t frames = {{0}};
    int i;

    broadcast->keepalives++;
    for (i = 0; i < GLANCE_DIALECTS; i++) {
        if (broadcast->count_of[i] && has_keepalive(i, broadcast->keepalives)) {
            frames.of[i] = glance_buffer_make(0);
        }
        if (frames.of[i]) {
            glance_dialects[i].put_keepalive(frames.of[i]);
            frames.of[i] = glance_buffer_finish(frames.of[i]);
        }
    }
    send_to(broadcast, is_anybody, &frames, broadcast->seq, now);
}

/* A viewer stays new if it got no health event at this tick: that failed, or the viewer's hello was
 * newer than the last round. */
static void end_newness(glance_broadcast_t *broadcast, glance_viewer_t *viewer, int told)
{
    viewer->is_new = viewer->is_new && (!told || viewer->seq > broadcast->seq);
    broadcast->new_count += viewer->is_new ? 1 : 0;
}

/* Drops each viewer that is too slow or has left. `told`: the new ones got their health event. */
static void check_viewers(glance_broadcast_t *broadcast, int told, glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    broadcast->new_count = 0;
    EACH_VIEWER(viewer, next, broadcast)
    {
        if (glance_viewer_is_stuck(viewer, now)) {
            glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_SLOW, 1);
            drop(broadcast, viewer, "too slow", now);
        }
        else if (glance_viewer_is_over(viewer, now)) {
            drop(broadcast, viewer, viewer->closing_since ? "closed" : "silent", now);
        }
        else {
            end_newness(broadcast, viewer, told);
        }
    }
}

/* The machine was suspended, or this process was stopped. What clients sent meanwhile may still be
 * unread, and no ping went out that they could have answered. */
static void extend_deadlines(glance_broadcast_t *broadcast, apr_interval_time_t lost,
                             glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    EACH_VIEWER(viewer, next, broadcast)
    {
        glance_viewer_extend_deadlines(viewer, lost, now);
    }
}

/* New viewers come last: their event has what happens between the two. */
static void run_tick(glance_broadcast_t *broadcast, glance_moment_t now)
{
    apr_uint64_t latest = glance_board_latest(broadcast->store->board, GLANCE_HEARTBEAT);
    int told = 1;

    if (broadcast->health_count) {
        send_health_to_known(broadcast, latest, now);
        told = send_health_to_new(broadcast, latest, now);
    }
    else {
        broadcast->heartbeat = latest;
    }
    check_viewers(broadcast, told, now);
    glance_event_cache_expire(&broadcast->cache, now);
}

void glance_broadcast_run(glance_broadcast_t *broadcast, glance_moment_t now)
{
    if (!broadcast->count) {
        glance_event_cache_expire(&broadcast->cache, GLANCE_NO_MOMENT);
        return;
    }
    if (now >= broadcast->next_round
        && glance_board_latest(broadcast->store->board, GLANCE_CHANGE) != broadcast->seq) {
        run_round(broadcast, now);
    }
    if (now - broadcast->next_tick >= STALL) {
        extend_deadlines(broadcast, now - broadcast->next_tick, now);
    }
    if (now >= broadcast->next_tick) {
        broadcast->next_tick = now + TICK;
        run_tick(broadcast, now);
    }
    if (now >= broadcast->next_keepalive) {
        broadcast->next_keepalive = now + KEEPALIVE;
        send_keepalive(broadcast, now);
    }
}

glance_moment_t glance_broadcast_sleep_until(const glance_broadcast_t *broadcast)
{
    glance_board_t *board = broadcast->store->board;
    glance_moment_t due = broadcast->next_tick;

    if (!broadcast->count) {
        return GLANCE_NO_MOMENT;
    }
    if (glance_board_latest(board, GLANCE_CHANGE) == broadcast->seq) {
        /* The hub makes its request first, and then reads the number of the latest change again. A
         * writer stores that number first, and then checks for a request. So either the hub sees
         * the change, or the writer sees the request. */
        glance_board_request_notification(board);
    }
    if (glance_board_latest(board, GLANCE_CHANGE) != broadcast->seq
        && broadcast->next_round < due) {
        due = broadcast->next_round;
    }
    return due < broadcast->next_keepalive ? due : broadcast->next_keepalive;
}

static void say_goodbye(const glance_broadcast_t *broadcast, glance_viewer_t *viewer)
{
    apr_uint32_t least = broadcast->returns.least;
    apr_uint32_t spread = broadcast->count * broadcast->returns.each;

    spread = spread < RETURN_MAX_MS ? spread : RETURN_MAX_MS;
    glance_viewer_goodbye(viewer, least + ap_random_pick(0, least + spread));
}

apr_uint32_t glance_broadcast_shed(glance_broadcast_t *broadcast, apr_uint32_t count,
                                   glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;
    apr_uint32_t shed = 0;

    EACH_VIEWER(viewer, next, broadcast)
    {
        if (shed == count) {
            break;
        }
        say_goodbye(broadcast, viewer);
        drop(broadcast, viewer, "too few descriptors", now);
        shed++;
    }
    return shed;
}

/* The buffer that has been pending for longest, if that began before `since`, which is then
 * updated; or NULL. */
static const glance_buffer_t *slowest_buffer(glance_broadcast_t *broadcast, glance_moment_t *since)
{
    const glance_buffer_t *slowest = NULL;
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    EACH_VIEWER(viewer, next, broadcast)
    {
        if (viewer->buffer && viewer->pending_since < *since) {
            slowest = viewer->buffer;
            *since = viewer->pending_since;
        }
    }
    return slowest;
}

static apr_uint32_t drop_holders(glance_broadcast_t *broadcast, const glance_buffer_t *buffer,
                                 glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;
    apr_uint32_t dropped = 0;

    glance_event_cache_forget(&broadcast->cache, buffer);
    EACH_VIEWER(viewer, next, broadcast)
    {
        if (viewer->buffer == buffer) {
            drop(broadcast, viewer, "too slow, with too much memory pending", now);
            dropped++;
        }
    }
    return dropped;
}

apr_size_t glance_broadcast_pending_limit(const glance_broadcast_t *broadcasts, int count)
{
    apr_size_t limit = PENDING_BYTES_MAX;
    int i;

    for (i = 0; i < count; i++) {
        apr_size_t hello = broadcasts[i].count ? broadcasts[i].cache.hello_length : 0;

        if (hello > limit / PENDING_HELLOS_MAX) {
            limit = hello * PENDING_HELLOS_MAX;
        }
    }
    return limit;
}

apr_uint32_t glance_broadcast_drop_slowest(glance_broadcast_t *broadcasts, int count,
                                           glance_moment_t now)
{
    glance_broadcast_t *slowest = NULL;
    const glance_buffer_t *buffer = NULL;
    glance_moment_t since = GLANCE_NO_MOMENT;
    int i;

    for (i = 0; i < count; i++) {
        const glance_buffer_t *slower = slowest_buffer(&broadcasts[i], &since);

        if (slower) {
            buffer = slower;
            slowest = &broadcasts[i];
        }
    }
    return slowest ? drop_holders(slowest, buffer, now) : 0;
}

void glance_broadcast_goodbye(glance_broadcast_t *broadcast, int (*is_abandoned)(void))
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    EACH_VIEWER(viewer, next, broadcast)
    {
        if (is_abandoned && is_abandoned()) {
            return;
        }
        say_goodbye(broadcast, viewer);
    }
}

void glance_broadcast_log_end(glance_broadcast_t *broadcast, int (*is_abandoned)(void))
{
    glance_moment_t now = glance_clock_now();
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    EACH_VIEWER(viewer, next, broadcast)
    {
        if (is_abandoned()) {
            return;
        }
        log_end(broadcast, viewer, STOP, now);
    }
}

void glance_broadcast_end(glance_broadcast_t *broadcast, glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    EACH_VIEWER(viewer, next, broadcast)
    {
        drop(broadcast, viewer, STOP, now);
    }
    glance_event_cache_free(&broadcast->cache);
    glance_changes_free(&broadcast->changes);
}
