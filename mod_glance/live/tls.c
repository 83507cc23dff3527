/* tls.c: a TLS connection, taken over from mod_ssl.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/tls.h"

#include <errno.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "apr_dso.h"
#include "apr_optional.h"
#include "apr_optional_hooks.h"

#include "http_connection.h"
#include "util_filter.h"

/* Plaintext bytes of one record (RFC 8446, 5.1). */
#define RECORD_MAX 16384

/* How many records without data (KeyUpdate, alerts, session tickets) are read before other
 * connections have their turn, and how many a client may send in a row. A client needs a single one
 * from time to time. */
#define RECORDS_AT_ONCE 16
#define NO_DATA_MAX 64

#define NOTHING_MORE (SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)

/* Declared as in mod_ssl.h and mod_ssl_openssl.h, which not every system installs. */
typedef int ssl_HOOK_pre_handshake_t(conn_rec *c, SSL *ssl, int is_proxy);
APR_DECLARE_OPTIONAL_FN(int, ssl_is_https, (conn_rec *));

static struct {
    void (*keep)(conn_rec *c, SSL *ssl);
    int is_usable; /* mod_ssl uses the same libssl */
    APR_OPTIONAL_FN_TYPE(ssl_is_https) * is_https;
    BIO_METHOD *method; /* made in each child */
    SSL_CTX *context;   /* made in each child */
} tls;

/* ---- mod_ssl ---- */

static int keep_ssl(conn_rec *c, SSL *ssl, int is_proxy)
{
    (void)is_proxy;
    tls.keep(c, ssl);
    return DECLINED;
}

void glance_tls_register(void (*keep)(conn_rec *c, SSL *ssl))
{
    tls.keep = keep;
    APR_OPTIONAL_HOOK(ssl, pre_handshake, keep_ssl, NULL, NULL, APR_HOOK_MIDDLE);
}

/* An SSL object must not be passed to another copy of libssl. The address of one of its functions
 * shows whether the copies are the same: a look-up in mod_ssl.so finds the function that mod_ssl
 * calls. Returns NULL, or what is wrong. */
static const char *fault_of(const module *mod_ssl)
{
    apr_dso_handle_sym_t theirs = NULL;
    int (*ours)(SSL *, const void *, int) = SSL_write;

    if (!mod_ssl->dynamic_load_handle) {
        return "mod_ssl is linked into httpd";
    }
    if (apr_dso_sym(&theirs, mod_ssl->dynamic_load_handle, "SSL_write") != APR_SUCCESS
        || memcmp(&theirs, &ours, sizeof theirs) != 0) {
        return "mod_ssl uses another libssl than mod_glance";
    }
    return NULL;
}

void glance_tls_check(const server_rec *server)
{
    const module *mod_ssl = ap_find_linked_module("mod_ssl.c");
    const char *fault = mod_ssl ? fault_of(mod_ssl) : NULL;

    tls.is_https = APR_RETRIEVE_OPTIONAL_FN(ssl_is_https);
    tls.is_usable = mod_ssl && !fault && tls.is_https;
    if (fault) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     GLANCE_LOGNO(0045) "streams over TLS are not held open, but answered by "
                                        "polling: %s",
                     fault);
    }
}

int glance_tls_is_possible(conn_rec *c, const SSL *ssl)
{
    return tls.is_usable && tls.context && ssl && tls.is_https(c);
}

/* ---- the BIO over the child's descriptor ---- */

static int bio_socket(BIO *bio)
{
    return (int)(apr_uintptr_t)BIO_get_data(bio);
}

static int bio_write(BIO *bio, const char *data, int length)
{
    ssize_t written;

    BIO_clear_retry_flags(bio);
    do {
        written = send(bio_socket(bio), data, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (written < 0 && errno == EINTR);
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        BIO_set_retry_write(bio);
    }
    return (int)written;
}

static int bio_read(BIO *bio, char *data, int size)
{
    ssize_t length;

    BIO_clear_retry_flags(bio);
    do {
        length = recv(bio_socket(bio), data, (size_t)size, MSG_DONTWAIT);
    } while (length < 0 && errno == EINTR);
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        BIO_set_retry_read(bio);
    }
    return (int)length;
}

static long bio_control(BIO *bio, int command, long number, void *data)
{
    (void)bio;
    (void)number;
    (void)data;
    return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "glance");

    if (method) {
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_ctrl(method, bio_control);
        BIO_meth_set_create(method, bio_create);
    }
    return method;
}

/* In the parent, each reload would leak these. In a child they exist until the process ends. */
void glance_tls_child_init(void)
{
    if (!tls.is_usable) {
        return;
    }
    tls.method = make_method();
    tls.context = tls.method ? SSL_CTX_new(TLS_server_method()) : NULL;
}

/* ---- the operations of a connection ---- */

/* What a failed call returns: 0 if it must be repeated later, -1 if the client is gone. */
static int failure_of(SSL *ssl, int result)
{
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return -1; /* the client has sent close_notify; ours must still be sent */
    default:
        /* OpenSSL forbids SSL_shutdown() after such an error. */
        SSL_set_shutdown(ssl, NOTHING_MORE);
        ERR_clear_error();
        return -1;
    }
}

static apr_ssize_t write_tls(glance_connection_t *connection, const char *data, apr_size_t length)
{
    int written;

    /* SSL_get_error() would also see earlier errors of this thread. */
    ERR_clear_error();
    written = SSL_write(connection->ssl, data, length < RECORD_MAX ? (int)length : RECORD_MAX);
    return written > 0 ? written : failure_of(connection->ssl, written);
}

apr_uint64_t glance_tls_bytes_read(const SSL *ssl)
{
    return BIO_number_read(SSL_get_rbio(ssl));
}

/* Reads one record. OpenSSL itself handles records without data: KeyUpdate, close_notify, alerts.
 * Returns the bytes of data, 0 if there are none, -1 if the client is gone. Sets `is_empty` if
 * there was nothing to read. */
static int read_record(SSL *ssl, char *data, apr_size_t size, int *is_empty)
{
    apr_uint64_t before = glance_tls_bytes_read(ssl);
    int length;

    ERR_clear_error();
    length = SSL_read(ssl, data, (int)size);
    *is_empty = length <= 0 && glance_tls_bytes_read(ssl) == before;
    return length > 0 ? length : failure_of(ssl, length);
}

static apr_ssize_t read_tls(glance_connection_t *connection, char *data, apr_size_t size)
{
    int is_empty = 0;
    int length = 0;
    int i;

    for (i = 0; i < RECORDS_AT_ONCE && !length && !is_empty; i++) {
        length = read_record(connection->ssl, data, size, &is_empty);
    }
    connection->has_more = !length && !is_empty;
    connection->no_data = connection->has_more ? connection->no_data + RECORDS_AT_ONCE : 0;
    return connection->no_data > NO_DATA_MAX ? -1 : length;
}

/* An alert must not follow a record that is only partly written. */
static void shutdown_tls(glance_connection_t *connection)
{
    SSL *ssl = connection->ssl;

    if (!(SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) && !SSL_want_write(ssl)) {
        ERR_clear_error();
        (void)SSL_shutdown(ssl);
        ERR_clear_error();
    }
    (void)shutdown(connection->socket, SHUT_WR);
}

/* If the connection does not count as shut down, SSL_free() removes its session from mod_ssl's
 * cache. The callback for that needs mod_ssl's connection, which no longer exists. */
static void free_tls(glance_connection_t *connection)
{
    SSL_set_shutdown(connection->ssl, NOTHING_MORE);
    SSL_free(connection->ssl);
}

static const glance_connection_ops_t ops = {
    .kind = GLANCE_TLS,
    .must_be_read = 1,
    .write = write_tls,
    .read = read_tls,
    .shutdown = shutdown_tls,
    .free = free_tls,
};

/* ---- taking over ---- */

static int is_in_order(const conn_rec *c, SSL *ssl)
{
    return SSL_is_init_finished(ssl) && !SSL_get_shutdown(ssl) && !SSL_renegotiate_pending(ssl)
           && SSL_get_app_data(ssl) == (const void *)c;
}

/* An end-of-connection bucket makes mod_ssl send close_notify, free the client's certificate and
 * drop its reference, all before ap_pass_brigade() returns (ssl_filter_io_shutdown()). Because of
 * the quiet shutdown, close_notify is not sent. */
static apr_status_t part_from_mod_ssl(conn_rec *c, SSL *ssl)
{
    apr_bucket_brigade *brigade = apr_brigade_create(c->pool, c->bucket_alloc);
    apr_status_t rv;

    SSL_set_quiet_shutdown(ssl, 1);
    APR_BRIGADE_INSERT_TAIL(brigade, ap_bucket_eoc_create(c->bucket_alloc));
    rv = ap_pass_brigade(c->output_filters, brigade);
    apr_brigade_destroy(brigade);
    SSL_set_quiet_shutdown(ssl, 0);
    return rv == APR_SUCCESS && tls.is_https(c) ? APR_EGENERAL : rv;
}

/* Removes mod_ssl's callbacks from the object, and replaces the SSL_CTX, which has others. They
 * look for mod_ssl's connection in the object's application data. The one for a key log does not
 * check what it finds there. Returns 0 if there is no memory. */
static int remove_callbacks(SSL *ssl)
{
    SSL_set_app_data(ssl, NULL);
    if (!SSL_set_SSL_CTX(ssl, tls.context)) {
        return 0;
    }
    SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    SSL_set_info_callback(ssl, NULL);
    SSL_set_msg_callback(ssl, NULL);
    return 1;
}

/* A connection needs no buffers between two events. Releasing them saves 33 KB. */
static void set_modes(SSL *ssl)
{
    SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
    SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                          | SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_free_buffers(ssl);
}

apr_status_t glance_tls_take(glance_connection_t *connection, conn_rec *c, SSL *ssl)
{
    apr_status_t rv;
    BIO *bio;

    if (!glance_tls_is_possible(c, ssl) || !is_in_order(c, ssl)) {
        return APR_EINVAL;
    }
    bio = BIO_new(tls.method);
    if (!bio) {
        return APR_ENOMEM;
    }
    SSL_up_ref(ssl);
    rv = part_from_mod_ssl(c, ssl);
    if (rv != APR_SUCCESS) {
        BIO_free(bio);
        SSL_free(ssl);
        return rv;
    }
    BIO_set_data(bio, (void *)(apr_uintptr_t)connection->socket);
    SSL_set_bio(ssl, bio, bio); /* frees mod_ssl's */
    SSL_set_shutdown(ssl, 0);
    if (!remove_callbacks(ssl)) {
        SSL_free(ssl);
        c->aborted = 1; /* without its SSL object the connection is of no use to httpd either */
        return APR_ENOMEM;
    }
    set_modes(ssl);
    connection->ssl = ssl;
    connection->ops = &ops;
    return APR_SUCCESS;
}
