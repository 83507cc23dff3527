/* websocket.c: the framing of WebSocket.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/websocket.h"

#include <malloc.h>
#include <strings.h>

#include "fixture.h"

#define PING 0x89
#define PONG 0x8a
#define CLOSE 0x88
#define FIN 0x80
#define TEXT 0x01
#define BINARY 0x02
#define MORE 0x00

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* ---- what a client sends ---- */

static const char mask[4] = {0x37, (char)0xfa, 0x21, 0x3d};

static void put_byte(glance_buffer_t *buffer, int byte)
{
    char data = (char)byte;

    glance_buffer_put(buffer, &data, 1);
}

static void put_size(glance_buffer_t *buffer, apr_uint64_t size, int bytes)
{
    while (bytes-- > 0) {
        put_byte(buffer, (int)(size >> (8 * bytes) & 0xff));
    }
}

/* A masked frame whose header announces a payload of `announced` bytes. */
static void put_frame(glance_buffer_t *buffer, int first, const char *data, apr_size_t length,
                      apr_uint64_t announced)
{
    apr_size_t i;

    put_byte(buffer, first);
    if (announced < 126) {
        put_byte(buffer, 0x80 | (int)announced);
    }
    else {
        put_byte(buffer, 0x80 | (announced <= 0xffff ? 126 : 127));
        put_size(buffer, announced, announced <= 0xffff ? 2 : 8);
    }
    glance_buffer_put(buffer, mask, sizeof mask);
    for (i = 0; i < length; i++) {
        put_byte(buffer, data[i] ^ mask[i % sizeof mask]);
    }
}

static glance_buffer_t *frame(int first, const char *data, apr_size_t length)
{
    glance_buffer_t *buffer = glance_buffer_make(0);

    put_frame(buffer, first, data, length, length);
    return buffer;
}

static glance_buffer_t *text_frame(apr_size_t length)
{
    char *data = calloc(1, length + 1);
    glance_buffer_t *buffer;

    memset(data, 'x', length);
    buffer = frame(FIN | TEXT, data, length);
    free(data);
    return buffer;
}

static glance_buffer_t *raw(const char *data, apr_size_t length)
{
    glance_buffer_t *buffer = glance_buffer_make(0);

    glance_buffer_put(buffer, data, length);
    return buffer;
}

#define RAW(string) raw(string, sizeof(string) - 1)
#define FRAME(first, string) frame(first, string, sizeof(string) - 1)

/* Both, in one buffer. */
static glance_buffer_t *both(glance_buffer_t *one, glance_buffer_t *other)
{
    glance_buffer_put(one, other->data, other->length);
    glance_buffer_release(other);
    return one;
}

/* ---- what is answered ---- */

static const char *hex_of(apr_pool_t *pool, const glance_buffer_t *buffer)
{
    char *hex = apr_pcalloc(pool, 2 * buffer->length + 1);
    apr_size_t i;

    for (i = 0; i < buffer->length; i++) {
        sprintf(hex + 2 * i, "%02x", (unsigned char)buffer->data[i]);
    }
    return hex;
}

/* Receives all of the input in pieces of that length. Returns how it ended; `reply` has the reply.
 */
static apr_status_t receive(const glance_buffer_t *input, apr_size_t piece, glance_buffer_t *reply,
                            int *rests)
{
    glance_websocket_t *ws = glance_websocket_make();
    apr_status_t rv = APR_SUCCESS;
    apr_size_t at;

    for (at = 0; at < input->length && rv == APR_SUCCESS; at += piece) {
        apr_size_t length = input->length - at < piece ? input->length - at : piece;

        rv = glance_websocket_receive(ws, input->data + at, length, reply);
    }
    *rests = rv == APR_SUCCESS && glance_websocket_is_idle(ws);
    glance_websocket_free(ws);
    return rv;
}

/* The reply to the input, which is released, is `hex`, in one piece and byte by byte. */
static void answers(glance_buffer_t *input, const char *hex, apr_status_t want, const char *name)
{
    apr_size_t pieces[] = {input->length ? input->length : 1, 1, 3};
    apr_pool_t *pool;
    apr_size_t i;

    apr_pool_create(&pool, NULL);
    for (i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        glance_buffer_t *reply = glance_buffer_make(0);
        int rests;
        apr_status_t rv = receive(input, pieces[i], reply, &rests);

        is(hex_of(pool, reply), hex, name);
        ok(rv == want, "... %s", want == APR_EOF ? "which is the end" : "and it goes on");
        glance_buffer_release(reply);
    }
    glance_buffer_release(input);
    apr_pool_destroy(pool);
}

static void ends(glance_buffer_t *input, const char *hex, const char *name)
{
    answers(input, hex, APR_EOF, name);
}

static void ignores(glance_buffer_t *input, const char *name)
{
    answers(input, "", APR_SUCCESS, name);
}

/* ---- the tests ---- */

static void refuses_key(const char *key)
{
    char accept[GLANCE_WEBSOCKET_ACCEPT_SIZE];

    ok(glance_websocket_accept(accept, key) == APR_EINVAL, "'%s' is no key", key);
}

static void test_accept(void)
{
    char accept[GLANCE_WEBSOCKET_ACCEPT_SIZE];

    ok(glance_websocket_accept(accept, KEY) == APR_SUCCESS, "a key");
    is(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "and the answer that the RFC has to it");
    ok(glance_websocket_accept(accept, "AAAAAAAAAAAAAAAAAAAAAA==") == APR_SUCCESS,
       "zeroes are a key");
    ok(glance_websocket_accept(accept, "+/+/+/+/+/+/+/+/+/+/+w==") == APR_SUCCESS,
       "so are + and /");
    refuses_key("");
    refuses_key("==");
    refuses_key("dGhlIHNhbXBsZSBub25jZQ");
    refuses_key("dGhlIHNhbXBsZSBub25jZQ=");
    refuses_key("dGhlIHNhbXBsZSBub25jZQ===");
    refuses_key("dGhlIHNhbXBsZSBub25jZQ== ");
    refuses_key(" dGhlIHNhbXBsZSBub25jZQ==");
    refuses_key("dGhlIHNhbXBsZSBub25j");
    refuses_key("dGhlIHNhbXBsZSBub25jZSE=");
    refuses_key("dGhlIHNhbXBsZSBub25jZSEh");
    refuses_key("dGhlIHNhbXBsZS-ub25jZQ==");
    refuses_key("dGhlIHNhbXBsZS_ub25jZQ==");
    refuses_key("dGhl=HNhbXBsZSBub25jZQ==");
    refuses_key(KEY ", " KEY);
}

static void names(const char *list, int want)
{
    ok(glance_websocket_header_lists(list, "upgrade", strncasecmp) == want, "'%s' %s it", list,
       want ? "names" : "does not name");
}

static void test_lists(void)
{
    names("upgrade", 1);
    names("Upgrade", 1);
    names("keep-alive, Upgrade", 1);
    names("keep-alive,upgrade", 1);
    names("upgrade,keep-alive", 1);
    names("\tupgrade\t", 1);
    names(" ,, upgrade ,", 1);
    names("keep-alive upgrade", 1);
    names("", 0);
    names(" ,\t", 0);
    names("upgrad", 0);
    names("upgrades", 0);
    names("upgrade;q=1", 0);
    names("no-upgrade", 0);
    names("up,grade", 0);
    names("upgrades, keep-alive", 0);
    ok(glance_websocket_header_lists("a, b", "b", strncmp), "a subprotocol");
    ok(!glance_websocket_header_lists("a, B", "b", strncmp),
       "and another one, which differs in its case");
}

static void is_message(apr_size_t length, const char *header)
{
    apr_pool_t *pool = tap_pool();
    char *data = apr_pcalloc(pool, length + 1);
    glance_buffer_t *buffer = glance_buffer_make(0);

    memset(data, 'x', length);
    glance_buffer_puts(buffer, "before");
    glance_websocket_put_message(buffer, data, length);
    is(apr_pstrndup(pool, hex_of(pool, buffer) + 12, strlen(header)), header, "a message's header");
    is_number((long long)buffer->length, (long long)(6 + strlen(header) / 2 + length),
              "and its length");
    ok(!memcmp(buffer->data + buffer->length - length, data, length), "and its text");
    glance_buffer_release(buffer);
    apr_pool_destroy(pool);
}

static void test_out(void)
{
    apr_pool_t *pool = tap_pool();
    glance_buffer_t *buffer = glance_buffer_make(0);

    is_message(0, "8100");
    is_message(5, "8105");
    is_message(125, "817d");
    is_message(126, "817e007e");
    is_message(65535, "817effff");
    is_message(65536, "817f0000000000010000");
    glance_websocket_put_ping(buffer);
    is(hex_of(pool, buffer), "8900", "a ping");
    glance_buffer_release(buffer);
    buffer = raw(GLANCE_WEBSOCKET_GOING_AWAY, GLANCE_WEBSOCKET_GOING_AWAY_LENGTH);
    is(hex_of(pool, buffer), "880203e9", "the server's last word");
    glance_buffer_release(buffer);
    apr_pool_destroy(pool);
}

static void test_taken(void)
{
    ignores(RAW(""), "nothing");
    ignores(FRAME(FIN | TEXT, "hello"), "a text");
    ignores(FRAME(FIN | TEXT, ""), "an empty text");
    ignores(FRAME(FIN | BINARY, "\xff\xfe"), "a binary");
    ignores(text_frame(125), "125 bytes");
    ignores(text_frame(126), "126 bytes");
    ignores(text_frame(GLANCE_WEBSOCKET_MESSAGE_MAX), "the longest message");
    ignores(both(FRAME(TEXT, "a"), both(FRAME(MORE, ""), FRAME(FIN | MORE, "b"))), "fragments");
    ignores(both(FRAME(TEXT, "\xe2"), FRAME(FIN | MORE, "\x82\xac")),
            "a character in two fragments");
    ignores(FRAME(PONG, ""), "a pong");
    ignores(FRAME(PONG, "abc"), "a pong with a payload");
    ignores(RAW("\x81"), "a byte of a frame");
    ignores(RAW("\x81\x85\x37\xfa\x21\x3d\x7f"), "half a frame");

    answers(FRAME(PING, ""), "8a00", APR_SUCCESS, "a ping");
    answers(FRAME(PING, "abc"), "8a03616263", APR_SUCCESS, "a ping with a payload");
    answers(both(FRAME(PING, "a"), FRAME(PING, "b")), "8a01618a0162", APR_SUCCESS, "two pings");
    answers(both(FRAME(TEXT, "a"), both(FRAME(PING, "b"), FRAME(FIN | MORE, "c"))), "8a0162",
            APR_SUCCESS, "a ping between fragments");
}

static void test_close(void)
{
    ends(FRAME(CLOSE, ""), "8800", "a close");
    ends(FRAME(CLOSE, "\x03\xe8"), "880203e8", "with a code");
    ends(FRAME(CLOSE, "\x03\xe8"
                      "bye"),
         "880503e8627965", "and a reason");
    ends(FRAME(CLOSE, "\x13\x87"), "88021387", "the last code there is");
    ends(both(FRAME(PING, "a"), FRAME(CLOSE, "\x03\xe9")), "8a0161880203e9", "behind a ping");
    ends(both(FRAME(CLOSE, "\x03\xe8"), FRAME(PING, "a")), "880203e8", "with a ping behind it");
    ends(both(FRAME(CLOSE, "\x03\xe8"), RAW("\xff\xff")), "880203e8", "with an offence behind it");
    ends(both(FRAME(TEXT, "a"), FRAME(CLOSE, "\x03\xe8")), "880203e8", "between fragments");
    ends(FRAME(CLOSE, "\x03"), "880203ea", "half a code: 1002");
    ends(FRAME(CLOSE, "\x03\xed"), "880203ea", "a code that nobody may send: 1002");
    ends(FRAME(CLOSE, "\x03\xe7"), "880203ea", "a code that is none: 1002");
    ends(FRAME(CLOSE, "\x03\xe8\xff"), "880203ef", "a reason that is not UTF-8: 1007");
}

static void announces(apr_uint64_t length, const char *hex, const char *name)
{
    glance_buffer_t *buffer = glance_buffer_make(0);

    put_frame(buffer, FIN | TEXT, "abc", 3, length);
    ends(buffer, hex, name);
}

static void test_offences(void)
{
    int opcode;

    ends(RAW("\x81\x01x"), "880203ea", "no mask: 1002");
    ends(RAW("\x89\x00"), "880203ea", "a ping without one: 1002");
    ends(FRAME(FIN | 0x40 | TEXT, "x"), "880203ea", "a reserved bit: 1002");
    ends(FRAME(FIN | 0x20 | TEXT, "x"), "880203ea", "the next one: 1002");
    ends(FRAME(FIN | 0x10 | TEXT, "x"), "880203ea", "and the last: 1002");
    for (opcode = 3; opcode < 16; opcode++) {
        if (opcode < 8 || opcode > 10) {
            ends(FRAME(FIN | opcode, "x"), "880203ea", "an opcode that is none: 1002");
        }
    }
    ends(FRAME(PING & ~FIN, "x"), "880203ea", "a fragment of a ping: 1002");
    ends(both(RAW("\x89\xfe"), RAW("\0\x80\0\0\0\0")), "880203ea", "a long ping: 1002");
    ends(FRAME(FIN | MORE, "x"), "880203ea", "more of nothing: 1002");
    ends(both(FRAME(TEXT, "x"), FRAME(FIN | TEXT, "y")), "880203ea", "a text in a text: 1002");
    ends(RAW("\x81\xfe\0\x05\0\0\0\0abcde"), "880203ea", "a length that is too long: 1002");
    ends(RAW("\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0"), "880203ea", "in eight bytes, too: 1002");
    ends(both(FRAME(PING, "a"), RAW("\xff\xff")), "8a0161880203ea", "an offence behind a ping");

    ends(FRAME(FIN | TEXT, "\xff"), "880203ef", "not UTF-8: 1007");
    ends(FRAME(FIN | TEXT, "\xe2\x82"), "880203ef", "a character cut short: 1007");
    ends(both(FRAME(TEXT, "\xe2"), FRAME(FIN | MORE, "a")), "880203ef", "by a fragment: 1007");
    ends(both(FRAME(PING, "a"), FRAME(FIN | TEXT, "\xff")), "8a0161880203ef", "behind a ping");

    ends(text_frame(GLANCE_WEBSOCKET_MESSAGE_MAX + 1), "880203f1", "too long: 1009");
    ends(both(both(FRAME(TEXT, "x"), text_frame(0)), RAW("")), "880203ea",
         "a text in a text again");
    announces(GLANCE_WEBSOCKET_MESSAGE_MAX + 1, "880203f1", "one byte too long, announced: 1009");
    announces(0x10000, "880203f1", "64 KiB: 1009");
    announces(APR_UINT64_C(0x7fffffffffffffff), "880203f1", "2^63 - 1: 1009");
    announces(APR_UINT64_C(0x8000000000000000), "880203ea", "2^63 is no length: 1002");
}

static void rests(glance_buffer_t *input, int want, const char *name)
{
    glance_buffer_t *reply = glance_buffer_make(0);
    int is_at_rest;

    receive(input, input->length ? input->length : 1, reply, &is_at_rest);
    ok(is_at_rest == want, "%s %s", name, want ? "leaves nothing to wait for" : "is a beginning");
    glance_buffer_release(reply);
    glance_buffer_release(input);
}

/* A client may send a message in fragments of one byte, and never finish it. */
static void test_fragments(void)
{
    glance_buffer_t *reply = glance_buffer_make(0);
    glance_buffer_t *sent = glance_buffer_make(0);
    glance_websocket_t *ws = glance_websocket_make();
    size_t before;
    int i;

    put_frame(sent, TEXT, "x", 1, 1);
    for (i = 1; i < GLANCE_WEBSOCKET_MESSAGE_MAX; i++) {
        put_frame(sent, MORE, "x", 1, 1);
    }
    before = mallinfo2().uordblks;
    is_number(glance_websocket_receive(ws, sent->data, sent->length, reply), APR_SUCCESS,
              "as many fragments as a message may have bytes");
    ok(mallinfo2().uordblks < before + 16384, "are not kept");
    glance_websocket_free(ws);
    glance_buffer_release(sent);
    glance_buffer_release(reply);
}

static void test_rest(void)
{
    rests(RAW(""), 1, "nothing");
    rests(FRAME(FIN | TEXT, "hello"), 1, "a text");
    rests(text_frame(126), 1, "a longer text");
    rests(text_frame(GLANCE_WEBSOCKET_MESSAGE_MAX), 1, "the longest text");
    rests(FRAME(PING, "a"), 1, "a ping");
    rests(FRAME(PONG, ""), 1, "a pong");
    rests(both(FRAME(TEXT, "a"), FRAME(FIN | MORE, "")), 1, "a message in fragments");
    rests(RAW("\x81"), 0, "a byte");
    rests(RAW("\x81\x85\x37\xfa\x21"), 0, "a header");
    rests(RAW("\x81\x85\x37\xfa\x21\x3d\x7f"), 0, "half a frame");
    rests(FRAME(TEXT, "a"), 0, "a fragment");
    rests(both(FRAME(TEXT, "a"), FRAME(PING, "")), 0, "a fragment and a ping");
    rests(both(FRAME(PING, ""), RAW("\x89")), 0, "a ping and the next one's first byte");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_accept();
    test_lists();
    test_out();
    test_taken();
    test_close();
    test_offences();
    test_fragments();
    test_rest();
    glance_websocket_free(NULL);
    ok(1, "no conversation can be freed");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
