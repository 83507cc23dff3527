/* bare.c: the reference for fan-out: one thread, epoll, no HTTP library, the same bytes.
 *
 * A GET opens a stream. A POST to /api/status/<cluster>/0/<state> is answered 204, and then every
 * stream is sent what mod_glance would send, with one system call each.
 *
 *   bare PORT
 *
 * SPDX-License-Identifier: ISC
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 20000
#define EVENTS 512

static const char stream_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "Connection: close\r\n\r\nretry: 3000\n\n";
static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";

static int viewers[MAX_CLIENTS];
static int place_of[MAX_CLIENTS]; /* in viewers, plus one */
static int viewer_count;

static void close_client(int client)
{
    if (place_of[client]) {
        int last = viewers[--viewer_count];

        viewers[place_of[client] - 1] = last;
        place_of[last] = place_of[client];
        place_of[client] = 0;
    }
    close(client);
}

static void broadcast(const char *cluster, const char *state)
{
    static unsigned long seq;
    struct timespec now;
    char event[512];
    int length;
    int i;

    clock_gettime(CLOCK_REALTIME, &now);
    length = snprintf(event, sizeof event,
                      "id: 0123456789abcdef-%lu\nevent: update\n"
                      "data: {\"now\":%ld.%03ld,\"clusters\":{\"%s\":{\"%.1s\":\"0\"}}}\n\n",
                      ++seq, (long)now.tv_sec, now.tv_nsec / 1000000, cluster, state);
    for (i = viewer_count - 1; i >= 0; i--) {
        if (send(viewers[i], event, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length) {
            close_client(viewers[i]);
        }
    }
}

/* A request comes in one piece here: the load generator is on this machine. */
static void serve(int client)
{
    char request[2048];
    char cluster[65];
    char state[2];
    ssize_t length = recv(client, request, sizeof request - 1, 0);

    if (length <= 0) {
        close_client(client);
        return;
    }
    request[length] = '\0';
    if (request[0] == 'G') {
        send(client, stream_head, sizeof stream_head - 1, MSG_NOSIGNAL);
        viewers[viewer_count++] = client;
        place_of[client] = viewer_count;
    }
    else if (sscanf(request, "POST /api/status/%64[^/]/0/%1s", cluster, state) == 2) {
        send(client, done, sizeof done - 1, MSG_NOSIGNAL);
        broadcast(cluster, state);
    }
}

static void admit(int listener, int poll)
{
    int client;

    while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.fd = client}};

        if (client >= MAX_CLIENTS) {
            close(client);
            continue;
        }
        epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
    }
}

static int listen_on(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)atoi(port)),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int one = 1;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("bare: listen");
        exit(1);
    }
    return listener;
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    struct epoll_event events[EVENTS];
    int listener = listen_on(argc > 1 ? argv[1] : "0");
    int poll = epoll_create1(0);

    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    events[0] = (struct epoll_event){.events = EPOLLIN, .data = {.fd = listener}};
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, events);
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        int i;

        for (i = 0; i < count; i++) {
            if (events[i].data.fd == listener) {
                admit(listener, poll);
            }
            else {
                serve(events[i].data.fd);
            }
        }
    }
}
