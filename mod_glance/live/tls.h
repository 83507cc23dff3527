/* tls.h: a TLS connection, taken over from mod_ssl.
 *
 * mod_ssl passes its SSL object to the optional hook pre_handshake. When httpd is done with the
 * connection, mod_ssl is made to release that object. The object then gets our own BIO over the
 * child's descriptor, and an SSL_CTX without mod_ssl's callbacks. This relies on mod_ssl of httpd
 * 2.4 (ssl_engine_io.c, ssl_engine_kernel.c) and on OpenSSL 1.1.1 to 3.5.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_TLS_H
#define GLANCE_LIVE_TLS_H

#include "live/connection.h"

/** On register_hooks: has mod_ssl, if it is loaded, call @a keep with the SSL object of each
 * connection, on the thread of that connection. */
void glance_tls_register(void (*keep)(conn_rec *c, struct ssl_st *ssl));

/** On the post_config hook: checks whether mod_ssl's connections can be taken over. If not, logs
 * why. */
void glance_tls_check(const server_rec *server);

/** On the child_init hook: makes the objects that all TLS connections of this process share. If
 * there is no memory for them, no TLS connection can be taken over. */
void glance_tls_child_init(void);

/** Whether the connection uses mod_ssl, and mod_ssl's connections can be taken over at all. */
int glance_tls_is_possible(conn_rec *c, const struct ssl_st *ssl);

/** How many bytes the SSL object has read from the client so far. Since mod_ssl clears
 * SSL_MODE_AUTO_RETRY, SSL_read() returns the same for a record without data and for no record. If
 * this number has grown, there was a record. (With that mode, a single SSL_read() would continue as
 * long as such records arrive.) */
apr_uint64_t glance_tls_bytes_read(const struct ssl_st *ssl);

/** Takes the SSL object from mod_ssl and gives it to @a connection, whose `socket` must already be
 * the child's own descriptor.
 * @return APR_SUCCESS; APR_EINVAL if the connection is in a handshake or a shutdown; APR_ENOMEM;
 * APR_EGENERAL if mod_ssl did not release the object. After an error the connection still belongs
 * to httpd and mod_ssl, or is marked as aborted. */
apr_status_t glance_tls_take(glance_connection_t *connection, conn_rec *c, struct ssl_st *ssl);

#endif
