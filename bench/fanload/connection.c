/* connection.c: a viewer's connection, clear or TLS.
 *
 * SPDX-License-Identifier: ISC
 */
#include "connection.h"

#include <err.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base.h"
#include "tally.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static SSL_CTX *context;
static SSL_SESSION *session; /* the first one */

int connect_to(const url_t *url, const struct sockaddr_in *source)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    int error;

    if (fd < 0) {
        return -1;
    }
    if (source) {
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    }
    if ((!source || !bind(fd, (const struct sockaddr *)source, sizeof *source))
        && (!connect(fd, (const struct sockaddr *)&url->address, sizeof url->address)
            || errno == EINPROGRESS)) {
        return fd;
    }
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

int connect_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

/* A copy, since OpenSSL marks the original as not resumable when its connection is reset */
static int keep_session(SSL *ssl, SSL_SESSION *made)
{
    (void)ssl;
    if (!session && !options.full_handshakes) {
        session = SSL_SESSION_dup(made);
    }
    return 0;
}

void connection_prepare(void)
{
    context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        errx(2, "no TLS");
    }
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
}

void connection_begin_tls(connection_t *connection)
{
    connection->ssl = SSL_new(context);
    if (!connection->ssl || !SSL_set_fd(connection->ssl, connection->fd)) {
        errx(2, "out of memory");
    }
    SSL_set_connect_state(connection->ssl);
    if (session) {
        SSL_SESSION *copy = SSL_SESSION_dup(session);

        SSL_set_session(connection->ssl, copy);
        SSL_SESSION_free(copy);
    }
}

static void count_handshake(SSL *ssl)
{
    if (SSL_session_reused(ssl)) {
        tally.resumed_handshakes++;
    }
    else {
        tally.full_handshakes++;
    }
    if (!tally.tls[0]) {
        snprintf(tally.tls, sizeof tally.tls, "%s %s", SSL_get_version(ssl),
                 SSL_get_cipher_name(ssl));
    }
}

int connection_shake(connection_t *connection, uint32_t *events, const char **why)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(connection->ssl);
    if (result == 1) {
        count_handshake(connection->ssl);
        return 1;
    }
    switch (SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        *events = EPOLLIN;
        return 0;
    case SSL_ERROR_WANT_WRITE:
        *events = EPOLLOUT;
        return 0;
    default:
        break;
    }
    *why = ERR_reason_error_string(ERR_peek_error());
    *why = *why ? *why : "closed";
    return -1;
}

static ssize_t result_of(SSL *ssl, int result)
{
    if (result > 0) {
        return result;
    }
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        errno = errno && errno != EAGAIN ? errno : EPROTO;
        return -1;
    default:
        errno = EPROTO;
        return -1;
    }
}

ssize_t connection_read(connection_t *connection, void *buffer, size_t size)
{
    if (!connection->ssl) {
        return recv(connection->fd, buffer, size, 0);
    }
    ERR_clear_error();
    errno = 0;
    return result_of(connection->ssl, SSL_read(connection->ssl, buffer, (int)size));
}

ssize_t connection_write(connection_t *connection, const void *bytes, size_t length)
{
    if (!connection->ssl) {
        return send(connection->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    ERR_clear_error();
    errno = 0;
    return result_of(connection->ssl, SSL_write(connection->ssl, bytes, (int)length));
}

void connection_close(connection_t *connection)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    SSL_free(connection->ssl);
    connection->ssl = NULL;
    if (connection->fd >= 0) {
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(connection->fd);
        connection->fd = -1;
    }
}
