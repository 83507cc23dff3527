/* mapping.c: memory that goes back to the system as soon as it is freed.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/mapping.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int is_mapped(apr_size_t size)
{
    return size >= GLANCE_MAPPING_MIN;
}

static void *map(apr_size_t size, int flags)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
                        0);

    return memory == MAP_FAILED ? NULL : memory;
}

void *glance_mapping_make(apr_size_t size)
{
    return is_mapped(size) ? map(size, MAP_POPULATE) : calloc(1, size ? size : 1);
}

/* Between a mapping and malloc(), or from one to the other. */
static void *move(void *memory, apr_size_t old, apr_size_t size)
{
    void *moved = is_mapped(size) ? map(size, 0) : malloc(size);

    if (moved) {
        memcpy(moved, memory, old < size ? old : size);
        glance_mapping_free(memory, old);
    }
    return moved;
}

void *glance_mapping_resize(void *memory, apr_size_t old, apr_size_t size)
{
    void *resized;

    if (!is_mapped(old) && !is_mapped(size)) {
        return realloc(memory, size ? size : 1);
    }
    if (!is_mapped(old) || !is_mapped(size)) {
        return memory ? move(memory, old, size) : glance_mapping_make(size);
    }
    resized = mremap(memory, old, size, MREMAP_MAYMOVE);
    return resized == MAP_FAILED ? NULL : resized;
}

void glance_mapping_free(void *memory, apr_size_t size)
{
    if (memory && is_mapped(size)) {
        (void)munmap(memory, size);
    }
    else {
        free(memory);
    }
}
