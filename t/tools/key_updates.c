/* key_updates.c: a viewer over TLS 1.3 that sends only key updates, as fast as it can.
 *
 *   key_updates PORT COUNT
 *
 * Opens the stream, waits for its first bytes, and prints "dropped" if the server ends the
 * connection before it has read all of them, else "taken". The records are made in advance, since
 * making one takes longer than reading it.
 *
 * SPDX-License-Identifier: ISC
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

static const char request[] = "GET /api/stream?pulse=0 HTTP/1.1\r\nHost: localhost\r\n\r\n";

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int client = socket(AF_INET, SOCK_STREAM, 0);

    if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof address)) {
        fail("connect");
    }
    return client;
}

static SSL *open_stream(int client)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl;
    char data[16384];
    int read = 0;

    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    ssl = SSL_new(context);
    SSL_set_fd(ssl, client);
    if (SSL_connect(ssl) != 1 || SSL_write(ssl, request, sizeof request - 1) <= 0) {
        fail("handshake");
    }
    /* The head, and the hub's hello: then the hub has the connection. */
    while (read < 400) {
        int length = SSL_read(ssl, data, sizeof data);

        if (length <= 0) {
            fail("no stream");
        }
        read += length;
    }
    return ssl;
}

static BIO *make_updates(SSL *ssl, long count)
{
    BIO *records = BIO_new(BIO_s_mem());

    BIO_up_ref(records);
    SSL_set0_wbio(ssl, records);
    while (count-- > 0) {
        if (!SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) || SSL_do_handshake(ssl) != 1) {
            fail("key update");
        }
    }
    return records;
}

/* Whether the server reads all of them, and does not close within 5 s after that */
static int takes(int client, const char *data, long length)
{
    struct pollfd end = {.fd = client, .events = POLLRDHUP};
    long sent = 0;

    while (sent < length) {
        ssize_t written = send(client, data + sent, (size_t)(length - sent), MSG_NOSIGNAL);

        if (written < 0) {
            return 0;
        }
        sent += written;
    }
    return poll(&end, 1, 5000) == 0;
}

int main(int argc, char **argv)
{
    int client;
    char *data;
    BIO *records;
    long length;

    if (argc != 3) {
        return 2;
    }
    client = connect_to(atoi(argv[1]));
    records = make_updates(open_stream(client), atol(argv[2]));
    length = BIO_get_mem_data(records, &data);
    puts(takes(client, data, length) ? "taken" : "dropped");
    return 0;
}
