/* handover.c: from httpd's connection to one of the child's hub.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/handover.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apr_portable.h"

#include "http_connection.h"
#include "http_core.h"
#include "util_filter.h"

#include "live/clear.h"
#include "live/descriptors.h"
#include "live/tls.h"

/* How long the kernel waits for a client that acknowledges nothing, keepalives included, before it
 * calls it gone (milliseconds). Its own measure is a quarter of an hour. */
#define UNANSWERED_MS 60000

/* The kernel's memory for a client that does not read: bytes that it has not sent yet, and bytes in
 * all (which it doubles for its own needs). Without these limits it takes megabytes each. */
#define UNSENT_MAX 16384
#define SEND_BUFFER 65536

#define PIECE 8000      /* bytes, as httpd reads them */
#define EARLY_MAX 65536 /* bytes that a client may send before it has an answer */
#define PIECES_MAX 256  /* pieces that these may come in, and TLS records without data */

/* What is kept of a connection, in its configuration vector. */
typedef struct {
    struct ssl_st *ssl; /* mod_ssl's: valid as long as ssl_is_https() says so */
    const void *stream;
} note_t;

static note_t *note_of(conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &glance_module);
}

static note_t *make_note(conn_rec *c)
{
    note_t *note = note_of(c);

    if (!note) {
        note = apr_pcalloc(c->pool, sizeof *note);
        ap_set_module_config(c->conn_config, &glance_module, note);
    }
    return note;
}

static void keep_ssl(conn_rec *c, struct ssl_st *ssl)
{
    make_note(c)->ssl = ssl;
}

void glance_handover_register(void)
{
    glance_tls_register(keep_ssl);
}

void glance_handover_await(conn_rec *c, const void *stream)
{
    make_note(c)->stream = stream;
}

const void *glance_handover_awaited(conn_rec *c)
{
    const note_t *note = note_of(c);

    return note ? note->stream : NULL;
}

/* ---- whether ---- */

static int is_named(const ap_filter_t *filter, const char *name)
{
    return !strcmp(filter->frec->name, name);
}

/* Filters of any other module may change the bytes. mod_reqtimeout's output filter only watches for
 * the end of a request. */
static int is_known(const ap_filter_t *filter, int is_tls)
{
    return filter->frec == ap_core_output_filter_handle || is_named(filter, "reqtimeout")
           || (is_tls
               && (is_named(filter, "ssl/tls filter")
                   || is_named(filter, "ssl/tls coalescing filter")));
}

static struct ssl_st *ssl_of(conn_rec *c)
{
    const note_t *note = note_of(c);

    return note && glance_tls_is_possible(c, note->ssl) ? note->ssl : NULL;
}

int glance_handover_is_possible(conn_rec *c)
{
    const ap_filter_t *filter;
    int is_tls;

    if (c->master) {
        return 0;
    }
    is_tls = ssl_of(c) != NULL;
    for (filter = c->output_filters; filter; filter = filter->next) {
        if (!is_known(filter, is_tls)) {
            return 0;
        }
    }
    return 1;
}

/* ---- what the client has sent behind its request ---- */

/* Moves a piece of it into `early`.
 * Returns APR_SUCCESS, or APR_EAGAIN when there is nothing more now. */
static apr_status_t move_piece(conn_rec *c, apr_bucket_brigade *brigade, glance_buffer_t *early)
{
    char data[PIECE];
    apr_size_t length = sizeof data;
    apr_status_t rv = ap_get_brigade(c->input_filters, brigade, AP_MODE_READBYTES,
                                     APR_NONBLOCK_READ, PIECE);

    if (rv == APR_SUCCESS) {
        rv = apr_brigade_flatten(brigade, data, &length);
    }
    if (rv == APR_SUCCESS) {
        glance_buffer_put(early, data, length);
        rv = length ? APR_SUCCESS : APR_EAGAIN;
    }
    apr_brigade_cleanup(brigade);
    return rv;
}

/* Returns APR_SUCCESS when nothing more is there, APR_EINVAL if that does not come to an end. */
static apr_status_t drain_input(conn_rec *c, const struct ssl_st *ssl, glance_buffer_t *early)
{
    apr_bucket_brigade *brigade = apr_brigade_create(c->pool, c->bucket_alloc);
    int i;

    for (i = 0; i < PIECES_MAX && early->length <= EARLY_MAX && !early->failed; i++) {
        apr_uint64_t before = ssl ? glance_tls_bytes_read(ssl) : 0;
        apr_status_t rv = move_piece(c, brigade, early);

        if (APR_STATUS_IS_EAGAIN(rv) && (!ssl || glance_tls_bytes_read(ssl) == before)) {
            return APR_SUCCESS;
        }
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
            return rv;
        }
    }
    return APR_EINVAL;
}

/* httpd reads in large pieces: what lies behind the request is in its filters and, over TLS, in the
 * SSL object, not in the socket. */
static apr_status_t take_input(glance_connection_t *connection, conn_rec *c,
                               const struct ssl_st *ssl, int keeps_input)
{
    glance_buffer_t *early = glance_buffer_make(0);
    apr_status_t rv = early ? drain_input(c, ssl, early) : APR_ENOMEM;

    if (rv == APR_SUCCESS && keeps_input && early->length) {
        connection->early = early;
    }
    else {
        glance_buffer_release(early);
    }
    return rv;
}

/* ---- the socket ---- */

static void set_option(int socket, int level, int option, int value)
{
    (void)setsockopt(socket, level, option, &value, sizeof value);
}

static void limit_buffers(int socket)
{
    int size = 0;
    socklen_t length = sizeof size;

    set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX);
    /* SendBufferSize may have set less already. */
    if (!getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, &length) && size > 2 * SEND_BUFFER) {
        set_option(socket, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
    }
}

static apr_status_t take_socket(glance_connection_t *connection, conn_rec *c)
{
    apr_os_sock_t socket;
    apr_status_t rv = apr_os_sock_get(&socket, ap_get_conn_socket(c));

    if (rv == APR_SUCCESS) {
        rv = glance_descriptors_dup(&connection->socket, socket);
    }
    if (rv == APR_SUCCESS) {
        set_option(connection->socket, IPPROTO_TCP, TCP_USER_TIMEOUT, UNANSWERED_MS);
        limit_buffers(connection->socket);
    }
    return rv;
}

/* ---- taking over ---- */

/* Takes the parts over one by one; the last one, which cannot be undone, is the SSL object. */
static apr_status_t take_parts(glance_connection_t *connection, conn_rec *c, int keeps_input)
{
    struct ssl_st *ssl = ssl_of(c);
    apr_status_t rv = APR_SUCCESS;

    if (ssl || keeps_input) {
        rv = take_input(connection, c, ssl, keeps_input);
    }
    if (rv == APR_SUCCESS) {
        rv = take_socket(connection, c);
    }
    if (rv == APR_SUCCESS && ssl) {
        rv = glance_tls_take(connection, c, ssl);
    }
    return rv;
}

apr_status_t glance_handover_take(glance_connection_t *connection, conn_rec *c, int keeps_input)
{
    apr_status_t rv;

    if (c->aborted || GLANCE_OUTPUT_IS_PENDING(c) || !glance_handover_is_possible(c)) {
        return APR_EINVAL;
    }
    *connection = (glance_connection_t){.ops = &glance_clear_ops, .socket = -1, .poll = -1};
    rv = take_parts(connection, c, keeps_input);
    if (rv != APR_SUCCESS) {
        if (connection->socket >= 0) {
            (void)close(connection->socket);
        }
        glance_buffer_release(connection->early);
        return rv;
    }
    /* ap_start_lingering_close() now closes without shutdown(), which would end the copy too. The
     * request has been logged by then, as finished. */
    c->aborted = 1;
    return APR_SUCCESS;
}
