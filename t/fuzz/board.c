/* board.c: fuzzes the adoption of a board that a killed server left, and the use of a board that
 * another process overwrites.
 *
 * Each three bytes of the input change one byte of a board: its place (two bytes), its new value.
 * They do so before a board is adopted, and before another one is saved and migrated.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apr_general.h"

#include "core/board_migrate.h"
#include "core/board_repair.h"
#include "core/saved_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1000000

static void *new_board(const char *list, apr_size_t *size, apr_pool_t *pool)
{
    apr_array_header_t *clusters = apr_array_make(pool, 2, sizeof(glance_cluster_t));
    void *base;

    if (glance_clusters_add(clusters, list, pool)) {
        abort();
    }
    *size = glance_board_size(clusters);
    base = calloc(1, *size);
    glance_board_init(base, clusters, 1, 0);
    return base;
}

static void damage(unsigned char *base, apr_size_t board_size, const uint8_t *data, size_t size)
{
    size_t i;

    for (i = 0; i + 3 <= size; i += 3) {
        base[(data[i] * 256u + data[i + 1]) % board_size] = data[i + 2];
    }
}

/* Everything that a server does with a board. */
static void use(glance_board_t *board, apr_pool_t *pool)
{
    glance_changes_t changes = {0};
    glance_transition_t was;
    apr_uint32_t i;

    for (i = 0; i < board->shard_count; i++) {
        if (glance_board_heartbeat(board, i, NOW, 1, &was) == GLANCE_SUPERSEDED
            || glance_board_report(board, i, GLANCE_ONLINE, NOW, 1, &was) != APR_SUCCESS
            || glance_board_cluster_of(board, i)->first > i) {
            abort();
        }
    }
    glance_board_sweep(board, NOW * 2, 1, apr_array_make(pool, 1, sizeof(glance_transition_t)));
    glance_board_since(board, GLANCE_CHANGE, 0, &changes);
    glance_board_find(board, "main", 4);
    if (glance_board_validate(board)) {
        abort();
    }
    glance_changes_free(&changes);
}

/* Whatever lies in a board, the next start must be able to read the state file. */
static void save(const glance_board_t *board, apr_pool_t *pool)
{
    glance_saved_state_entry_t entry = {.name = "a", .snapshot = glance_snapshot_make(board)};
    glance_saved_state_t saved;
    glance_buffer_t *buffer;
    const char *fault;

    if (!entry.snapshot) {
        abort();
    }
    glance_snapshot_take(entry.snapshot, NOW, NOW);
    buffer = glance_saved_state_write(&entry, 1, NOW, 1, pool);
    if (!buffer
        || glance_saved_state_read(&saved, buffer->data, buffer->length, &fault, pool)
               != APR_SUCCESS) {
        abort();
    }
    glance_buffer_release(buffer);
    glance_snapshot_release(entry.snapshot);
}

/* What the parent does with a board whose memory may hold anything. */
static void use_damaged(glance_board_t *board, apr_pool_t *pool)
{
    glance_changes_t changes = {0};
    apr_size_t size;
    void *base = new_board("b:3;main:100", &size, pool);
    glance_board_t *heir;

    if (glance_board_open(&heir, base, size, pool) != APR_SUCCESS) {
        abort();
    }
    save(board, pool);
    glance_board_repair(board);
    glance_board_sweep(board, NOW * 4, 1, apr_array_make(pool, 1, sizeof(glance_transition_t)));
    glance_board_since(board, GLANCE_CHANGE, 0, &changes);
    glance_changes_free(&changes);
    if (glance_board_find(board, "b", 1) != &board->clusters[1]) {
        abort();
    }
    glance_board_migrate(heir, board);
    free(base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *pool;
    glance_board_t *board;
    apr_size_t board_size;
    void *base;

    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    base = new_board("main:130;b:2", &board_size, pool);
    damage(base, board_size, data, size);
    if (glance_board_open(&board, base, board_size, pool) == APR_SUCCESS
        && !glance_board_adopt(board, NOW)) {
        use(board, pool);
    }
    free(base);
    base = new_board("main:130;b:2", &board_size, pool);
    if (glance_board_open(&board, base, board_size, pool) != APR_SUCCESS) {
        abort();
    }
    damage(base, board_size, data, size);
    use_damaged(board, pool);
    apr_pool_destroy(pool);
    free(base);
    return 0;
}
