/* segment.c: the memory of boards.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/segment.h"

#include <string.h>

#include "apr_strings.h"

#include "core/atomic_file.h"
#include "core/board_repair.h"
#include "core/clock.h"

glance_segment_t *glance_segment_find(glance_segment_t *list, const char *name)
{
    while (list && strcmp(list->name, name) != 0) {
        list = list->next;
    }
    return list;
}

static glance_segment_t *new_segment(const char *name, const server_rec *server)
{
    glance_segment_t *segment;
    apr_pool_t *pool;

    apr_pool_create(&pool, server->process->pool);
    apr_pool_tag(pool, "glance_segment");
    segment = apr_pcalloc(pool, sizeof *segment);
    segment->pool = pool;
    segment->name = apr_pstrdup(pool, name);
    return segment;
}

static glance_segment_t *enlist(glance_segment_t **list, glance_segment_t *segment)
{
    segment->next = *list;
    *list = segment;
    return segment;
}

static glance_segment_t *discard(glance_segment_t *segment)
{
    apr_pool_destroy(segment->pool);
    return NULL;
}

static void warn_not_kept(const char *name, const char *path, apr_status_t rv,
                          const server_rec *server)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING, rv, server,
                 GLANCE_LOGNO(0112) "board %s: cannot keep it in %s: if all processes are killed, "
                                    "what the state file lacks is lost",
                 name, path);
}

/* If the memory cannot be kept, it is anonymous. */
static apr_status_t make_memory(glance_segment_t *segment, apr_size_t size,
                                glance_shm_file_place_t place, const server_rec *server)
{
    if (place.path) {
        apr_status_t rv;

        place.path = apr_pstrdup(segment->pool, place.path);
        rv = glance_shm_file_make(&segment->memory, size, place);
        if (rv == APR_SUCCESS) {
            return rv;
        }
        warn_not_kept(segment->name, place.path, rv, server);
        place.path = NULL;
    }
    return glance_shm_file_make(&segment->memory, size, place);
}

/* httpd destroys the process pool, and with it that of the segment, while this code is still
 * loaded: the pool of the configuration, which unloads it, is older. */
static apr_status_t discard_file(void *path)
{
    glance_atomic_file_discard(path);
    return APR_SUCCESS;
}

glance_segment_t *glance_segment_make(glance_segment_t **list, const char *name,
                                      const apr_array_header_t *clusters,
                                      glance_shm_file_place_t place, const server_rec *server)
{
    apr_size_t size = glance_board_size(clusters);
    glance_segment_t *segment = new_segment(name, server);
    apr_uint64_t epoch;

    if (!size || apr_generate_random_bytes((unsigned char *)&epoch, sizeof epoch) != APR_SUCCESS
        || make_memory(segment, size, place, server) != APR_SUCCESS) {
        return discard(segment);
    }
    segment->is_pending = 1;
    if (segment->memory.path) {
        apr_pool_cleanup_register(segment->pool, segment->memory.path, discard_file,
                                  apr_pool_cleanup_null);
    }
    glance_board_init(segment->memory.base, clusters, epoch, glance_clock_now());
    return enlist(list, segment);
}

void glance_segment_publish(glance_segment_t *segment, const server_rec *server)
{
    apr_status_t rv;

    if (!segment->is_pending) {
        return;
    }
    rv = glance_shm_file_publish(&segment->memory);
    /* The segment outlives this code. */
    apr_pool_cleanup_kill(segment->pool, segment->memory.path, discard_file);
    segment->is_pending = 0;
    if (segment->replaced) {
        glance_shm_file_forget(&(glance_shm_file_t){.path = segment->replaced});
    }
    if (rv != APR_SUCCESS) {
        warn_not_kept(segment->name, segment->memory.path, rv, server);
    }
}

/* What is wrong with the memory as that of a board, or NULL. */
static const char *fault_of(const glance_segment_t *segment, glance_segment_stale_fn_t *why_stale,
                            const void *data, apr_pool_t *pool)
{
    glance_board_t *board;
    const char *fault;

    if (glance_segment_open(&board, segment, pool) != APR_SUCCESS) {
        return "it is not a board of this version of mod_glance";
    }
    fault = why_stale(segment->name, board, data);
    return fault ? fault : glance_board_adopt(board, glance_clock_now());
}

static glance_segment_t *adopt(glance_segment_t **list, glance_segment_t *segment,
                               const char *fault, const server_rec *server)
{
    if (!fault) {
        return enlist(list, segment);
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 GLANCE_LOGNO(0110) "board %s: cannot use %s, which a killed server left: %s",
                 segment->name, segment->memory.path, fault);
    glance_shm_file_forget(&segment->memory);
    glance_shm_file_drop(&segment->memory);
    return discard(segment);
}

glance_segment_t *glance_segment_adopt(glance_segment_t **list, const char *name,
                                       glance_shm_file_place_t *place,
                                       glance_segment_stale_fn_t *why_stale, const void *data,
                                       const server_rec *server, apr_pool_t *pool)
{
    glance_segment_t *segment;
    apr_status_t rv;

    if (!place->path) {
        return NULL;
    }
    segment = new_segment(name, server);
    rv = glance_shm_file_find(&segment->memory,
                              (glance_shm_file_place_t){apr_pstrdup(segment->pool, place->path),
                                                        place->locks});
    if (rv == APR_SUCCESS) {
        return adopt(list, segment, fault_of(segment, why_stale, data, pool), server);
    }
    if (!APR_STATUS_IS_ENOENT(rv)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, server,
                     GLANCE_LOGNO(0111) "board %s: cannot use %s: if all processes are killed, "
                                        "what the state file lacks is lost",
                     name, place->path);
        place->path = NULL;
    }
    return discard(segment);
}

apr_status_t glance_segment_open(glance_board_t **board, const glance_segment_t *segment,
                                 apr_pool_t *pool)
{
    return glance_board_open(board, segment->memory.base, segment->memory.size, pool);
}

void glance_segment_rename(glance_segment_t *segment, const char *name)
{
    segment->name = apr_pstrdup(segment->pool, name);
}

void glance_segment_drop(glance_segment_t **list, glance_segment_t *segment)
{
    while (*list != segment) {
        list = &(*list)->next;
    }
    *list = segment->next;
    glance_shm_file_drop(&segment->memory);
    apr_pool_destroy(segment->pool);
}
