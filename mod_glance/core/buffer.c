/* buffer.c: a text that grows while it is written and is then shared.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/buffer.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64
#define LARGE 65536

static apr_size_t bytes;

apr_size_t glance_text_bytes(void)
{
    return __atomic_load_n(&bytes, __ATOMIC_RELAXED);
}

glance_text_t *glance_text_make(apr_size_t room)
{
    glance_text_t *text = calloc(1, sizeof *text);

    if (!text) {
        return NULL;
    }
    text->room = room < ROOM_MIN ? ROOM_MIN : room;
    text->data = malloc(text->room);
    if (!text->data) {
        free(text);
        return NULL;
    }
    text->references = 1;
    __atomic_add_fetch(&bytes, text->room, __ATOMIC_RELAXED);
    return text;
}

static void grow(glance_text_t *text, apr_size_t length)
{
    apr_size_t room = text->room;
    char *data;

    while (room - text->length < length && room <= APR_SIZE_MAX / 2) {
        room *= 2;
    }
    data = room - text->length < length ? NULL : realloc(text->data, room);
    if (!data) {
        text->failed = 1;
        return;
    }
    __atomic_add_fetch(&bytes, room - text->room, __ATOMIC_RELAXED);
    text->data = data;
    text->room = room;
}

void glance_text_put(glance_text_t *text, const char *data, apr_size_t length)
{
    if (text->room - text->length < length) {
        grow(text, length);
    }
    if (text->failed) {
        return;
    }
    memcpy(text->data + text->length, data, length);
    text->length += length;
}

void glance_text_puts(glance_text_t *text, const char *string)
{
    glance_text_put(text, string, strlen(string));
}

void glance_text_put_number(glance_text_t *text, apr_uint64_t number)
{
    char digits[20];
    char *at = digits + sizeof digits;

    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    glance_text_put(text, at, (apr_size_t)(digits + sizeof digits - at));
}

/* A text grows by doubling; a large one gives back what it does not need, for it may stay pending.
 */
static void shrink(glance_text_t *text)
{
    char *data;

    if (text->room < LARGE || text->room - text->length < text->room / 4) {
        return;
    }
    data = realloc(text->data, text->length);
    if (data) {
        __atomic_sub_fetch(&bytes, text->room - text->length, __ATOMIC_RELAXED);
        text->data = data;
        text->room = text->length;
    }
}

glance_text_t *glance_text_finish(glance_text_t *text)
{
    if (text && text->failed) {
        glance_text_release(text);
        return NULL;
    }
    if (text) {
        shrink(text);
    }
    return text;
}

glance_text_t *glance_text_keep(glance_text_t *text)
{
    __atomic_add_fetch(&text->references, 1, __ATOMIC_RELAXED);
    return text;
}

void glance_text_release(glance_text_t *text)
{
    if (text && __atomic_sub_fetch(&text->references, 1, __ATOMIC_ACQ_REL) == 0) {
        __atomic_sub_fetch(&bytes, text->room, __ATOMIC_RELAXED);
        free(text->data);
        free(text);
    }
}
