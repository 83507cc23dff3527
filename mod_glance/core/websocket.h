/* websocket.h: WebSocket framing (RFC 6455) on the server side.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_WEBSOCKET_H
#define GLANCE_CORE_WEBSOCKET_H

#include "apr_errno.h"

#include "core/buffer.h"

/** The longest message that a client may send, in bytes. All messages are ignored. */
#define GLANCE_WEBSOCKET_MESSAGE_MAX 4096

/** Bytes of the value of Sec-WebSocket-Accept, with the terminator. */
#define GLANCE_WEBSOCKET_ACCEPT_SIZE 29

/** The close frame of a server that stops (code 1001). It is a constant, so that sending it
 * allocates nothing. */
#define GLANCE_WEBSOCKET_GOING_AWAY "\x88\x02\x03\xe9"
#define GLANCE_WEBSOCKET_GOING_AWAY_LENGTH 4

/** What is known of a client's input: the incomplete frame, the incomplete message. */
typedef struct glance_websocket_t glance_websocket_t;

/** The value of Sec-WebSocket-Accept for one of Sec-WebSocket-Key (RFC 6455, 4.2.2).
 * @return APR_SUCCESS; APR_EINVAL if the key is not the base64 form of 16 bytes. */
apr_status_t glance_websocket_accept(char accept[GLANCE_WEBSOCKET_ACCEPT_SIZE], const char *key);

/** Compares that many bytes, as strncmp() does. */
typedef int (*glance_websocket_compare_fn_t)(const char *, const char *, apr_size_t);

/** Whether a header's list contains @a token as an element. (httpd's ap_find_token() also accepts
 * an element that is only the beginning of the token.)
 * @param compare decides whether case matters. It does for a subprotocol, but not for most of HTTP.
 */
int glance_websocket_header_lists(const char *list, const char *token,
                                  glance_websocket_compare_fn_t compare);

/** Appends a text message, in one frame, to @a buffer. */
void glance_websocket_put_message(glance_buffer_t *buffer, const char *data, apr_size_t length);

/** Appends a ping without data to @a buffer. */
void glance_websocket_put_ping(glance_buffer_t *buffer);

/** A new conversation, or NULL if there is no memory. */
glance_websocket_t *glance_websocket_make(void);

/** Processes what the client has sent, in pieces of any length. Messages are ignored. Appends
 * complete frames to @a reply: a pong for a ping, a close frame for a close frame (the same code)
 * or for a violation. The codes for violations are 1002 (protocol error), 1007 (invalid UTF-8) and
 * 1009 (a message longer than GLANCE_WEBSOCKET_MESSAGE_MAX). The reply is longer than the input by
 * one close frame at most.
 * @return APR_SUCCESS; APR_EOF if the reply ends the conversation: then nothing more may be sent or
 * received; APR_ENOMEM. */
apr_status_t glance_websocket_receive(glance_websocket_t *ws, const char *data, apr_size_t length,
                                      glance_buffer_t *reply);

/** Whether no frame and no message is incomplete. Then the conversation may be freed, and a new one
 * can continue it. */
int glance_websocket_is_idle(const glance_websocket_t *ws);

/** Frees it. Takes NULL as well. */
void glance_websocket_free(glance_websocket_t *ws);

#endif
