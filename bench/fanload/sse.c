/* sse.c: a stream of Server-Sent Events, chunked or not.
 *
 * SPDX-License-Identifier: ISC
 */
#include "sse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_END, LAST_CHUNK };

void sse_make(sse_t *sse)
{
    sse->retry_ms = 3000;
}

void sse_restart(sse_t *sse)
{
    sse->is_chunked = 0;
    sse->chunk_state = CHUNK_SIZE;
    sse->chunk_left = 0;
    sse->line_length = 0;
    memcpy(sse->next_id, sse->id, sizeof sse->next_id);
}

static void take_field(sse_t *sse, const char *name, const char *value)
{
    if (!strcmp(name, "id")) {
        snprintf(sse->next_id, sizeof sse->next_id, "%.47s", value);
    }
    else if (!strcmp(name, "retry")) {
        sse->retry_ms = (uint32_t)atoi(value);
    }
    else if (!strcmp(name, "event") && sse->is_unanswered) {
        sse->is_unanswered = 0;
        if (!strcmp(value, "update")) {
            tally.by_update++;
        }
        else {
            tally.by_hello++;
        }
    }
}

static void take_line(sse_t *sse)
{
    char *value;

    if (sse->line_length && sse->line[sse->line_length - 1] == '\r') {
        sse->line_length--;
    }
    sse->line[sse->line_length] = '\0';
    sse->line_length = 0;
    if (!sse->line[0]) {
        memcpy(sse->id, sse->next_id, sizeof sse->id);
        return;
    }
    value = strchr(sse->line, ':');
    if (value) {
        *value++ = '\0';
        take_field(sse, sse->line, value + (*value == ' '));
    }
}

static void split_lines(sse_t *sse, const uint8_t *bytes, size_t length)
{
    while (length) {
        const uint8_t *end = memchr(bytes, '\n', length);
        size_t part = end ? (size_t)(end - bytes) : length;
        size_t room = sizeof sse->line - 1 - sse->line_length;
        size_t kept = part < room ? part : room;

        memcpy(sse->line + sse->line_length, bytes, kept);
        sse->line_length += kept;
        if (!end) {
            return;
        }
        take_line(sse);
        bytes += part + 1;
        length -= part + 1;
    }
}

static void take_text(sse_t *sse, scanner_t *scanner, const uint8_t *bytes, size_t length,
                      int64_t now)
{
    if (options.restart) {
        split_lines(sse, bytes, length);
    }
    scanner_feed(scanner, bytes, length, now);
}

static void take_size_digit(sse_t *sse, uint8_t byte)
{
    int digit = isdigit(byte) ? byte - '0' : tolower(byte) - 'a' + 10;

    sse->chunk_left = sse->chunk_left * 16 + (uint64_t)digit;
}

/* Of a byte that is not data */
static void frame_chunk(sse_t *sse, uint8_t byte)
{
    if (sse->chunk_state == CHUNK_SIZE && isxdigit(byte)) {
        take_size_digit(sse, byte);
    }
    else if (sse->chunk_state == CHUNK_SIZE && byte != '\n') {
        sse->chunk_state = CHUNK_EXTENSION;
    }
    else if (sse->chunk_state == CHUNK_END && byte == '\n') {
        sse->chunk_state = CHUNK_SIZE;
    }
    else if (byte == '\n' && sse->chunk_state != LAST_CHUNK) {
        sse->chunk_state = sse->chunk_left ? CHUNK_DATA : LAST_CHUNK;
    }
}

static size_t take_data(sse_t *sse, scanner_t *scanner, const uint8_t *bytes, size_t length,
                        int64_t now)
{
    size_t part = length < sse->chunk_left ? length : (size_t)sse->chunk_left;

    take_text(sse, scanner, bytes, part, now);
    sse->chunk_left -= part;
    if (!sse->chunk_left) {
        sse->chunk_state = CHUNK_END;
    }
    return part;
}

void sse_feed(sse_t *sse, scanner_t *scanner, const uint8_t *bytes, size_t length, int64_t now)
{
    size_t i = 0;

    if (!sse->is_chunked) {
        take_text(sse, scanner, bytes, length, now);
        return;
    }
    while (i < length) {
        if (sse->chunk_state == CHUNK_DATA) {
            i += take_data(sse, scanner, bytes + i, length - i, now);
        }
        else {
            frame_chunk(sse, bytes[i++]);
        }
    }
}
