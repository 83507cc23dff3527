/* tls.h: a TLS connection, taken over from mod_ssl.
 *
 * mod_ssl gives its SSL object away in the optional hook pre_handshake. When httpd is done with the
 * connection, mod_ssl is made to let go of that object, which then gets a BIO of ours over the
 * child's own descriptor, and an SSL_CTX without mod_ssl's callbacks. Written after mod_ssl of
 * httpd 2.4 (ssl_engine_io.c, ssl_engine_kernel.c) and OpenSSL 1.1.1 to 3.5.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_TLS_H
#define GLANCE_LIVE_TLS_H

#include "live/connection.h"

/** Asks mod_ssl, if it is loaded, for the SSL object of each connection. @a keep is called with it
 * on that connection's own thread. On register_hooks. */
void glance_tls_register(void (*keep)(conn_rec *c, struct ssl_st *ssl));

/** On the post_config hook: whether mod_ssl's connections can be taken over. Where they cannot, a
 * line in the log says why. */
void glance_tls_check(const server_rec *server);

/** On the child_init hook: makes what all connections of this process share. If there is no memory
 * for it, no connection can be taken over. */
void glance_tls_child_init(void);

/** Whether the connection is mod_ssl's, and its SSL object can be taken over in general. */
int glance_tls_is_possible(conn_rec *c, const struct ssl_st *ssl);

/** How many bytes the SSL object has read from the client so far. A record without data reads like
 * no record, since mod_ssl clears SSL_MODE_AUTO_RETRY; whether this number has grown tells them
 * apart. (With that mode a single read would go on for as long as such records come.) */
apr_uint64_t glance_tls_bytes_read(const struct ssl_st *ssl);

/** Takes the SSL object over: mod_ssl forgets it, and @a connection has it from now on.
 * `connection->socket` is the child's own descriptor already.
 * @return APR_SUCCESS; APR_EINVAL if the TLS connection is not in order; APR_ENOMEM; APR_EGENERAL
 * if mod_ssl did not let go. After an error the connection is httpd's and mod_ssl's as before, or
 * aborted. */
apr_status_t glance_tls_take(glance_connection_t *connection, conn_rec *c, struct ssl_st *ssl);

#endif
