/* fixture.h: boards for unit tests, in plain memory.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdlib.h>

#include "apr_strings.h"

#include "core/board.h"
#include "core/buffer.h"

#include "tap.h"

#define SECOND ((glance_moment_t)1000000)
#define TIMEOUT (30 * SECOND)

__attribute__((unused)) static apr_array_header_t *clusters_of(apr_pool_t *pool, const char *list)
{
    apr_array_header_t *clusters = apr_array_make(pool, 4, sizeof(glance_cluster_t));
    const char *fault = glance_clusters_add(clusters, list, pool);

    if (fault) {
        printf("Bail out! %s: %s\n", list, fault);
        exit(1);
    }
    return clusters;
}

/* A new board of the clusters, begun at moment 0 with epoch 0xabc. */
__attribute__((unused)) static glance_board_t *board_of(apr_pool_t *pool, const char *list)
{
    apr_array_header_t *clusters = clusters_of(pool, list);
    apr_size_t size = glance_board_size(clusters);
    void *base = apr_pcalloc(pool, size);
    glance_board_t *board = NULL;

    glance_board_init(base, clusters, 0xabc, 0);
    if (glance_board_open(&board, base, size, pool) != APR_SUCCESS) {
        printf("Bail out! cannot open a board of %s\n", list);
        exit(1);
    }
    return board;
}

__attribute__((unused)) static apr_status_t report(glance_board_t *board, apr_uint32_t shard,
                                                   glance_state_e state, glance_moment_t now)
{
    glance_transition_t was;

    return glance_board_report(board, shard, state, now, TIMEOUT, &was);
}

__attribute__((unused)) static apr_status_t live(glance_board_t *board, apr_uint32_t shard,
                                                 glance_moment_t now)
{
    glance_transition_t was;

    return glance_board_heartbeat(board, shard, now, TIMEOUT, &was);
}

/* The content of a buffer, which is released, as a string; "(none)" for NULL. */
__attribute__((unused)) static const char *string_of(apr_pool_t *pool, glance_buffer_t *buffer)
{
    const char *string = buffer ? apr_pstrmemdup(pool, buffer->data, buffer->length) : "(none)";

    glance_buffer_release(buffer);
    return string;
}

#endif
