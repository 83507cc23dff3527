/* buffer.h: a buffer that grows while it is written and is then shared, with a reference count.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BUFFER_H
#define GLANCE_CORE_BUFFER_H

#include "apr.h"

/** One thread makes the buffer and writes to it. Once it is complete, any thread may read it. */
typedef struct {
    char *data;        /* not terminated */
    apr_size_t length; /* bytes written */
    apr_size_t room;   /* bytes allocated */
    apr_uint32_t references;
    int failed; /* memory ran out: the content is incomplete */
} glance_buffer_t;

/** A new, empty buffer with one reference, or NULL if there is no memory. @a room is the number of
 * bytes to allocate at first. */
glance_buffer_t *glance_buffer_make(apr_size_t room);

/** Appends @a length bytes. Does nothing once memory has run out, which glance_buffer_finish()
 * reports. */
void glance_buffer_put(glance_buffer_t *buffer, const char *data, apr_size_t length);

/** Appends a terminated string. */
void glance_buffer_puts(glance_buffer_t *buffer, const char *string);

/** Appends a number in decimal digits. */
void glance_buffer_put_number(glance_buffer_t *buffer, apr_uint64_t number);

/** Ends the writing. @return @a buffer, or NULL (and @a buffer is released) if memory ran out.
 * @a buffer may be NULL. */
glance_buffer_t *glance_buffer_finish(glance_buffer_t *buffer);

/** Bytes that all buffers of this process have allocated. May be called by any thread. */
apr_size_t glance_buffer_total(void);

/** Adds a reference. @return @a buffer. */
glance_buffer_t *glance_buffer_ref(glance_buffer_t *buffer);

/** Drops a reference. The last one frees the buffer. @a buffer may be NULL. */
void glance_buffer_release(glance_buffer_t *buffer);

#endif
