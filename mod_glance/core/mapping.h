/* mapping.h: memory that goes back to the system as soon as it is freed.
 *
 * malloc() keeps freed memory for its next caller, and its limit for mappings grows with what is
 * freed. One snapshot of a million shards has 12 MB, and httpd has many threads.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_MAPPING_H
#define GLANCE_CORE_MAPPING_H

#include "apr.h"

/** Memory of at least this many bytes is a mapping of its own, smaller memory comes from malloc().
 */
#define GLANCE_MAPPING_MIN ((apr_size_t)64 << 10)

/** Zeroed memory, or NULL. Its pages are present: the caller may write it under a lock. */
void *glance_mapping_make(apr_size_t size);

/** Changes the size from @a old to @a size bytes. Takes NULL as well, with an @a old of 0.
 * @return the memory, which may have moved; NULL if there is none: then the old one stays. */
void *glance_mapping_resize(void *memory, apr_size_t old, apr_size_t size);

/** @param size with which it was made or resized last. @a memory may be NULL. */
void glance_mapping_free(void *memory, apr_size_t size);

#endif
