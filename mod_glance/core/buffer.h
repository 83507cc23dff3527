/* buffer.h: a text that grows while it is written and is then shared by counting references.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BUFFER_H
#define GLANCE_CORE_BUFFER_H

#include "apr.h"

/** Made by one thread, which alone may write it; from then on read by any number of threads. */
typedef struct {
    char *data;        /* not terminated */
    apr_size_t length; /* bytes written */
    apr_size_t room;   /* bytes allocated */
    apr_uint32_t references;
    int failed; /* memory ran out: the text is not whole */
} glance_buffer_t;

/** A new, empty text with one reference, or NULL if there is no memory. @a room is a guess. */
glance_buffer_t *glance_buffer_make(apr_size_t room);

/** Appends @a length bytes. Does nothing once memory has run out; glance_buffer_finish() tells. */
void glance_buffer_put(glance_buffer_t *buffer, const char *data, apr_size_t length);

/** Appends a terminated string. */
void glance_buffer_puts(glance_buffer_t *buffer, const char *string);

/** Appends a number in decimal digits. */
void glance_buffer_put_number(glance_buffer_t *buffer, apr_uint64_t number);

/** The end of writing: @a buffer itself, or NULL (and @a buffer released) if memory ran out.
 * Takes NULL as well. */
glance_buffer_t *glance_buffer_finish(glance_buffer_t *buffer);

/** Bytes that all texts of this process have allocated. May be called by any thread. */
apr_size_t glance_buffer_total(void);

/** One more reference; returns @a buffer. */
glance_buffer_t *glance_buffer_ref(glance_buffer_t *buffer);

/** One reference less; the last one frees it. Takes NULL as well. */
void glance_buffer_release(glance_buffer_t *buffer);

#endif
