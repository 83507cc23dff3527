/* buffer.c: a buffer that grows while it is written and is then shared.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/buffer.h"

#include <stdlib.h>
#include <string.h>

#include "core/mapping.h"

#define ROOM_MIN 64

static apr_size_t bytes;

apr_size_t glance_buffer_total(void)
{
    return __atomic_load_n(&bytes, __ATOMIC_RELAXED);
}

glance_buffer_t *glance_buffer_make(apr_size_t room)
{
    glance_buffer_t *buffer = calloc(1, sizeof *buffer);

    if (!buffer) {
        return NULL;
    }
    buffer->room = room < ROOM_MIN ? ROOM_MIN : room;
    buffer->data = glance_mapping_make(buffer->room);
    if (!buffer->data) {
        free(buffer);
        return NULL;
    }
    buffer->references = 1;
    __atomic_add_fetch(&bytes, buffer->room, __ATOMIC_RELAXED);
    return buffer;
}

static void grow(glance_buffer_t *buffer, apr_size_t length)
{
    apr_size_t room = buffer->room;
    char *data;

    while (room - buffer->length < length && room <= APR_SIZE_MAX / 2) {
        room *= 2;
    }
    data = room - buffer->length < length ? NULL
                                          : glance_mapping_resize(buffer->data, buffer->room, room);
    if (!data) {
        buffer->failed = 1;
        return;
    }
    __atomic_add_fetch(&bytes, room - buffer->room, __ATOMIC_RELAXED);
    buffer->data = data;
    buffer->room = room;
}

void glance_buffer_put(glance_buffer_t *buffer, const char *data, apr_size_t length)
{
    if (buffer->room - buffer->length < length) {
        grow(buffer, length);
    }
    if (buffer->failed) {
        return;
    }
    memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
}

void glance_buffer_puts(glance_buffer_t *buffer, const char *string)
{
    glance_buffer_put(buffer, string, strlen(string));
}

void glance_buffer_put_number(glance_buffer_t *buffer, apr_uint64_t number)
{
    char digits[20];
    char *first = digits + sizeof digits;

    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    glance_buffer_put(buffer, first, (apr_size_t)(digits + sizeof digits - first));
}

/* Growing doubles the memory. A large buffer releases what it does not need, since it may stay
 * pending for long. */
static void shrink(glance_buffer_t *buffer)
{
    char *data;

    if (buffer->room < GLANCE_MAPPING_MIN || buffer->room - buffer->length < buffer->room / 4) {
        return;
    }
    data = glance_mapping_resize(buffer->data, buffer->room, buffer->length);
    if (data) {
        __atomic_sub_fetch(&bytes, buffer->room - buffer->length, __ATOMIC_RELAXED);
        buffer->data = data;
        buffer->room = buffer->length;
    }
}

glance_buffer_t *glance_buffer_finish(glance_buffer_t *buffer)
{
    if (buffer && buffer->failed) {
        glance_buffer_release(buffer);
        return NULL;
    }
    if (buffer) {
        shrink(buffer);
    }
    return buffer;
}

glance_buffer_t *glance_buffer_ref(glance_buffer_t *buffer)
{
    __atomic_add_fetch(&buffer->references, 1, __ATOMIC_RELAXED);
    return buffer;
}

void glance_buffer_release(glance_buffer_t *buffer)
{
    if (buffer && __atomic_sub_fetch(&buffer->references, 1, __ATOMIC_ACQ_REL) == 0) {
        __atomic_sub_fetch(&bytes, buffer->room, __ATOMIC_RELAXED);
        glance_mapping_free(buffer->data, buffer->room);
        free(buffer);
    }
}
