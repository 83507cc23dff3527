/* broadcast.c: one board's viewers in this child.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/broadcast.h"

#include "boards/retained.h"

#define CACHE_LINE 64
#define TICK apr_time_from_sec(1)
#define STALL apr_time_from_sec(5) /* a tick so late means that this thread did not run */
#define HEARTBEAT apr_time_from_sec(15)
#define TEXT_LIFE apr_time_from_sec(1) /* a text tells the time */
#define RETRY_AFTER_FAILURE apr_time_from_sec(1)
#define STOP "child stops"
#define RETURN_MAX_MS 20000  /* the longest that a crowd is spread over */
#define HELLO APR_UINT64_MAX /* as `since`: knows nothing */

/* A hello of so many bytes is worth sharing even if it is no longer the newest. */
#define LARGE_HELLO 65536

/* For each so many bytes of it, it is shared for one second more: for as long as a client may need
 * to take it. */
#define HELLO_BYTES_A_SECOND ((apr_size_t)4 << 20)

/* What slow viewers have not taken yet may use so many bytes in one child, or so many hellos. */
#define TEXT_BYTES_MAX ((apr_size_t)64 << 20)
#define HELLOS_MAX 4

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
    drop(broadcast, viewer, viewer->closing ? "closed" : "client left", now);
}

/* ---- texts for viewers one by one ---- */

/* The beginning of every stream. It goes out with the first event, not with the answer's head: that
 * would cost a packet and, over TLS, mod_ssl's buffer for joining the two. */
static glance_buffer_t *begin_stream(glance_dialect_e dialect, glance_buffer_t *event)
{
    glance_buffer_t *buffer = event ? glance_buffer_make(event->length + 32) : NULL;

    if (buffer) {
        glance_dialects[dialect].put_beginning(buffer);
        glance_buffer_put(buffer, event->data, event->length);
    }
    glance_buffer_release(event);
    return glance_buffer_finish(buffer);
}

static glance_buffer_t *make_buffer(glance_broadcast_t *broadcast, glance_dialect_e dialect,
                                    apr_uint64_t since, int is_new, apr_uint64_t *upto)
{
    unsigned wanted = 1U << dialect;
    glance_buffers_t buffers;

    if (since == HELLO) {
        (void)glance_event_hello(&buffers, wanted, broadcast->store, upto);
    }
    else {
        (void)glance_event_update(&buffers, wanted, broadcast->store, since, &broadcast->changes,
                                  upto);
    }
    return is_new ? begin_stream(dialect, buffers.of[dialect]) : buffers.of[dialect];
}

static apr_interval_time_t life_of(const glance_broadcast_buffer_t *place)
{
    return place->since == HELLO && place->buffer
               ? TEXT_LIFE
                     + apr_time_from_sec(
                         (apr_int64_t)(place->buffer->length / HELLO_BYTES_A_SECOND))
               : TEXT_LIFE;
}

/* Whether a text of the cache still serves. A large hello does though states have changed: while a
 * crowd comes, a hello each would take all memory. An update follows it. */
static int is_current(const glance_broadcast_buffer_t *place, apr_uint64_t seq, glance_moment_t now)
{
    return now - place->made < life_of(place)
           && (place->upto == seq
               || (place->since == HELLO && place->buffer->length >= LARGE_HELLO));
}

/* What brings a viewer of that transport, new or not, who knows the board up to `since` up to date,
 * or up to `upto` at least. Not the caller's to keep. */
static glance_buffer_t *buffer_since(glance_broadcast_t *broadcast, glance_dialect_e dialect,
                                     apr_uint64_t since, int is_new, apr_uint64_t *upto,
                                     glance_moment_t now)
{
    apr_uint64_t seq = glance_board_latest(broadcast->store->board, GLANCE_CHANGE);
    glance_broadcast_buffer_t *place;
    int i;

    for (i = 0; i < GLANCE_BROADCAST_BUFFERS; i++) {
        place = &broadcast->buffers[i];
        if (place->buffer && place->dialect == dialect && place->since == since
            && place->is_new == is_new && is_current(place, seq, now)) {
            *upto = place->upto;
            return place->buffer;
        }
    }
    place = &broadcast->buffers[broadcast->next_buffer];
    broadcast->next_buffer = (broadcast->next_buffer + 1) % GLANCE_BROADCAST_BUFFERS;
    glance_buffer_release(place->buffer);
    place->buffer = make_buffer(broadcast, dialect, since, is_new, upto);
    place->dialect = dialect;
    place->since = since;
    place->is_new = is_new;
    place->upto = *upto;
    place->made = now;
    if (since == HELLO && place->buffer && place->buffer->length > broadcast->hello_length) {
        broadcast->hello_length = place->buffer->length;
    }
    return place->buffer;
}

static void forget_buffer(glance_broadcast_buffer_t *place)
{
    glance_buffer_release(place->buffer);
    place->buffer = NULL;
}

/* Empties the cache, or of what is too old to serve. */
static void drop_buffers(glance_broadcast_t *broadcast, glance_moment_t now)
{
    int i;

    for (i = 0; i < GLANCE_BROADCAST_BUFFERS; i++) {
        if (now - broadcast->buffers[i].made >= life_of(&broadcast->buffers[i])) {
            forget_buffer(&broadcast->buffers[i]);
        }
    }
}

/* Sends a ready viewer all it does not know. Returns 1, or 0 if that cannot be done and the viewer
 * is dropped. */
static int tell(glance_broadcast_t *broadcast, glance_viewer_t *viewer, apr_uint64_t since,
                int is_new, glance_moment_t now)
{
    apr_uint64_t upto = 0;
    glance_buffer_t *buffer = buffer_since(broadcast, viewer->dialect, since, is_new, &upto, now);

    if (!buffer || glance_viewer_send(viewer, buffer, now) != APR_SUCCESS) {
        glance_broadcast_leave(broadcast, viewer, now);
        return 0;
    }
    viewer->seq = upto;
    return 1;
}

/* The next round tells what has changed since the last one. Who missed more than that gets it now,
 * if it is ready. Returns as tell(). */
static int catch_up(glance_broadcast_t *broadcast, glance_viewer_t *viewer, glance_moment_t now)
{
    return !glance_viewer_is_idle(viewer) || viewer->seq >= broadcast->seq
           || tell(broadcast, viewer, viewer->seq, 0, now);
}

void glance_broadcast_join(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                           glance_moment_t now)
{
    if (!broadcast->count) {
        broadcast->seq = glance_board_latest(broadcast->store->board, GLANCE_CHANGE);
        broadcast->heartbeat = glance_board_latest(broadcast->store->board, GLANCE_HEARTBEAT);
        broadcast->next_round = now;
        broadcast->next_tick = now + TICK;
        broadcast->next_keepalive = now + HEARTBEAT;
        broadcast->heartbeats = 0;
        broadcast->new_count = 0;
    }
    viewer->broadcast = broadcast;
    APR_RING_INSERT_TAIL(&broadcast->viewers, viewer, glance_viewer_t, link);
    broadcast->count++;
    broadcast->count_of[viewer->dialect]++;
    broadcast->health_count += viewer->wants_health ? 1 : 0;
    if (!broadcast->new_count++) {
        broadcast->new_heartbeat = glance_board_latest(broadcast->store->board, GLANCE_HEARTBEAT);
    }
    viewer->is_new = 1;
    if (tell(broadcast, viewer, viewer->resumes ? viewer->seq : HELLO, 1, now)) {
        (void)catch_up(broadcast, viewer, now);
    }
}

int glance_broadcast_handle_ready(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                                  glance_moment_t now)
{
    int was_ready = glance_viewer_is_idle(viewer);

    if (glance_viewer_flush(viewer, now) != APR_SUCCESS
        || glance_viewer_receive(viewer, now) != APR_SUCCESS) {
        glance_broadcast_leave(broadcast, viewer, now);
        return 0;
    }
    return was_ready || catch_up(broadcast, viewer, now);
}

/* ---- texts for all ---- */

#define EACH_VIEWER(viewer, next, broadcast) \
    for (viewer = APR_RING_FIRST(&(broadcast)->viewers); \
         viewer != APR_RING_SENTINEL(&(broadcast)->viewers, glance_viewer_t, link) \
         && (next = APR_RING_NEXT(viewer, link), 1); \
         viewer = next)

typedef int (*choose_fn_t)(const glance_viewer_t *, apr_uint64_t);

/* Sends texts, which are released, to all viewers who are ready and chosen. From then on they know
 * the board up to `upto`. */
static void send_to(glance_broadcast_t *broadcast, choose_fn_t is_chosen, glance_buffers_t *buffers,
                    apr_uint64_t upto, glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;
    apr_uint64_t bytes = 0;

    EACH_VIEWER(viewer, next, broadcast)
    {
        glance_buffer_t *buffer = buffers->of[viewer->dialect];

        /* A child that ends has little time, and the goodbye takes some of it. */
        if (__atomic_load_n(broadcast->stopping, __ATOMIC_RELAXED)) {
            break;
        }
        /* Fetched while this one is written to: bench/fan shows a sixth of the cost, when few
         * events a second leave all of it cold. */
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
    glance_buffers_release(buffers);
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_BROADCASTS, 1);
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_BYTES, bytes);
}

/* The transports that somebody uses. */
static unsigned transports_in_use(const glance_broadcast_t *broadcast)
{
    unsigned used = 0;
    int i;

    for (i = 0; i < GLANCE_DIALECTS; i++) {
        used |= broadcast->count_of[i] ? 1U << i : 0;
    }
    return used;
}

/* One that has just come may know more than the rest already. */
static int knows_less(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    return viewer->seq < upto;
}

/* The id of a health event must not lead back behind what a viewer knows. */
static int wants_health(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    return viewer->wants_health && !viewer->is_new && viewer->seq <= upto;
}

static int wants_new_health(const glance_viewer_t *viewer, apr_uint64_t upto)
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
    glance_buffers_t buffers;
    apr_uint64_t upto;

    if (glance_event_update(&buffers, transports_in_use(broadcast), broadcast->store,
                            broadcast->seq, &broadcast->changes, &upto)
        != APR_SUCCESS) {
        broadcast->next_round = now + RETRY_AFTER_FAILURE;
        return;
    }
    broadcast->next_round = now + broadcast->interval;
    broadcast->seq = upto;
    send_to(broadcast, knows_less, &buffers, upto, now);
}

/* Tells who was heard since that beat. Returns up to which, or 0 if that cannot be done. */
static apr_uint64_t send_health(glance_broadcast_t *broadcast, apr_uint64_t since,
                                choose_fn_t is_chosen, glance_moment_t now)
{
    glance_buffers_t buffers;
    apr_uint64_t upto;

    if (glance_event_health(&buffers, transports_in_use(broadcast), broadcast->store, since,
                            broadcast->seq, &broadcast->changes, &upto)
        != APR_SUCCESS) {
        return 0;
    }
    send_to(broadcast, is_chosen, &buffers, broadcast->seq, now);
    return upto;
}

/* Who came since the last tick is told no sign of life from before: that is in the hello. (From
 * before the first of them came, to be exact: one text serves all.) They come last, or they would
 * miss what happens in between. */
static void send_health_to_all(glance_broadcast_t *broadcast, apr_uint64_t heartbeat,
                               glance_moment_t now)
{
    if (broadcast->heartbeat != heartbeat) {
        apr_uint64_t upto = send_health(broadcast, broadcast->heartbeat, wants_health, now);

        broadcast->heartbeat = upto ? upto : broadcast->heartbeat;
    }
    if (broadcast->new_count && broadcast->new_heartbeat != heartbeat) {
        (void)send_health(broadcast, broadcast->new_heartbeat, wants_new_health, now);
    }
}

static int is_keepalive_of(glance_dialect_e dialect, unsigned heartbeat)
{
    return heartbeat % glance_dialects[dialect].keepalives_apart == 0;
}

static void send_keepalive(glance_broadcast_t *broadcast, glance_moment_t now)
{
    glance_buffers_t buffers = {{0}};
    int i;

    broadcast->heartbeats++;
    for (i = 0; i < GLANCE_DIALECTS; i++) {
        if (broadcast->count_of[i] && is_keepalive_of(i, broadcast->heartbeats)) {
            buffers.of[i] = glance_buffer_make(0);
        }
        if (buffers.of[i]) {
            glance_dialects[i].put_keepalive(buffers.of[i]);
            buffers.of[i] = glance_buffer_finish(buffers.of[i]);
        }
    }
    send_to(broadcast, is_anybody, &buffers, broadcast->seq, now);
}

/* Drops whoever is overdue, and ends the freshness of the rest. */
static void look_after_all(glance_broadcast_t *broadcast, glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    broadcast->new_count = 0;
    EACH_VIEWER(viewer, next, broadcast)
    {
        viewer->is_new = 0;
        if (glance_viewer_is_stuck(viewer, now)) {
            glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_SLOW, 1);
            drop(broadcast, viewer, "too slow", now);
        }
        else if (glance_viewer_is_over(viewer, now)) {
            drop(broadcast, viewer, viewer->closing ? "closed" : "silent", now);
        }
    }
}

/* The machine or its guest was suspended, or this process was stopped. What clients have sent is
 * still unread, of a large crowd at least, and no ping went out that they could have answered. */
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

static void run_tick(glance_broadcast_t *broadcast, glance_moment_t now)
{
    apr_uint64_t heartbeat = glance_board_latest(broadcast->store->board, GLANCE_HEARTBEAT);

    if (broadcast->health_count) {
        send_health_to_all(broadcast, heartbeat, now);
    }
    else {
        broadcast->heartbeat = heartbeat;
    }
    look_after_all(broadcast, now);
    drop_buffers(broadcast, now);
}

void glance_broadcast_run(glance_broadcast_t *broadcast, glance_moment_t now)
{
    if (!broadcast->count) {
        drop_buffers(broadcast, GLANCE_NO_MOMENT);
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
        broadcast->next_keepalive = now + HEARTBEAT;
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
        /* First the wish, then one more look: a writer does it the other way round, so one of the
         * two sees the other. */
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
    apr_uint32_t crowd = broadcast->count * broadcast->returns.each;

    crowd = crowd < RETURN_MAX_MS ? crowd : RETURN_MAX_MS;
    glance_viewer_goodbye(viewer, least + ap_random_pick(0, least + crowd));
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
        drop(broadcast, viewer, "descriptors run short", now);
        shed++;
    }
    return shed;
}

/* The text that has been pending for longest with some viewer, or NULL. */
static const glance_buffer_t *slowest_buffer(glance_broadcast_t *broadcast,
                                             glance_moment_t *pending)
{
    const glance_buffer_t *slowest = NULL;
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    EACH_VIEWER(viewer, next, broadcast)
    {
        if (viewer->buffer && viewer->pending < *pending) {
            slowest = viewer->buffer;
            *pending = viewer->pending;
        }
    }
    return slowest;
}

/* The cache holds it as well. */
static apr_uint32_t drop_holders(glance_broadcast_t *broadcast, const glance_buffer_t *buffer,
                                 glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;
    apr_uint32_t dropped = 0;
    int i;

    for (i = 0; i < GLANCE_BROADCAST_BUFFERS; i++) {
        if (broadcast->buffers[i].buffer == buffer) {
            forget_buffer(&broadcast->buffers[i]);
        }
    }
    EACH_VIEWER(viewer, next, broadcast)
    {
        if (viewer->buffer == buffer) {
            drop(broadcast, viewer, "too slow, and memory runs short", now);
            dropped++;
        }
    }
    return dropped;
}

apr_size_t glance_broadcast_buffer_limit(const glance_broadcast_t *broadcasts, int count)
{
    apr_size_t limit = TEXT_BYTES_MAX;
    int i;

    for (i = 0; i < count; i++) {
        if (broadcasts[i].count && broadcasts[i].hello_length > limit / HELLOS_MAX) {
            limit = broadcasts[i].hello_length * HELLOS_MAX;
        }
    }
    return limit;
}

apr_uint32_t glance_broadcast_drop_slowest(glance_broadcast_t *broadcasts, int count,
                                           glance_moment_t now)
{
    glance_broadcast_t *slowest = NULL;
    const glance_buffer_t *buffer = NULL;
    glance_moment_t pending = GLANCE_NO_MOMENT;
    int i;

    for (i = 0; i < count; i++) {
        const glance_buffer_t *slower = slowest_buffer(&broadcasts[i], &pending);

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
    drop_buffers(broadcast, GLANCE_NO_MOMENT);
    glance_changes_free(&broadcast->changes);
}
