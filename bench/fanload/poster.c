/* poster.c: sends the POSTs, one for each event, over one kept-alive connection.
 *
 * SPDX-License-Identifier: ISC
 */
#include "poster.h"

#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base.h"
#include "connection.h"
#include "event.h"
#include "head.h"
#include "options.h"
#include "tally.h"

/* OFF only after the last answer */
typedef enum { OFF, CONNECTING, IDLE, SENDING, WAITING } state_t;

static struct {
    int poll;
    int fd;
    state_t state;
    char request[8192];
    size_t length, sent;
    char answer[65536];
    size_t answer_length;
    event_t *event;     /* of the current POST */
    uint64_t due_count; /* POSTs begun */
    int is_reused;      /* it has had an answer: the server may close it at any time */
    int is_resending;   /* the server did, instead of an answer */
} poster;

static void watch(int operation, uint32_t wanted)
{
    struct epoll_event event = {.events = wanted, .data = {.u64 = 0}};

    epoll_ctl(poster.poll, operation, poster.fd, &event);
}

static void connect_poster(void)
{
    int one = 1;

    poster.fd = connect_to(&options.post, NULL);
    if (poster.fd < 0) {
        errx(2, "connection for POSTs: %s", strerror(errno));
    }
    setsockopt(poster.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    poster.answer_length = 0;
    poster.state = CONNECTING;
    watch(EPOLL_CTL_ADD, EPOLLOUT);
}

void poster_open(int poll)
{
    poster.poll = poll;
    connect_poster();
}

int poster_is_busy(void)
{
    return poster.state == SENDING || poster.state == WAITING || poster.is_resending;
}

/* ---- a request ---- */

static void flush(void)
{
    while (poster.sent < poster.length) {
        ssize_t sent = send(poster.fd, poster.request + poster.sent, poster.length - poster.sent,
                            MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN) {
            watch(EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return;
        }
        if (sent < 0) {
            break; /* the next read tells */
        }
        poster.sent += (size_t)sent;
    }
    poster.state = WAITING;
}

/* Replaces %I% and %K%. */
static void expand(char *text, size_t size, const char *template, uint32_t n)
{
    size_t length = 0;

    while (*template && length < size - 24) {
        if (!strncmp(template, "%I%", 3)) {
            length += (size_t)sprintf(text + length, "%u", n % (uint32_t)options.mod);
            template += 3;
        }
        else if (!strncmp(template, "%K%", 3)) {
            length += (size_t)sprintf(text + length, "%u",
                                      n / (uint32_t)options.mod % (uint32_t)options.kmod);
            template += 3;
        }
        else {
            text[length++] = *template ++;
        }
    }
    text[length] = '\0';
}

static void compose(uint32_t n)
{
    char path[1400];
    char body[4096] = "";
    int length;

    expand(path, sizeof path, options.post.path, n);
    expand(body, sizeof body, options.body ? options.body : "", n);
    length = snprintf(poster.request, sizeof poster.request,
                      "POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n\r\n%s", path,
                      options.post.host, *body ? "Content-Type: text/plain\r\n" : "", strlen(body),
                      body);
    if (length >= (int)sizeof poster.request) {
        errx(2, "the POST is too long");
    }
    poster.length = (size_t)length;
    poster.sent = 0;
}

static part_t part_of(int64_t now)
{
    return schedule.phase == RETURN ? DURING_RETURN
           : now < schedule.warm    ? DURING_WARMUP
                                    : DURING_RUN;
}

/* Viewers that are away receive the event when they are back. Returns 0 when no event is left. */
static int post(int64_t due)
{
    int64_t now = now_ns();
    event_t *event = event_begin();

    if (!event) {
        return 0;
    }
    compose(event_count - 1);
    event->part = part_of(now);
    event->expected = tally.open + tally.away;
    tally.posts[event->part].sent++;
    if (event->part == DURING_RUN) {
        histogram_add(&tally.post_lag, now - due);
    }
    poster.event = event;
    event->sent = now_ns();
    poster.state = SENDING;
    flush();
    return 1;
}

int64_t poster_tick(void)
{
    int64_t now = now_ns();

    while (now < schedule.ends && (schedule.phase == RUN || schedule.phase == RETURN)) {
        int64_t due = schedule.began + seconds_to_ns((double)poster.due_count / options.rate);

        if (now < due) {
            return (due < schedule.ends ? due : schedule.ends) - now;
        }
        if (poster.state != IDLE) {
            return MILLISECOND;
        }
        if (!post(due)) {
            schedule.ends = now;
            return 0;
        }
        poster.due_count++;
        now = now_ns();
    }
    return 0;
}

/* ---- an answer ---- */

static int is_accepted(int status)
{
    return status >= 200 && status < 300;
}

static void note_answer(int status, int64_t now)
{
    posts_t *posts = &tally.posts[poster.event->part];

    poster.event->answered = now;
    poster.event->status = status;
    if (is_accepted(status)) {
        posts->accepted++;
        tally.deliveries_due += (uint64_t)poster.event->expected;
    }
    else {
        posts->refused++;
        if (!tally.post_error[0]) {
            snprintf(tally.post_error, sizeof tally.post_error, "%.70s", poster.answer);
            cut_to_printable(tally.post_error);
        }
    }
    histogram_add(&posts->times, now - poster.event->sent);
    poster.state = IDLE;
}

/* A POST that crosses the end of a kept-alive connection is sent again, as HTTP clients do. */
static void end_current(void)
{
    posts_t *posts = &tally.posts[poster.event->part];

    if (poster.is_reused && !poster.answer_length) {
        posts->resent++;
        poster.is_resending = 1;
        return;
    }
    poster.event->status = -1;
    poster.event->answered = now_ns();
    posts->refused++;
}

static void drop(void)
{
    if (poster.event && (poster.state == WAITING || poster.state == SENDING)) {
        end_current();
    }
    epoll_ctl(poster.poll, EPOLL_CTL_DEL, poster.fd, NULL);
    close(poster.fd);
    poster.state = OFF;
    poster.is_reused = 0;
    tally.post_reconnects++;
    if (schedule.phase < DRAIN || poster.is_resending) {
        connect_poster();
    }
}

/* Bytes of the answer with its body, or 0 while it is incomplete. */
static size_t answer_size(const char *answer, size_t length, int status)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *value = head_find(answer, "Content-Length");
    size_t size = end ? (size_t)(end + 4 - answer) : 0;

    if (!end || status / 100 == 1 || status == 204 || status == 304) {
        return size;
    }
    if (head_has(answer, "Transfer-Encoding", "chunked")) {
        end = memmem(end + 2, length - size + 2, "\r\n0\r\n\r\n", 7);
        return end ? (size_t)(end + 7 - answer) : 0;
    }
    size += value ? strtoul(value, NULL, 10) : 0;
    return size <= length ? size : 0;
}

static void take_answers(void)
{
    size_t size;

    do {
        int status = head_status(poster.answer);
        int is_last = head_has(poster.answer, "Connection", "close");

        size = answer_size(poster.answer, poster.answer_length, status);
        if (size && status / 100 != 1) {
            note_answer(status, now_ns());
            poster.is_reused = 1;
        }
        poster.answer_length -= size;
        memmove(poster.answer, poster.answer + size, poster.answer_length + 1);
        if (size && is_last && status / 100 != 1) {
            drop();
            return;
        }
    } while (size && poster.state != IDLE);
}

static void receive(void)
{
    ssize_t length = recv(poster.fd, poster.answer + poster.answer_length,
                          sizeof poster.answer - 1 - poster.answer_length, 0);

    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (length <= 0) {
        drop();
        return;
    }
    poster.answer_length += (size_t)length;
    poster.answer[poster.answer_length] = '\0';
    if (poster.state == WAITING || poster.state == SENDING) {
        take_answers();
    }
    else {
        poster.answer_length = 0;
    }
}

static void finish_connecting(uint32_t epoll_events)
{
    int error = connect_error(poster.fd);

    if (error) {
        errx(2, "connection for POSTs: %s", strerror(error));
    }
    if (!(epoll_events & EPOLLOUT)) {
        return;
    }
    poster.state = IDLE;
    watch(EPOLL_CTL_MOD, EPOLLIN);
    if (poster.is_resending) {
        poster.is_resending = 0;
        poster.sent = 0;
        poster.state = SENDING;
        flush();
    }
}

void poster_handle(uint32_t epoll_events)
{
    if (poster.state == CONNECTING) {
        finish_connecting(epoll_events);
        return;
    }
    if (epoll_events & EPOLLOUT && poster.state == SENDING) {
        flush();
        if (poster.state == WAITING) {
            watch(EPOLL_CTL_MOD, EPOLLIN);
        }
    }
    if (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR) && poster.state != OFF) {
        receive();
    }
}
