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
                 glance_transports[viewer->transport].name, viewer->address, why,
                 apr_time_sec(now - viewer->opened), viewer->sent);
}

static void drop(glance_broadcast_t *broadcast, glance_viewer_t *viewer, const char *why,
                 glance_moment_t now)
{
    APR_RING_REMOVE(viewer, link);
    broadcast->count--;
    broadcast->count_of[viewer->transport]--;
    broadcast->pulse_count -= viewer->wants_pulse ? 1 : 0;
    log_end(broadcast, viewer, why, now);
    glance_viewer_free(viewer);
}

void glance_broadcast_leave(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                            glance_moment_t now)
{
    drop(broadcast, viewer, viewer->closing ? "closed" : "client left", now);
}

/* ---- texts for viewers one by one ---- */

/* The beginning of every stream. It goes out with the first event. Sent with the head of the
 * response, it would cost a packet of its own. */
static glance_text_t *begin_stream(glance_transport_e transport, glance_text_t *event)
{
    glance_text_t *text = event ? glance_text_make(event->length + 32) : NULL;

    if (text) {
        glance_transports[transport].put_beginning(text);
        glance_text_put(text, event->data, event->length);
    }
    glance_text_release(event);
    return glance_text_finish(text);
}

static glance_text_t *make_text(glance_broadcast_t *broadcast, glance_transport_e transport,
                                apr_uint64_t since, int is_new, apr_uint64_t *upto)
{
    unsigned wanted = 1U << transport;
    glance_texts_t texts;

    if (since == HELLO) {
        (void)glance_event_hello(&texts, wanted, broadcast->store, upto);
    }
    else {
        (void)glance_event_update(&texts, wanted, broadcast->store, since, &broadcast->changes,
                                  upto);
    }
    return is_new ? begin_stream(transport, texts.of[transport]) : texts.of[transport];
}

static apr_interval_time_t life_of(const glance_broadcast_text_t *place)
{
    return place->since == HELLO && place->text
               ? TEXT_LIFE
                     + apr_time_from_sec((apr_int64_t)(place->text->length / HELLO_BYTES_A_SECOND))
               : TEXT_LIFE;
}

/* Whether a text of the cache still serves. A large hello does though states have changed: while a
 * crowd comes, a hello each would take all memory. An update follows it. */
static int is_current(const glance_broadcast_text_t *place, apr_uint64_t seq, glance_moment_t now)
{
    return now - place->made < life_of(place)
           && (place->upto == seq || (place->since == HELLO && place->text->length >= LARGE_HELLO));
}

static void forget_text(glance_broadcast_text_t *place)
{
    glance_text_release(place->text);
    place->text = NULL;
}

/* The text that tells a viewer, who knows the board up to `since`, of all changes up to `upto`. For
 * a new viewer it begins the stream. Returns NULL if there is no memory. The cache owns the text. */
static glance_text_t *text_since(glance_broadcast_t *broadcast, glance_transport_e transport,
                                 apr_uint64_t since, int is_new, apr_uint64_t *upto,
                                 glance_moment_t now)
{
    apr_uint64_t seq = glance_board_latest(broadcast->store->board, GLANCE_CHANGE);
    glance_broadcast_text_t *place;
    int i;

    for (i = 0; i < GLANCE_BROADCAST_TEXTS; i++) {
        place = &broadcast->texts[i];
        if (place->text && place->transport == transport && place->since == since
            && place->is_new == is_new && is_current(place, seq, now)) {
            *upto = place->upto;
            return place->text;
        }
    }
    place = &broadcast->texts[broadcast->next_text];
    broadcast->next_text = (broadcast->next_text + 1) % GLANCE_BROADCAST_TEXTS;
    forget_text(place);
    place->text = make_text(broadcast, transport, since, is_new, upto);
    place->transport = transport;
    place->since = since;
    place->is_new = is_new;
    place->upto = *upto;
    place->made = now;
    if (since == HELLO && place->text && place->text->length > broadcast->hello_length) {
        broadcast->hello_length = place->text->length;
    }
    return place->text;
}

/* Drops what is too old to serve. With GLANCE_NO_MOMENT as the time, that is everything. */
static void drop_texts(glance_broadcast_t *broadcast, glance_moment_t now)
{
    int i;

    for (i = 0; i < GLANCE_BROADCAST_TEXTS; i++) {
        if (now - broadcast->texts[i].made >= life_of(&broadcast->texts[i])) {
            forget_text(&broadcast->texts[i]);
        }
    }
}

/* Sends a ready viewer all it does not know. Returns 1, or 0 if that cannot be done and the viewer
 * is dropped. */
static int tell(glance_broadcast_t *broadcast, glance_viewer_t *viewer, apr_uint64_t since,
                int is_new, glance_moment_t now)
{
    apr_uint64_t upto = 0;
    glance_text_t *text = text_since(broadcast, viewer->transport, since, is_new, &upto, now);

    if (!text || glance_viewer_send(viewer, text, now) != APR_SUCCESS) {
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
    return !glance_viewer_is_ready(viewer) || viewer->seq >= broadcast->seq
           || tell(broadcast, viewer, viewer->seq, 0, now);
}

void glance_broadcast_join(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                           glance_moment_t now)
{
    if (!broadcast->count) {
        broadcast->seq = glance_board_latest(broadcast->store->board, GLANCE_CHANGE);
        broadcast->beat = glance_board_latest(broadcast->store->board, GLANCE_BEAT);
        broadcast->next_round = now;
        broadcast->next_tick = now + TICK;
        broadcast->next_heartbeat = now + HEARTBEAT;
        broadcast->heartbeats = 0;
        broadcast->fresh_count = 0;
    }
    viewer->broadcast = broadcast;
    APR_RING_INSERT_TAIL(&broadcast->viewers, viewer, glance_viewer_t, link);
    broadcast->count++;
    broadcast->count_of[viewer->transport]++;
    broadcast->pulse_count += viewer->wants_pulse ? 1 : 0;
    if (!broadcast->fresh_count++) {
        broadcast->fresh_beat = glance_board_latest(broadcast->store->board, GLANCE_BEAT);
    }
    viewer->is_fresh = 1;
    if (tell(broadcast, viewer, viewer->resumes ? viewer->seq : HELLO, 1, now)) {
        (void)catch_up(broadcast, viewer, now);
    }
}

int glance_broadcast_resume(glance_broadcast_t *broadcast, glance_viewer_t *viewer,
                            glance_moment_t now)
{
    int was_ready = glance_viewer_is_ready(viewer);

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
static void send_to(glance_broadcast_t *broadcast, choose_fn_t is_chosen, glance_texts_t *texts,
                    apr_uint64_t upto, glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;
    apr_uint64_t bytes = 0;

    EACH_VIEWER(viewer, next, broadcast)
    {
        glance_text_t *text = texts->of[viewer->transport];

        /* A child that ends has little time, and the goodbye takes some of it. */
        if (__atomic_load_n(broadcast->stopping, __ATOMIC_RELAXED)) {
            break;
        }
        /* Fetched while this one is written to: bench/fan shows a sixth of the cost, when few
         * events a second leave all of it cold. */
        __builtin_prefetch(next);
        __builtin_prefetch((char *)next + CACHE_LINE);
        if (!text || !glance_viewer_is_ready(viewer) || !is_chosen(viewer, upto)) {
            continue;
        }
        if (text->length && glance_viewer_send(viewer, text, now) != APR_SUCCESS) {
            glance_broadcast_leave(broadcast, viewer, now);
            continue;
        }
        bytes += text->length ? viewer->offset : 0;
        viewer->seq = viewer->seq < upto ? upto : viewer->seq;
    }
    glance_texts_release(texts);
    glance_stats_add(glance_shared_stats(), GLANCE_STAT_BROADCASTS, 1);
    glance_stats_add(glance_shared_stats(), GLANCE_STAT_BYTES, bytes);
}

/* The transports that somebody uses. */
static unsigned transports_in_use(const glance_broadcast_t *broadcast)
{
    unsigned used = 0;
    int i;

    for (i = 0; i < GLANCE_TRANSPORTS; i++) {
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
static int wants_pulse(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    return viewer->wants_pulse && !viewer->is_fresh && viewer->seq <= upto;
}

static int wants_fresh_pulse(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    return viewer->wants_pulse && viewer->is_fresh && viewer->seq <= upto;
}

static int is_anybody(const glance_viewer_t *viewer, apr_uint64_t upto)
{
    (void)viewer;
    (void)upto;
    return 1;
}

static void run_round(glance_broadcast_t *broadcast, glance_moment_t now)
{
    glance_texts_t texts;
    apr_uint64_t upto;

    if (glance_event_update(&texts, transports_in_use(broadcast), broadcast->store, broadcast->seq,
                            &broadcast->changes, &upto)
        != APR_SUCCESS) {
        broadcast->next_round = now + RETRY_AFTER_FAILURE;
        return;
    }
    broadcast->next_round = now + broadcast->interval;
    broadcast->seq = upto;
    send_to(broadcast, knows_less, &texts, upto, now);
}

/* Tells who was heard since that beat. Returns up to which, or 0 if that cannot be done. */
static apr_uint64_t send_health(glance_broadcast_t *broadcast, apr_uint64_t since,
                                choose_fn_t is_chosen, glance_moment_t now)
{
    glance_texts_t texts;
    apr_uint64_t upto;

    if (glance_event_health(&texts, transports_in_use(broadcast), broadcast->store, since,
                            broadcast->seq, &broadcast->changes, &upto)
        != APR_SUCCESS) {
        return 0;
    }
    send_to(broadcast, is_chosen, &texts, broadcast->seq, now);
    return upto;
}

/* Who came since the last tick is told no sign of life from before: that is in the hello. (From
 * before the first of them came, to be exact: one text serves all.) They come last, or they would
 * miss what happens in between. */
static void send_pulse(glance_broadcast_t *broadcast, apr_uint64_t beat, glance_moment_t now)
{
    if (broadcast->beat != beat) {
        apr_uint64_t upto = send_health(broadcast, broadcast->beat, wants_pulse, now);

        broadcast->beat = upto ? upto : broadcast->beat;
    }
    if (broadcast->fresh_count && broadcast->fresh_beat != beat) {
        (void)send_health(broadcast, broadcast->fresh_beat, wants_fresh_pulse, now);
    }
}

static int is_beat_of(glance_transport_e transport, unsigned beat)
{
    return beat % glance_transports[transport].beats_apart == 0;
}

static void send_heartbeat(glance_broadcast_t *broadcast, glance_moment_t now)
{
    glance_texts_t texts = {{0}};
    int i;

    broadcast->heartbeats++;
    for (i = 0; i < GLANCE_TRANSPORTS; i++) {
        if (broadcast->count_of[i] && is_beat_of(i, broadcast->heartbeats)) {
            texts.of[i] = glance_text_make(0);
        }
        if (texts.of[i]) {
            glance_transports[i].put_heartbeat(texts.of[i]);
            texts.of[i] = glance_text_finish(texts.of[i]);
        }
    }
    send_to(broadcast, is_anybody, &texts, broadcast->seq, now);
}

/* Drops whoever is overdue, and ends the freshness of the rest. */
static void look_after_all(glance_broadcast_t *broadcast, glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    broadcast->fresh_count = 0;
    EACH_VIEWER(viewer, next, broadcast)
    {
        viewer->is_fresh = 0;
        if (glance_viewer_is_stuck(viewer, now)) {
            glance_stats_add(glance_shared_stats(), GLANCE_STAT_SLOW, 1);
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
    apr_uint64_t beat = glance_board_latest(broadcast->store->board, GLANCE_BEAT);

    if (broadcast->pulse_count) {
        send_pulse(broadcast, beat, now);
    }
    else {
        broadcast->beat = beat;
    }
    look_after_all(broadcast, now);
    drop_texts(broadcast, now);
}

void glance_broadcast_run(glance_broadcast_t *broadcast, glance_moment_t now)
{
    if (!broadcast->count) {
        drop_texts(broadcast, GLANCE_NO_MOMENT);
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
    if (now >= broadcast->next_heartbeat) {
        broadcast->next_heartbeat = now + HEARTBEAT;
        send_heartbeat(broadcast, now);
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
        glance_board_want_bell(board);
    }
    if (glance_board_latest(board, GLANCE_CHANGE) != broadcast->seq
        && broadcast->next_round < due) {
        due = broadcast->next_round;
    }
    return due < broadcast->next_heartbeat ? due : broadcast->next_heartbeat;
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
static const glance_text_t *slowest_text(glance_broadcast_t *broadcast, glance_moment_t *pending)
{
    const glance_text_t *slowest = NULL;
    glance_viewer_t *viewer;
    glance_viewer_t *next;

    EACH_VIEWER(viewer, next, broadcast)
    {
        if (viewer->text && viewer->pending < *pending) {
            slowest = viewer->text;
            *pending = viewer->pending;
        }
    }
    return slowest;
}

/* The cache holds it as well. */
static apr_uint32_t drop_holders(glance_broadcast_t *broadcast, const glance_text_t *text,
                                 glance_moment_t now)
{
    glance_viewer_t *viewer;
    glance_viewer_t *next;
    apr_uint32_t dropped = 0;
    int i;

    for (i = 0; i < GLANCE_BROADCAST_TEXTS; i++) {
        if (broadcast->texts[i].text == text) {
            forget_text(&broadcast->texts[i]);
        }
    }
    EACH_VIEWER(viewer, next, broadcast)
    {
        if (viewer->text == text) {
            drop(broadcast, viewer, "too slow, and memory runs short", now);
            dropped++;
        }
    }
    return dropped;
}

apr_size_t glance_broadcast_text_limit(const glance_broadcast_t *broadcasts, int count)
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
    const glance_text_t *text = NULL;
    glance_moment_t pending = GLANCE_NO_MOMENT;
    int i;

    for (i = 0; i < count; i++) {
        const glance_text_t *slower = slowest_text(&broadcasts[i], &pending);

        if (slower) {
            text = slower;
            slowest = &broadcasts[i];
        }
    }
    return slowest ? drop_holders(slowest, text, now) : 0;
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
    drop_texts(broadcast, GLANCE_NO_MOMENT);
    glance_changes_free(&broadcast->changes);
}
