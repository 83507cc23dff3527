/* handover.c: takes connections over from httpd, for the child's hub.
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

/* Milliseconds until the kernel closes the connection of a client that acknowledges nothing, not
 * even keepalives. The kernel's default is about a quarter of an hour. */
#define UNANSWERED_MS 60000

/* What the kernel may buffer for one client, in bytes: data that it has not sent yet, and all data
 * (the kernel doubles this one for its own needs). Without these limits, each client that does not
 * read takes megabytes. */
#define UNSENT_MAX 16384
#define SEND_BUFFER 65536

#define PIECE 8000      /* bytes read at once, as many as httpd reads */
#define EARLY_MAX 65536 /* bytes that a client may send before the head of the response */
#define PIECES_MAX 256  /* reads for these bytes, and for TLS records without data */

/* What the module stores in a connection's configuration vector. */
typedef struct {
    struct ssl_st *ssl; /* mod_ssl's; valid while ssl_is_https() returns true */
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

/* ---- which connections can be taken over ---- */

static int is_named(const ap_filter_t *filter, const char *name)
{
    return !strcmp(filter->frec->name, name);
}

/* Any other filter may change the bytes. mod_reqtimeout's output filter only waits for the end of a
 * request. */
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

/* ---- what the client has sent after its request ---- */

/* Moves a piece of that input into `early`.
 * Returns APR_SUCCESS, APR_EAGAIN if there is no more now, or another error. */
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

/* Moves all of that input into `early`.
 * Returns APR_SUCCESS, APR_EINVAL if the client sends too much, or another error. */
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

/* httpd reads in large pieces. So what the client has sent after its request is in httpd's filters
 * and, over TLS, in the SSL object, no longer in the socket. */
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

/* The SSL object comes last, since this step cannot be undone. */
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
    /* This makes ap_start_lingering_close() omit shutdown(), which would end the hub's copy of the
     * socket too. The request has already been logged as complete. */
    c->aborted = 1;
    return APR_SUCCESS;
}
