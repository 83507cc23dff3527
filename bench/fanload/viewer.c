/* viewer.c: the viewers: each opens a stream or feed, and receives events.
 *
 * SPDX-License-Identifier: ISC
 */
#include "viewer.h"

#include <err.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base.h"
#include "connection.h"
#include "head.h"
#include "options.h"
#include "scanner.h"
#include "sse.h"
#include "tally.h"
#include "websocket.h"

#define LARGEST_HEAD 8192
#define READ_SIZE 65536
#define MOST_CONNECTING 128
#define LOOK_INTERVAL (20 * MILLISECOND)

typedef enum { NEW, CONNECTING, SHAKING, READING_HEAD, OPEN, AWAY, DEAD } state_t;

typedef struct {
    connection_t connection;
    state_t state;
    int is_returning; /* from the end of a stream until the next one is open */
    size_t request_sent;
    char *head; /* until it is complete */
    size_t head_length;
    int64_t began; /* to connect */
    int64_t due;   /* to connect again */
    scanner_t scanner;
    sse_t sse;
    websocket_t websocket;
} viewer_t;

static struct {
    viewer_t *all;
    int poll;
    int next;       /* the first that has not connected yet */
    int connecting; /* without those that return */
    uint8_t buffer[READ_SIZE];
} viewers;

void viewers_make(int poll)
{
    int i;

    viewers.poll = poll;
    viewers.all = make((size_t)options.viewers + 1, sizeof *viewers.all);
    for (i = 0; i < options.viewers; i++) {
        viewers.all[i].connection.fd = -1;
        viewers.all[i].scanner.receiver.viewer = i;
        sse_make(&viewers.all[i].sse);
    }
}

static void watch(viewer_t *viewer, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events,
                                .data = {.u64 = (uint64_t)(viewer - viewers.all) + 1}};

    if (epoll_ctl(viewers.poll, operation, viewer->connection.fd, &event)) {
        errx(2, "epoll_ctl: %s", strerror(errno));
    }
}

/* ---- the end of a connection ---- */

static void close_viewer(viewer_t *viewer)
{
    connection_close(&viewer->connection);
    tally.open -= viewer->state == OPEN;
    viewer->state = DEAD;
    free(viewer->head);
    viewer->head = NULL;
}

/* As EventSource: connect again after the retry time. */
static void go_away(viewer_t *viewer)
{
    close_viewer(viewer);
    viewer->state = AWAY;
    tally.away += !viewer->is_returning;
    viewer->is_returning = 1;
    viewer->due = now_ns() + viewer->sse.retry_ms * MILLISECOND;
    viewer->request_sent = viewer->head_length = 0;
    scanner_reset(&viewer->scanner);
    sse_restart(&viewer->sse);
}

static void note_error(const char *what, const char *why)
{
    if (!tally.error[0]) {
        snprintf(tally.error, sizeof tally.error, "%s: %s", what, why);
        cut_to_printable(tally.error);
    }
}

static void give_up(viewer_t *viewer)
{
    if (viewer->state == OPEN) {
        tally.dropped++;
    }
    else if (viewer->is_returning) {
        tally.away--;
        tally.dropped++;
    }
    else {
        tally.failed++;
        viewers.connecting--;
    }
    close_viewer(viewer);
}

/* The connection failed, or an open stream ended. */
static void fail(viewer_t *viewer, const char *what, const char *why)
{
    if (options.restart && viewer->state == OPEN) {
        go_away(viewer);
        return;
    }
    note_error(what, why);
    if (viewer->is_returning) {
        tally.failed_returns++;
        go_away(viewer);
    }
    else {
        give_up(viewer);
    }
}

/* ---- the request ---- */

static size_t compose(const viewer_t *viewer, char *text, size_t size)
{
    const char *id = viewer->sse.id;
    int length;

    if (options.is_websocket) {
        length =
            snprintf(text, size,
                     "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n",
                     options.url.path, options.url.host, viewer->websocket.key, options.headers);
    }
    else {
        length = snprintf(text, size,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n"
                          "Cache-Control: no-cache\r\n%s%s%s%s\r\n",
                          options.url.path, options.url.host, options.headers,
                          *id ? "Last-Event-ID: " : "", id, *id ? "\r\n" : "");
    }
    return (size_t)length;
}

static void send_request(viewer_t *viewer)
{
    char text[4096];
    size_t length = compose(viewer, text, sizeof text);

    while (viewer->request_sent < length) {
        ssize_t sent = connection_write(&viewer->connection, text + viewer->request_sent,
                                        length - viewer->request_sent);

        if (sent < 0 && errno == EAGAIN) {
            return;
        }
        if (sent < 0) {
            fail(viewer, "send", strerror(errno));
            return;
        }
        viewer->request_sent += (size_t)sent;
    }
    viewer->state = READING_HEAD;
    watch(viewer, EPOLL_CTL_MOD, EPOLLIN);
}

/* The request follows the last message of the handshake at once: an empty socket takes its 4 KB. */
static void shake(viewer_t *viewer)
{
    uint32_t events;
    const char *why;
    int result = connection_shake(&viewer->connection, &events, &why);

    if (result == 1) {
        send_request(viewer);
    }
    else if (result == 0) {
        watch(viewer, EPOLL_CTL_MOD, events);
    }
    else {
        fail(viewer, "handshake", why);
    }
}

static void finish_connecting(viewer_t *viewer, uint32_t events)
{
    int error = connect_error(viewer->connection.fd);

    if (error || !(events & EPOLLOUT)) {
        fail(viewer, "connect", error ? strerror(error) : "hang-up");
    }
    else if (options.url.is_tls) {
        connection_begin_tls(&viewer->connection);
        viewer->state = SHAKING;
        shake(viewer);
    }
    else {
        send_request(viewer);
    }
}

static void connect_viewer(viewer_t *viewer)
{
    int index = (int)(viewer - viewers.all);
    struct sockaddr_in source = {.sin_family = AF_INET};

    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (in_addr_t)(index % options.source_addresses));
    viewer->began = now_ns();
    viewers.connecting += !viewer->is_returning;
    if (!tally.first_connect) {
        tally.first_connect = viewer->began;
    }
    viewer->state = CONNECTING;
    if (options.is_websocket) {
        websocket_begin(&viewer->websocket);
    }
    viewer->connection.fd = connect_to(&options.url, options.source_addresses > 1 ? &source : NULL);
    if (viewer->connection.fd < 0) {
        fail(viewer, "connect", strerror(errno));
        return;
    }
    watch(viewer, EPOLL_CTL_ADD, EPOLLOUT);
}

/* The first viewer over TLS goes alone: it brings the session that the others resume. */
static int most_connecting(void)
{
    int is_first = !tally.opened && !tally.failed;

    return options.url.is_tls && !options.full_handshakes && is_first ? 1 : MOST_CONNECTING;
}

int viewers_ramp(int64_t began)
{
    double allowed = (double)(now_ns() - began) * options.ramp / (double)SECOND;

    while (viewers.next < options.viewers && viewers.connecting < most_connecting()
           && (options.ramp <= 0 || viewers.next < allowed)) {
        connect_viewer(&viewers.all[viewers.next++]);
    }
    return viewers.next < options.viewers;
}

/* All that are due at once: browsers do not wait for each other. */
void viewers_return(void)
{
    static int64_t next;
    int64_t now = now_ns();
    int i;

    if (!tally.away || now < next) {
        return;
    }
    next = now + LOOK_INTERVAL;
    for (i = 0; i < options.viewers; i++) {
        if (viewers.all[i].state == AWAY && viewers.all[i].due <= now) {
            connect_viewer(&viewers.all[i]);
        }
    }
}

/* ---- the response ---- */

/* Those that were open before the restart and are open again */
static void count_return(viewer_t *viewer, int64_t now)
{
    viewer->is_returning = 0;
    tally.away--;
    if (schedule.restarted && viewer->scanner.receiver.opened < schedule.restarted) {
        viewer->sse.is_unanswered = 1;
        tally.back++;
        histogram_add(&tally.returning, now - schedule.restarted);
    }
}

static void open_viewer(viewer_t *viewer, int64_t now)
{
    viewer->state = OPEN;
    free(viewer->head);
    viewer->head = NULL;
    tally.open++;
    if (viewer->is_returning) {
        count_return(viewer, now);
    }
    else {
        viewers.connecting--;
        tally.opened++;
        tally.last_open = now;
        histogram_add(&tally.connecting, now - viewer->began);
    }
    viewer->scanner.receiver.opened = now;
}

/* Whether the stream or feed is open now. */
static int take_head(viewer_t *viewer, int64_t now)
{
    int wanted = options.is_websocket ? 101 : 200;
    int status = head_status(viewer->head);

    if (status != wanted) {
        /* EventSource does not come back after such a response. */
        note_error("status", viewer->head);
        give_up(viewer);
        return 0;
    }
    if (!options.is_websocket) {
        viewer->sse.is_chunked = head_has(viewer->head, "Transfer-Encoding", "chunked");
        tally.other_content_types += !head_has(viewer->head, "Content-Type", "text/event-stream");
    }
    else if (!websocket_is_accepted(&viewer->websocket,
                                    head_find(viewer->head, "Sec-WebSocket-Accept"))) {
        fail(viewer, "handshake", "wrong Sec-WebSocket-Accept");
        return 0;
    }
    open_viewer(viewer, now);
    return 1;
}

/* Returns how many of the bytes belong to the head. */
static size_t read_head(viewer_t *viewer, const uint8_t *bytes, size_t length, int64_t now)
{
    size_t before = viewer->head_length;
    size_t room = LARGEST_HEAD - 1 - before;
    size_t part = length < room ? length : room;
    char *end;

    viewer->head = viewer->head ? viewer->head : make(LARGEST_HEAD, 1);
    memcpy(viewer->head + before, bytes, part);
    viewer->head_length += part;
    viewer->head[viewer->head_length] = '\0';
    end = strstr(viewer->head, "\r\n\r\n");
    if (!end) {
        if (viewer->head_length == LARGEST_HEAD - 1) {
            fail(viewer, "response", "the head is too long");
        }
        return length;
    }
    part = (size_t)(end + 4 - viewer->head) - before;
    return take_head(viewer, now) ? part : length;
}

static void take_body(viewer_t *viewer, const uint8_t *bytes, size_t length, int64_t now)
{
    websocket_t *websocket = &viewer->websocket;
    const char *why;

    if (!options.is_websocket) {
        sse_feed(&viewer->sse, &viewer->scanner, bytes, length, now);
        return;
    }
    why = websocket_feed(websocket, &viewer->scanner, bytes, length, now);
    if (websocket->pong_length) {
        connection_write(&viewer->connection, websocket->pong, websocket->pong_length);
        websocket->pong_length = 0;
    }
    if (why) {
        fail(viewer, "WebSocket", why);
    }
}

static void take_bytes(viewer_t *viewer, size_t length)
{
    int64_t now = now_ns();
    size_t head = 0;

    tally.reads++;
    tally.bytes += length;
    tally.bytes_in_run += schedule.phase >= RUN ? length : 0;
    if (viewer->state == READING_HEAD) {
        head = read_head(viewer, viewers.buffer, length, now);
    }
    if (head < length) {
        take_body(viewer, viewers.buffer + head, length - head, now);
    }
}

/* One read of TLS is one record, and more records may wait in OpenSSL. */
static void read_viewer(viewer_t *viewer)
{
    ssize_t length = READ_SIZE;

    while (viewer->state == READING_HEAD || viewer->state == OPEN) {
        if (length < READ_SIZE && !viewer->connection.ssl) {
            return;
        }
        length = connection_read(&viewer->connection, viewers.buffer, READ_SIZE);
        if (length > 0) {
            take_bytes(viewer, (size_t)length);
        }
        else if (length == 0) {
            fail(viewer, "the server closed",
                 viewer->state == OPEN ? "an open stream" : "before the head");
        }
        else if (errno == EAGAIN) {
            return;
        }
        else {
            fail(viewer, "recv", strerror(errno));
        }
    }
}

void viewer_handle(int index, uint32_t epoll_events)
{
    viewer_t *viewer = &viewers.all[index];

    switch (viewer->state) {
    case CONNECTING:
        finish_connecting(viewer, epoll_events);
        break;
    case SHAKING:
        shake(viewer);
        break;
    case READING_HEAD:
    case OPEN:
        read_viewer(viewer);
        break;
    default:
        break;
    }
}

void viewers_close(void)
{
    int i;

    for (i = 0; i < options.viewers; i++) {
        connection_close(&viewers.all[i].connection);
    }
}
