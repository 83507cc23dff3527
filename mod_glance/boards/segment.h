/* segment.h: the memory of boards. After a graceful restart it is found by the board's name, after
 * the death of all processes by a file.
 *
 * For the parent process only.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_SEGMENT_H
#define GLANCE_BOARDS_SEGMENT_H

#include "httpd_private.h"

#include "core/board.h"
#include "core/shm_file.h"

/** Lives in its own pool, a child of the process pool: it outlives configurations. */
typedef struct glance_segment_t {
    const char *name; /* of the board */
    apr_pool_t *pool;
    glance_shm_file_t memory;
    int is_pending;       /* made, but not published yet */
    const char *replaced; /* the file that its publication makes obsolete, or NULL */
    struct glance_segment_t *next;
} glance_segment_t;

/** The segment of that name in a list, or NULL. */
glance_segment_t *glance_segment_find(glance_segment_t *list, const char *name);

/** Makes a segment with a new board in an epoch of its own, at the head of the list. If its memory
 * cannot be kept, the log says so. If the server ends before the publication, since another module
 * has failed its start, the file is deleted.
 * @param place where it is kept, once it is published.
 * @return NULL if there is no memory or no random number for it. */
glance_segment_t *glance_segment_make(glance_segment_t **list, const char *name,
                                      const apr_array_header_t *clusters,
                                      glance_shm_file_place_t place, const server_rec *server);

/** Lets a later server find this segment, unless it can already. A failure is logged. */
void glance_segment_publish(glance_segment_t *segment, const server_rec *server);

/** Why a board that a killed server left must not be used, or NULL. */
typedef const char *glance_segment_stale_fn_t(const char *name, const glance_board_t *board,
                                              const void *data);

/** Adopts the board of that name that a killed server left, at the head of the list. The log says
 * why if it cannot be used.
 * @param place where it is kept; its path is set to NULL if a new segment must not be kept there.
 * @param why_stale says in words why it must be deleted, or NULL. @param data for it.
 * @param pool for temporary data.
 * @return NULL if there is none that can be used. */
glance_segment_t *glance_segment_adopt(glance_segment_t **list, const char *name,
                                       glance_shm_file_place_t *place,
                                       glance_segment_stale_fn_t *why_stale, const void *data,
                                       const server_rec *server, apr_pool_t *pool);

/** This process' view of the board. @return as glance_board_open(). */
apr_status_t glance_segment_open(glance_board_t **board, const glance_segment_t *segment,
                                 apr_pool_t *pool);

/** Gives a segment another name. Its file stays where it is. */
void glance_segment_rename(glance_segment_t *segment, const char *name);

/** Removes a segment from the list and unmaps it. Its file stays. */
void glance_segment_drop(glance_segment_t **list, glance_segment_t *segment);

#endif
