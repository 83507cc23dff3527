/* connection.h: a viewer's connection, clear or TLS.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_CONNECTION_H
#define FANLOAD_CONNECTION_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "options.h"

typedef struct {
    int fd; /* -1: none */
    SSL *ssl;
} connection_t;

/* A non-blocking socket that connects to the address, from the source address if that is not NULL.
 * Returns -1 with errno if it cannot. */
int connect_to(const url_t *url, const struct sockaddr_in *source);

/* Returns the error of a connect() that has ended, or 0. */
int connect_error(int fd);

/* Each later handshake resumes a copy of the first session, unless --full-handshakes. */
void connection_prepare(void);
void connection_begin_tls(connection_t *connection);

/* Returns 1 once it is complete, 0 with *events to wait for, or -1 with *why. */
int connection_shake(connection_t *connection, uint32_t *events, const char **why);

/* As recv() and send() */
ssize_t connection_read(connection_t *connection, void *buffer, size_t size);
ssize_t connection_write(connection_t *connection, const void *bytes, size_t length);

/* By a reset, so that no port waits in TIME_WAIT. */
void connection_close(connection_t *connection);

#endif
