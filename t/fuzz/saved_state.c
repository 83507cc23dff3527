/* saved_state.c: fuzzes the reader of the state file.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apr_general.h"

#include "core/board_repair.h"
#include "core/saved_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void restore(const glance_saved_state_board_t *saved, apr_pool_t *pool)
{
    apr_size_t size = glance_board_size(saved->clusters);
    void *base = apr_pcalloc(pool, size);
    glance_board_t *board;

    glance_board_init(base, saved->clusters, saved->epoch, 0);
    if (glance_board_open(&board, base, size, pool) != APR_SUCCESS) {
        abort();
    }
    glance_saved_state_restore(saved, board, 1);
    if (glance_board_validate(board)) {
        abort();
    }
}

/* What is read makes valid boards. */
static void check(const glance_saved_state_t *saved, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < saved->boards->nelts; i++) {
        restore(&APR_ARRAY_IDX(saved->boards, i, glance_saved_state_board_t), pool);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *pool;
    glance_saved_state_t saved;
    const char *fault = NULL;

    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    if (glance_saved_state_read(&saved, (const char *)data, size, &fault, pool) == APR_SUCCESS) {
        check(&saved, pool);
    }
    else if (!fault) {
        abort();
    }
    apr_pool_destroy(pool);
    return 0;
}
