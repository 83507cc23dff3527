/* websocket.c: WebSocket framing.
 *
 * wslay reads and writes the frames. Its context takes eight kilobytes, so it exists only while a
 * client's frame or message is incomplete: most clients only send short pongs.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/websocket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <wslay/wslay.h>

#include "apr_base64.h"
#include "apr_sha1.h"

/* RFC 6455, 1.3 */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

#define KEY_DIGITS 22 /* 16 bytes in base64, which pads them with two more characters */
#define BASE64_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

#define SEPARATORS ", \t" /* of a header's list */

/* The parts of a frame's header (RFC 6455, 5.2) that are examined before wslay gets it. */
#define FIN 0x80
#define OPCODE 0x0f
#define CONTROL 0x08
#define MASKED 0x80
#define LENGTH 0x7f
#define KEY_SIZE 4
#define CONTROL_FRAME_MAX (2 + KEY_SIZE + 125)

struct glance_websocket_t {
    wslay_event_context_ptr context;
    const char *data; /* input that is not processed yet */
    apr_size_t left;  /* its length */
    glance_buffer_t *reply;
    /* The beginning of a frame, kept until the frame's size is known. A close frame is kept until
     * it is complete, since wslay misjudges a reason for closing that arrives in pieces. */
    apr_byte_t head[CONTROL_FRAME_MAX];
    apr_size_t head_length;
    apr_uint64_t rest; /* bytes of the frame that wslay has not received yet, `head` included */
    int in_message;    /* more fragments of the message must follow */
    apr_uint64_t message_length; /* of the message so far, including the current frame */
    unsigned close_code;         /* for a violation that wslay does not detect; 0: none */
    int out_of_memory;
};

apr_status_t glance_websocket_accept(char accept[GLANCE_WEBSOCKET_ACCEPT_SIZE], const char *key)
{
    apr_byte_t digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha1;

    if (strspn(key, BASE64_DIGITS) != KEY_DIGITS || strcmp(key + KEY_DIGITS, "==") != 0) {
        return APR_EINVAL;
    }
    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, key, (unsigned int)strlen(key));
    apr_sha1_update(&sha1, GUID, sizeof GUID - 1);
    apr_sha1_final(digest, &sha1);
    (void)apr_base64_encode_binary(accept, digest, sizeof digest);
    return APR_SUCCESS;
}

int glance_websocket_header_lists(const char *list, const char *token,
                                  glance_websocket_compare_fn_t compare)
{
    apr_size_t wanted = strlen(token);
    apr_size_t length;

    for (list += strspn(list, SEPARATORS); *list; list += strspn(list, SEPARATORS)) {
        length = strcspn(list, SEPARATORS);
        if (length == wanted && !compare(list, token, length)) {
            return 1;
        }
        list += length;
    }
    return 0;
}

/* ---- out ---- */

static ssize_t append(const uint8_t *data, size_t length, int flags, void *buffer)
{
    (void)flags;
    glance_buffer_put(buffer, (const char *)data, length);
    return (ssize_t)length;
}

static void put_frame(glance_buffer_t *buffer, int opcode, const char *data, apr_size_t length)
{
    const struct wslay_frame_callbacks callbacks = {.send_callback = append};
    struct wslay_frame_iocb frame = {.fin = 1,
                                     .opcode = (uint8_t)opcode,
                                     .payload_length = length,
                                     .data = (const uint8_t *)data,
                                     .data_length = length};
    wslay_frame_context_ptr context;

    if (wslay_frame_context_init(&context, &callbacks, buffer)) {
        buffer->failed = 1;
        return;
    }
    if (wslay_frame_send(context, &frame) != (ssize_t)length) {
        buffer->failed = 1;
    }
    wslay_frame_context_free(context);
}

void glance_websocket_put_message(glance_buffer_t *buffer, const char *data, apr_size_t length)
{
    put_frame(buffer, WSLAY_TEXT_FRAME, data, length);
}

void glance_websocket_put_ping(glance_buffer_t *buffer)
{
    put_frame(buffer, WSLAY_PING, NULL, 0);
}

static void put_close(glance_buffer_t *buffer, unsigned code)
{
    const char bytes[] = {(char)(code >> 8), (char)(code & 0xff)};

    put_frame(buffer, WSLAY_CONNECTION_CLOSE, bytes, sizeof bytes);
}

/* ---- in ---- */

/* The size of the frame that begins with these bytes; 0 if more bytes are needed to know it. */
static apr_uint64_t frame_size(const apr_byte_t *head, apr_size_t length)
{
    apr_size_t extended = 0;
    apr_uint64_t payload;
    apr_size_t i;

    if (length < 2) {
        return 0;
    }
    payload = head[1] & LENGTH;
    /* A control frame has no extended length. wslay rejects one that has. */
    if (payload > 125 && !(head[0] & CONTROL)) {
        extended = payload == 126 ? 2 : 8;
        payload = 0;
    }
    if (length < 2 + extended) {
        return 0;
    }
    for (i = 0; i < extended; i++) {
        payload = payload << 8 | head[2 + i];
    }
    /* A length with the highest bit set is invalid. wslay rejects it. */
    return 2 + extended + (head[1] & MASKED ? KEY_SIZE : 0) + (payload & APR_INT64_MAX);
}

/* Moves input to `head` until that has `length` bytes. Returns whether it has. */
static int fill_head(glance_websocket_t *ws, apr_uint64_t length)
{
    while (ws->head_length < length && ws->left) {
        ws->head[ws->head_length++] = (apr_byte_t)*ws->data++;
        ws->left--;
    }
    return ws->head_length >= length;
}

/* Reads the beginning of a frame. Returns 0 if more input is needed first. */
static int begin_frame(glance_websocket_t *ws)
{
    apr_uint64_t size = frame_size(ws->head, ws->head_length);

    while (!size && fill_head(ws, ws->head_length + 1)) {
        size = frame_size(ws->head, ws->head_length);
    }
    if (!size
        || ((ws->head[0] & OPCODE) == WSLAY_CONNECTION_CLOSE && size <= sizeof ws->head
            && !fill_head(ws, size))) {
        return 0;
    }
    ws->rest = size;
    if (!(ws->head[0] & CONTROL)) {
        ws->in_message = !(ws->head[0] & FIN);
    }
    return 1;
}

/* Gives wslay input, and never more than the rest of the current frame. */
static ssize_t take_input(wslay_event_context_ptr context, uint8_t *buffer, size_t length,
                          int flags, void *data)
{
    glance_websocket_t *ws = data;

    (void)flags;
    if ((!ws->rest && !begin_frame(ws)) || (!ws->head_length && !ws->left)) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    length = length < ws->rest ? length : (size_t)ws->rest;
    if (ws->head_length) {
        length = length < ws->head_length ? length : ws->head_length;
        memcpy(buffer, ws->head, length);
        ws->head_length -= length;
        memmove(ws->head, ws->head + length, ws->head_length);
    }
    else {
        length = length < ws->left ? length : ws->left;
        memcpy(buffer, ws->data, length);
        ws->data += length;
        ws->left -= length;
    }
    ws->rest -= length;
    return (ssize_t)length;
}

static ssize_t put_reply(wslay_event_context_ptr context, const uint8_t *bytes, size_t length,
                         int flags, void *data)
{
    const glance_websocket_t *ws = data;

    (void)context;
    return append(bytes, length, flags, ws->reply);
}

/* A pong is sent at once, since wslay would drop it if a close frame follows. A close frame with a
 * payload of one byte is invalid: a close code has two (RFC 6455, 5.5.1). */
static void end_message(wslay_event_context_ptr context,
                        const struct wslay_event_on_msg_recv_arg *message, void *data)
{
    glance_websocket_t *ws = data;

    if (message->opcode == WSLAY_PING) {
        ws->out_of_memory |= wslay_event_send(context) != 0;
    }
    if (message->opcode == WSLAY_CONNECTION_CLOSE && message->msg_length == 1) {
        ws->close_code = WSLAY_CODE_PROTOCOL_ERROR;
    }
}

/* wslay checks the length of a message only if it buffers it, which takes a hundred bytes for each
 * fragment, however short. So buffering is off, and the length is checked here. */
static void begin_payload(wslay_event_context_ptr context,
                          const struct wslay_event_on_frame_recv_start_arg *frame, void *data)
{
    glance_websocket_t *ws = data;

    if (frame->opcode & CONTROL) {
        return;
    }
    if (frame->opcode != WSLAY_CONTINUATION_FRAME) {
        ws->message_length = 0;
    }
    ws->message_length += frame->payload_length;
    if (ws->message_length > GLANCE_WEBSOCKET_MESSAGE_MAX) {
        ws->close_code = WSLAY_CODE_MESSAGE_TOO_BIG;
        wslay_event_shutdown_read(context);
    }
}

glance_websocket_t *glance_websocket_make(void)
{
    const struct wslay_event_callbacks callbacks = {
        .recv_callback = take_input,
        .send_callback = put_reply,
        .on_frame_recv_start_callback = begin_payload,
        .on_msg_recv_callback = end_message,
    };
    glance_websocket_t *ws = calloc(1, sizeof *ws);

    if (ws && wslay_event_context_server_init(&ws->context, &callbacks, ws)) {
        free(ws);
        return NULL;
    }
    if (ws) {
        wslay_event_config_set_max_recv_msg_length(ws->context, GLANCE_WEBSOCKET_MESSAGE_MAX);
        wslay_event_config_set_no_buffering(ws->context, 1);
    }
    return ws;
}

apr_status_t glance_websocket_receive(glance_websocket_t *ws, const char *data, apr_size_t length,
                                      glance_buffer_t *reply)
{
    int rv;

    ws->data = data;
    ws->left = length;
    ws->reply = reply;
    rv = wslay_event_recv(ws->context);
    if (rv == WSLAY_ERR_NOMEM || ws->out_of_memory) {
        return APR_ENOMEM;
    }
    /* Our callbacks never fail, so an error means a frame that wslay could not parse. wslay would
     * close the connection without a code. */
    if (rv || ws->close_code) {
        put_close(reply, ws->close_code ? ws->close_code : WSLAY_CODE_PROTOCOL_ERROR);
        return reply->failed ? APR_ENOMEM : APR_EOF;
    }
    rv = wslay_event_send(ws->context);
    if (rv || reply->failed) {
        return APR_ENOMEM;
    }
    return wslay_event_get_close_sent(ws->context) ? APR_EOF : APR_SUCCESS;
}

int glance_websocket_is_idle(const glance_websocket_t *ws)
{
    return !ws->rest && !ws->head_length && !ws->in_message;
}

void glance_websocket_free(glance_websocket_t *ws)
{
    if (ws) {
        wslay_event_context_free(ws->context);
        free(ws);
    }
}
