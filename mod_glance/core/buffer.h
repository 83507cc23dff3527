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
} glance_text_t;

/** A new, empty text with one reference, or NULL if there is no memory. @a room is a guess. */
glance_text_t *glance_text_make(apr_size_t room);

/** Appends @a length bytes. Does nothing once memory has run out; glance_text_finish() tells. */
void glance_text_put(glance_text_t *text, const char *data, apr_size_t length);

/** Appends a terminated string. */
void glance_text_puts(glance_text_t *text, const char *string);

/** Appends a number in decimal digits. */
void glance_text_put_number(glance_text_t *text, apr_uint64_t number);

/** The end of writing: @a text itself, or NULL (and @a text released) if memory ran out.
 * Takes NULL as well. */
glance_text_t *glance_text_finish(glance_text_t *text);

/** Bytes that all texts of this process have allocated. May be called by any thread. */
apr_size_t glance_text_bytes(void);

/** One more reference; returns @a text. */
glance_text_t *glance_text_keep(glance_text_t *text);

/** One reference less; the last one frees it. Takes NULL as well. */
void glance_text_release(glance_text_t *text);

#endif
