/* connection.h: a client's connection that was taken over from httpd, clear or TLS.
 *
 * No operation blocks. Belongs to the child's hub thread alone.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_CONNECTION_H
#define GLANCE_LIVE_CONNECTION_H

#include "httpd_private.h"

#include "core/buffer.h"

typedef enum { GLANCE_CLEAR, GLANCE_TLS } glance_connection_kind_e;

#define GLANCE_CONNECTION_KINDS 2

typedef struct glance_connection_t glance_connection_t;

/** The operations of one kind of connection. */
typedef struct {
    glance_connection_kind_e kind;
    int must_be_read; /* even if the dialect has no input */
    /** Writes up to @a length bytes. After it has returned 0, the next call must offer the same
     * bytes.
     * @return how many were written, 0 if there is no room now, -1 if the client is gone. */
    apr_ssize_t (*write)(glance_connection_t *connection, const char *data, apr_size_t length);
    /** Reads up to @a size bytes. Sets `has_more` if it stopped before the socket was empty, to
     * give other connections their turn.
     * @return how many bytes were read, 0 if there are none now, -1 if the client is gone, has
     * closed its side or misbehaves. */
    apr_ssize_t (*read)(glance_connection_t *connection, char *data, apr_size_t size);
    /** Closes the sending side. Bytes already written still arrive. */
    void (*shutdown)(glance_connection_t *connection);
    /** Frees the memory of this kind. glance_connection_close() closes the socket. */
    void (*free)(glance_connection_t *connection);
} glance_connection_ops_t;

struct glance_connection_t {
    const glance_connection_ops_t *ops;
    int socket;
    int poll;               /* the epoll descriptor that watches it, or -1 */
    struct ssl_st *ssl;     /* NULL: a clear connection */
    unsigned no_data;       /* consecutive TLS records without data */
    int has_more;           /* reading has stopped before the socket was empty */
    glance_buffer_t *early; /* input that httpd had already read; NULL if none */
    apr_size_t early_offset;
};

/** Adds the connection to epoll, edge-triggered. An event carries @a data. It means that there may
 * be room again, that the client has left or, if @a reads, that the client has sent something.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_connection_watch(glance_connection_t *connection, int poll, int reads,
                                     void *data);

/** Makes epoll report the connection again, for a reader that stopped before the socket was empty.
 */
void glance_connection_watch_again(glance_connection_t *connection, void *data);

/** Reads up to @a size bytes from the client. The input that httpd had already read comes first.
 * @return as ops->read. */
apr_ssize_t glance_connection_read(glance_connection_t *connection, char *data, apr_size_t size);

/** Discards unread input of the socket, also TLS records. Nothing may be read after it.
 * @return 1, or 0 if the client is gone. */
int glance_connection_discard(glance_connection_t *connection);

/** Closes the connection. Bytes already written still arrive. */
void glance_connection_close(glance_connection_t *connection);

#endif
