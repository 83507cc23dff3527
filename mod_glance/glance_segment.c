/* glance_segment.c: the memory of boards.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_segment.h"

#include <stdlib.h>
#include <string.h>

#include "glance_clock.h"

glance_segment_t *glance_segment_find(glance_segment_t *list, const char *name)
{
    while (list && strcmp(list->name, name) != 0) {
        list = list->next;
    }
    return list;
}

static void free_segment(glance_segment_t *segment)
{
    glance_memory_drop(&segment->memory);
    free(segment->name);
    free(segment);
}

/* Puts memory into the list, or lets go of it if there is none for the segment itself. */
static glance_segment_t *enlist(glance_segment_t **list, const char *name, glance_memory_t *memory)
{
    glance_segment_t *segment = calloc(1, sizeof *segment);
    char *copy = strdup(name);

    if (!segment || !copy) {
        glance_memory_drop(memory);
        free(segment);
        free(copy);
        return NULL;
    }
    segment->name = copy;
    segment->memory = *memory;
    segment->next = *list;
    *list = segment;
    return segment;
}

static void warn_not_kept(const char *name, const char *path, apr_status_t rv,
                          const server_rec *server)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING, rv, server,
                 GLANCE_LOGNO(0112) "board %s: cannot keep it in %s: if all processes are killed, "
                                    "what the state file lacks is lost",
                 name, path);
}

/* Memory that cannot be kept is better than none. */
static apr_status_t make_memory(glance_memory_t *memory, const char *name, apr_size_t size,
                                const char *path, const server_rec *server)
{
    if (path) {
        apr_status_t rv = glance_memory_make(memory, size, path);

        if (rv == APR_SUCCESS) {
            return rv;
        }
        warn_not_kept(name, path, rv, server);
    }
    return glance_memory_make(memory, size, NULL);
}

glance_segment_t *glance_segment_make(glance_segment_t **list, const char *name,
                                      const apr_array_header_t *clusters, apr_uint64_t epoch,
                                      const char *path, const server_rec *server)
{
    apr_size_t size = glance_board_size(clusters);
    glance_memory_t memory;

    if (!size || make_memory(&memory, name, size, path, server) != APR_SUCCESS) {
        return NULL;
    }
    glance_board_init(memory.base, clusters, epoch, glance_clock_now());
    return enlist(list, name, &memory);
}

void glance_segment_publish(const glance_segment_t *segment, const server_rec *server)
{
    apr_status_t rv = glance_memory_publish(&segment->memory);

    if (rv != APR_SUCCESS) {
        warn_not_kept(segment->name, segment->memory.path, rv, server);
    }
}

/* What is wrong with the memory as that of a board, or NULL. */
static const char *fault_of(const glance_memory_t *memory, apr_pool_t *pool)
{
    glance_board_t *board;

    if (glance_board_open(&board, memory->base, memory->size, pool) != APR_SUCCESS) {
        return "it is not a board of this version of mod_glance";
    }
    return glance_board_adopt(board, glance_clock_now());
}

static glance_segment_t *adopt(glance_segment_t **list, const char *name, glance_memory_t *memory,
                               const server_rec *server, apr_pool_t *pool)
{
    const char *fault = fault_of(memory, pool);

    if (!fault) {
        return enlist(list, name, memory);
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                 GLANCE_LOGNO(0110) "board %s: cannot use %s, which a server left that was killed: "
                                    "%s",
                 name, memory->path, fault);
    glance_memory_forget(memory);
    glance_memory_drop(memory);
    return NULL;
}

glance_segment_t *glance_segment_adopt(glance_segment_t **list, const char *name, const char **path,
                                       const server_rec *server, apr_pool_t *pool)
{
    glance_memory_t memory;
    apr_status_t rv = *path ? glance_memory_find(&memory, *path) : APR_ENOENT;

    if (rv == APR_SUCCESS) {
        return adopt(list, name, &memory, server, pool);
    }
    if (!APR_STATUS_IS_ENOENT(rv)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, server,
                     GLANCE_LOGNO(0111) "board %s: %s is left alone: if all processes are killed, "
                                        "what the state file lacks is lost",
                     name, *path);
        *path = NULL;
    }
    return NULL;
}

apr_status_t glance_segment_open(glance_board_t **board, const glance_segment_t *segment,
                                 apr_pool_t *pool)
{
    return glance_board_open(board, segment->memory.base, segment->memory.size, pool);
}

void glance_segment_drop(glance_segment_t **list, glance_segment_t *segment)
{
    while (*list != segment) {
        list = &(*list)->next;
    }
    *list = segment->next;
    free_segment(segment);
}
