/* connection.h: a client's connection that httpd has let go of, clear or TLS. Nobody ever
 * waits on it.
 *
 * Belongs to the child's hub thread alone.
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

/** What a kind of connection can do. */
typedef struct {
    glance_connection_kind_e kind;
    int must_be_read; /* also where nothing that the client says has a meaning */
    /** Writes up to @a length bytes. After a 0, the same bytes must be offered again.
     * @return how many were taken, 0 if there is no room now, -1 if the client is gone. */
    apr_ssize_t (*write)(glance_connection_t *connection, const char *data, apr_size_t length);
    /** Reads at most @a size bytes. @return how many, 0 if there are none now or, with `has_more`,
     * if others should have their turn first, -1 if the client is gone, says no more or misbehaves.
     */
    apr_ssize_t (*read)(glance_connection_t *connection, char *data, apr_size_t size);
    /** Tells the client that nothing more comes. What was written still arrives. */
    void (*shutdown)(glance_connection_t *connection);
    /** Frees what the kind has added. The socket is closed by glance_connection_close(). */
    void (*free)(glance_connection_t *connection);
} glance_connection_ops_t;

struct glance_connection_t {
    const glance_connection_ops_t *ops;
    int socket;
    int poll;               /* the epoll descriptor that watches it, or -1 */
    struct ssl_st *ssl;     /* NULL: a clear connection */
    unsigned no_data;       /* TLS records without data, one behind the other */
    int has_more;           /* reading has stopped before the socket was empty */
    glance_buffer_t *early; /* what httpd had read already, NULL if nothing */
    apr_size_t early_offset;
};

/** Has epoll report, edge-triggered and with @a data, that there may be room again, that the client
 * has left or, if @a reads, that it has sent something.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_connection_watch(glance_connection_t *connection, int poll, int reads,
                                     void *data);

/** Has epoll report the present state once more, for a reader who did not read all. */
void glance_connection_watch_again(glance_connection_t *connection, void *data);

/** Reads at most @a size bytes of what the client has sent, first of all what httpd had read.
 * @return as ops->read. */
apr_ssize_t glance_connection_read(glance_connection_t *connection, char *data, apr_size_t size);

/** Throws away what lies in the socket, below TLS too: only where nothing is read any more.
 * @return 1, or 0 if the client is gone. */
int glance_connection_discard(glance_connection_t *connection);

/** Ends the connection: what was written still arrives. */
void glance_connection_close(glance_connection_t *connection);

#endif
