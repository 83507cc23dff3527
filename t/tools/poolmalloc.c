/* poolmalloc.c: preloaded with AddressSanitizer, makes every allocation from an APR pool a
 * malloc(). SPDX-License-Identifier: ISC
 *
 * A pool hands out pieces of large blocks and keeps the blocks for reuse, so that a sanitizer sees
 * neither an overflow from one piece into the next nor the use of a piece after its pool was
 * cleared. With this library each piece is known to the sanitizer by its own bounds, and is freed
 * when its pool is cleared or destroyed.
 *
 * Each pool has a chain of pieces, found by the pool's address. The first piece of a chain
 * registers a cleanup with the pool. Cleanups run last in, first out, after those of subpools, so
 * this one runs after the cleanups that may use the pieces. It frees the chain; the next piece from
 * the same pool, or from a new pool at the same address, begins a new chain.
 *
 * Allocations of libapr inside that registration are ordinary ones.
 *
 * gcc -shared -fPIC -O1 -g -o poolmalloc.so poolmalloc.c $(apr-1-config --includes --cppflags) -ldl
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <apr_pools.h>

#undef apr_pcalloc

enum { SHELVES = 1024 };

typedef struct piece {
    struct piece *next;
    void *memory;
} piece;

typedef struct chain {
    struct chain *next;
    const apr_pool_t *pool;
    piece *pieces;
} chain;

typedef struct {
    pthread_mutex_t lock;
    chain *chains;
} shelf;

static shelf shelves[SHELVES] = {[0 ... SHELVES - 1] = {PTHREAD_MUTEX_INITIALIZER, NULL}};

/* Set while this thread is inside apr_pool_cleanup_register. */
static __thread int registering;

static shelf *shelf_of(const apr_pool_t *pool)
{
    return &shelves[((uintptr_t)pool >> 6) % SHELVES];
}

/* Finds the link that points to the pool's chain, or to where one would go. Caller holds the lock.
 */
static chain **find(shelf *s, const apr_pool_t *pool)
{
    chain **link = &s->chains;

    while (*link && (*link)->pool != pool)
        link = &(*link)->next;
    return link;
}

static apr_status_t free_pieces(void *data)
{
    const apr_pool_t *pool = data;
    shelf *s = shelf_of(pool);
    chain **link, *c;
    piece *p;

    pthread_mutex_lock(&s->lock);
    link = find(s, pool);
    c = *link;
    if (c)
        *link = c->next;
    pthread_mutex_unlock(&s->lock);
    if (!c)
        return APR_SUCCESS;

    while ((p = c->pieces) != NULL) {
        c->pieces = p->next;
        free(p->memory);
        free(p);
    }
    free(c);
    return APR_SUCCESS;
}

static void *keep(apr_pool_t *pool, apr_size_t size, int *is_first)
{
    shelf *s = shelf_of(pool);
    piece *p = malloc(sizeof(*p));
    chain **link;

    p->memory = malloc(size ? size : 1);
    pthread_mutex_lock(&s->lock);
    link = find(s, pool);
    *is_first = *link == NULL;
    if (*is_first) {
        *link = calloc(1, sizeof(chain));
        (*link)->pool = pool;
    }
    p->next = (*link)->pieces;
    (*link)->pieces = p;
    pthread_mutex_unlock(&s->lock);
    return p->memory;
}

void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    static void *(*libapr)(apr_pool_t *, apr_size_t);
    void *memory;
    int is_first;

    if (!libapr)
        libapr = (void *(*)(apr_pool_t *, apr_size_t))dlsym(RTLD_NEXT, "apr_palloc");
    if (registering)
        return libapr(pool, size);

    memory = keep(pool, size, &is_first);
    if (is_first) {
        registering = 1;
        apr_pool_cleanup_register(pool, pool, free_pieces, apr_pool_cleanup_null);
        registering = 0;
    }
    return memory;
}

void *apr_pcalloc(apr_pool_t *pool, apr_size_t size)
{
    return memset(apr_palloc(pool, size), 0, size);
}

/* Modules stay mapped, so that a report about leaked memory can name their lines. */
int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
