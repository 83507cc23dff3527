/* websocket.h: the framing of WebSocket (RFC 6455), on the server's side.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_WEBSOCKET_H
#define GLANCE_CORE_WEBSOCKET_H

#include "apr_errno.h"

#include "core/buffer.h"

/** The longest message that is taken from a client, in bytes; none is of any use to us. */
#define GLANCE_WEBSOCKET_MESSAGE_MAX 4096

/** Bytes of the answer to a handshake's key, with the terminator. */
#define GLANCE_WEBSOCKET_ACCEPT_SIZE 29

/** What we say when the server goes (close code 1001): a whole frame, which needs no memory. */
#define GLANCE_WEBSOCKET_GOING_AWAY "\x88\x02\x03\xe9"
#define GLANCE_WEBSOCKET_GOING_AWAY_LENGTH 4

/** The client's side of a conversation, as far as it was heard. */
typedef struct glance_websocket_t glance_websocket_t;

/** The value of Sec-WebSocket-Accept for one of Sec-WebSocket-Key (RFC 6455, 4.2.2).
 * @return APR_SUCCESS; APR_EINVAL if the key is not the base64 form of 16 bytes. */
apr_status_t glance_websocket_accept(char accept[GLANCE_WEBSOCKET_ACCEPT_SIZE], const char *key);

/** Compares that many bytes, as strncmp() does. */
typedef int (*glance_websocket_compare_fn_t)(const char *, const char *, apr_size_t);

/** Whether a header's list names that token, by itself and as a whole. (httpd's ap_find_token()
 * takes the beginning of a token for the whole.)
 * @param compare says whether case matters: it does for a subprotocol, in most of HTTP it does
 * not. */
int glance_websocket_header_lists(const char *list, const char *token,
                                  glance_websocket_compare_fn_t compare);

/** Appends a text message, in one frame, to @a buffer. */
void glance_websocket_put_message(glance_buffer_t *buffer, const char *data, apr_size_t length);

/** Appends a ping without data to @a buffer. */
void glance_websocket_put_ping(glance_buffer_t *buffer);

/** The beginning of a conversation, or NULL if there is no memory. */
glance_websocket_t *glance_websocket_make(void);

/** Hears what the client sends, in pieces of any length. Appends to @a reply, as whole frames, what
 * is to be answered: pongs, and a close frame for a close (echoed) or an offence, by its code: 1002
 * against the protocol, 1007 not UTF-8, 1009 longer than GLANCE_WEBSOCKET_MESSAGE_MAX. The reply is
 * never longer than what was heard by more than a close frame. Messages are ignored.
 * @return APR_SUCCESS; APR_EOF if the reply ends the conversation, after which nothing may be sent
 * or heard; APR_ENOMEM. */
apr_status_t glance_websocket_receive(glance_websocket_t *ws, const char *data, apr_size_t length,
                                      glance_buffer_t *reply);

/** Whether nothing has begun that is not complete. Then the conversation may be freed, and be taken
 * up with a new one. */
int glance_websocket_is_idle(const glance_websocket_t *ws);

/** Frees it. Takes NULL as well. */
void glance_websocket_free(glance_websocket_t *ws);

#endif
