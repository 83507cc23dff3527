/* bare.c: the reference for fan-out: one thread, epoll, no HTTP library, the same events.
 *
 * A GET opens a stream. A POST to /api/status/<cluster>/0/<state> is answered with 204. Then every
 * stream gets the event of mod_glance, with one system call each.
 *
 *   bare PORT [TLS-PORT CERTIFICATE KEY]
 *
 * With a TLS port, viewers may come over TLS: OpenSSL with its defaults, and with
 * SSL_MODE_RELEASE_BUFFERS. POSTs always come in clear.
 *
 * SPDX-License-Identifier: ISC
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
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
static SSL *ssl_of[MAX_CLIENTS]; /* NULL: a clear connection */
static SSL_CTX *tls;

static int receive(int client, char *buffer, int size)
{
    if (!ssl_of[client]) {
        return (int)recv(client, buffer, (size_t)size, 0);
    }
    ERR_clear_error();
    return SSL_read(ssl_of[client], buffer, size);
}

static int put(int client, const char *text, int length)
{
    if (!ssl_of[client]) {
        return (int)send(client, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    ERR_clear_error();
    return SSL_write(ssl_of[client], text, length);
}

/* Nothing to read yet: a TLS record is incomplete. */
static int is_unready(int client, int result)
{
    return ssl_of[client] && SSL_get_error(ssl_of[client], result) == SSL_ERROR_WANT_READ;
}

static void close_client(int client)
{
    SSL_free(ssl_of[client]);
    ssl_of[client] = NULL;
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
        if (put(viewers[i], event, length) != length) {
            close_client(viewers[i]);
        }
    }
}

/* One read brings a whole request, since the load generator is on this machine. Over TLS the first
 * reads do the handshake. Level-triggered epoll reports bytes that OpenSSL leaves in the socket. */
static void serve(int client)
{
    char request[2048];
    char cluster[65];
    char state[2];
    int length = receive(client, request, sizeof request - 1);

    if (length <= 0) {
        if (!is_unready(client, length)) {
            close_client(client);
        }
        return;
    }
    request[length] = '\0';
    if (request[0] == 'G') {
        put(client, stream_head, sizeof stream_head - 1);
        viewers[viewer_count++] = client;
        place_of[client] = viewer_count;
    }
    else if (sscanf(request, "POST /api/status/%64[^/]/0/%1s", cluster, state) == 2) {
        put(client, done, sizeof done - 1);
        broadcast(cluster, state);
    }
}

static void admit(int listener, int poll, int over_tls)
{
    int client;

    while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.fd = client}};

        if (client >= MAX_CLIENTS) {
            close(client);
            continue;
        }
        if (over_tls) {
            ssl_of[client] = SSL_new(tls);
            SSL_set_fd(ssl_of[client], client);
            SSL_set_accept_state(ssl_of[client]);
        }
        epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
    }
}

static int listen_on(const char *port, int poll)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)atoi(port)),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = listener}};
    int one = 1;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("bare: listen");
        exit(1);
    }
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    return listener;
}

static void set_up_tls(const char *certificate, const char *key)
{
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF); /* resumption by ticket */
    if (SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) != 1
        || SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    struct epoll_event events[EVENTS];
    int poll = epoll_create1(0);
    int listener = listen_on(argc > 1 ? argv[1] : "0", poll);
    int tls_listener = -1;

    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (argc == 5) {
        set_up_tls(argv[3], argv[4]);
        tls_listener = listen_on(argv[2], poll);
    }
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        int i;

        for (i = 0; i < count; i++) {
            int ready = events[i].data.fd;

            if (ready == listener || ready == tls_listener) {
                admit(ready, poll, ready == tls_listener);
            }
            else {
                serve(ready);
            }
        }
    }
}
