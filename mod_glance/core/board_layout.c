/* board_layout.c: where the parts of a board lie in its memory.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/board_layout.h"

#include <string.h>

#include "apr_strings.h"

#define MAGIC APR_UINT64_C(0x45434e414c470005) /* "GLANCE" and the layout's version */

static apr_uint64_t align8(apr_uint64_t size)
{
    return (size + 7) & ~APR_UINT64_C(7);
}

static apr_uint64_t block_count(apr_uint64_t shards)
{
    return (shards + BLOCK_SHARDS - 1) / BLOCK_SHARDS;
}

/* Computes the offsets from the counts. */
static void lay_out(glance_board_header_t *header, apr_uint32_t clusters, apr_uint32_t shards)
{
    header->magic = MAGIC;
    header->cluster_count = clusters;
    header->shard_count = shards;
    header->clusters_at = align8(sizeof *header);
    header->blocks_at = align8(header->clusters_at
                               + (apr_uint64_t)clusters * sizeof(glance_board_cluster_t));
    header->shards_at = header->blocks_at + block_count(shards) * sizeof(glance_board_block_t);
    header->size = header->shards_at + (apr_uint64_t)shards * sizeof(glance_shard_t);
}

/* Computes counts and offsets. APR_EINVAL: there are too many shards for their indexes. */
static apr_status_t plan(glance_board_header_t *header, const apr_array_header_t *clusters)
{
    apr_uint64_t shards = 0;
    int i;

    memset(header, 0, sizeof *header);
    for (i = 0; i < clusters->nelts; i++) {
        shards += APR_ARRAY_IDX(clusters, i, glance_cluster_t).shards;
    }
    if (shards > APR_INT32_MAX) {
        return APR_EINVAL;
    }
    lay_out(header, (apr_uint32_t)clusters->nelts, (apr_uint32_t)shards);
    return header->size <= APR_SIZE_MAX ? APR_SUCCESS : APR_EINVAL;
}

apr_size_t glance_board_size(const apr_array_header_t *clusters)
{
    glance_board_header_t header;

    return plan(&header, clusters) == APR_SUCCESS ? (apr_size_t)header.size : 0;
}

void glance_board_init(void *base, const apr_array_header_t *clusters, apr_uint64_t epoch,
                       glance_moment_t now)
{
    glance_board_header_t *header = base;
    glance_board_cluster_t *table;
    glance_shard_t *shards;
    apr_uint32_t first = 0;
    apr_uint32_t i;

    (void)plan(header, clusters);
    header->epoch = epoch;
    header->deadline = GLANCE_NO_MOMENT;
    table = (void *)((char *)base + header->clusters_at);
    shards = (void *)((char *)base + header->shards_at);
    for (i = 0; i < header->cluster_count; i++) {
        const glance_cluster_t *cluster = &APR_ARRAY_IDX(clusters, i, glance_cluster_t);

        strncpy(table[i].name, cluster->name, GLANCE_CLUSTER_NAME_MAX);
        table[i].first = first;
        table[i].shards = cluster->shards;
        first += cluster->shards;
    }
    for (i = 0; i < header->shard_count; i++) {
        glance_shard_init(&shards[i], now);
    }
}

int glance_board_header_fits(const glance_board_header_t *header, apr_size_t size)
{
    glance_board_header_t fitting = {0};

    if (size < sizeof *header || header->magic != MAGIC || !header->cluster_count
        || !header->shard_count || header->shard_count > APR_INT32_MAX) {
        return 0;
    }
    lay_out(&fitting, header->cluster_count, header->shard_count);
    return fitting.size == size && header->size == size
           && header->clusters_at == fitting.clusters_at && header->blocks_at == fitting.blocks_at
           && header->shards_at == fitting.shards_at;
}

static int has_name(const glance_board_cluster_t *cluster)
{
    return cluster->name[0] && memchr(cluster->name, '\0', sizeof cluster->name) != NULL;
}

static const char *validate_cluster(const glance_board_cluster_t *cluster, apr_uint64_t first)
{
    if (cluster->first != first || !cluster->shards
        || cluster->shards > GLANCE_CLUSTER_SHARDS_MAX) {
        return "a cluster has wrong bounds";
    }
    return has_name(cluster) ? NULL : "a cluster has no name";
}

const char *glance_board_validate_clusters(const glance_board_t *board)
{
    apr_uint64_t first = 0;
    const char *fault = NULL;
    apr_uint32_t i;

    for (i = 0; i < board->cluster_count && !fault; i++) {
        fault = validate_cluster(&board->clusters[i], first);
        first += board->clusters[i].shards;
    }
    if (!fault && first != board->shard_count) {
        fault = "the clusters do not cover the shards";
    }
    return fault;
}

/* Counts, offsets and clusters are copied first, and only the copy is checked and used: any process
 * of the server can write to the memory at any time, and the parent is root. */
apr_status_t glance_board_open(glance_board_t **board, void *base, apr_size_t size,
                               apr_pool_t *pool)
{
    const glance_board_header_t *header;
    glance_board_t *view;
    apr_uint32_t i;

    if (size < sizeof *header) {
        return APR_EINVAL;
    }
    header = apr_pmemdup(pool, base, sizeof *header);
    if (!glance_board_header_fits(header, size)) {
        return APR_EINVAL;
    }
    view = apr_pcalloc(pool, sizeof *view);
    view->header = base;
    view->clusters = apr_pmemdup(pool, (char *)base + header->clusters_at,
                                 header->cluster_count * sizeof *view->clusters);
    view->cluster_count = header->cluster_count;
    view->blocks = (void *)((char *)base + header->blocks_at);
    view->shards = (void *)((char *)base + header->shards_at);
    view->shard_count = header->shard_count;
    if (glance_board_validate_clusters(view)) {
        return APR_EINVAL;
    }
    view->index = apr_hash_make(pool);
    for (i = 0; i < view->cluster_count; i++) {
        apr_hash_set(view->index, view->clusters[i].name, APR_HASH_KEY_STRING, &view->clusters[i]);
    }
    *board = view;
    return APR_SUCCESS;
}

int glance_board_matches(const glance_board_t *board, const apr_array_header_t *clusters)
{
    apr_uint32_t i;

    if (board->cluster_count != (apr_uint32_t)clusters->nelts) {
        return 0;
    }
    for (i = 0; i < board->cluster_count; i++) {
        const glance_cluster_t *cluster = &APR_ARRAY_IDX(clusters, i, glance_cluster_t);

        if (board->clusters[i].shards != cluster->shards
            || strcmp(board->clusters[i].name, cluster->name) != 0) {
            return 0;
        }
    }
    return 1;
}

const glance_board_cluster_t *glance_board_find(const glance_board_t *board, const char *name,
                                                apr_size_t length)
{
    return apr_hash_get(board->index, name, (apr_ssize_t)length);
}

const glance_board_cluster_t *glance_board_cluster_of(const glance_board_t *board,
                                                      apr_uint32_t shard)
{
    apr_uint32_t low = 0;
    apr_uint32_t high = board->cluster_count;

    while (high - low > 1) {
        apr_uint32_t middle = low + (high - low) / 2;

        if (board->clusters[middle].first <= shard) {
            low = middle;
        }
        else {
            high = middle;
        }
    }
    return &board->clusters[low];
}

apr_uint64_t glance_board_epoch(const glance_board_t *board)
{
    return board->header->epoch;
}

apr_uint64_t glance_board_generation(const glance_board_t *board)
{
    return board->header->generation;
}

int glance_board_can_resume(const glance_board_t *board, apr_uint64_t epoch, apr_uint64_t number)
{
    const glance_board_header_t *header = board->header;

    if (epoch == header->epoch) {
        return number <= glance_board_latest(board, GLANCE_CHANGE);
    }
    return header->has_previous && epoch == header->previous_epoch
           && number <= header->previous_latest;
}

apr_uint64_t glance_board_latest(const glance_board_t *board, glance_sequence_e sequence)
{
    return __atomic_load_n(&board->header->latest[sequence], __ATOMIC_SEQ_CST);
}

apr_uint64_t glance_board_revision(const glance_board_t *board)
{
    return __atomic_load_n(&board->header->revision, __ATOMIC_SEQ_CST);
}

glance_moment_t glance_board_deadline(const glance_board_t *board)
{
    return __atomic_load_n(&board->header->deadline, __ATOMIC_SEQ_CST);
}

void glance_board_set_deadline(glance_board_t *board, glance_moment_t deadline)
{
    __atomic_store_n(&board->header->deadline, deadline, __ATOMIC_SEQ_CST);
}

glance_moment_t glance_board_swept(const glance_board_t *board)
{
    return __atomic_load_n(&board->header->swept, __ATOMIC_RELAXED);
}

void glance_board_begin_write(glance_board_t *board, apr_uint32_t shard)
{
    __atomic_store_n(&board->header->writing, shard + 1, __ATOMIC_SEQ_CST);
}

void glance_board_end_write(glance_board_t *board)
{
    __atomic_store_n(&board->header->writing, NOT_WRITING, __ATOMIC_SEQ_CST);
}

void glance_board_count_revision(glance_board_t *board)
{
    __atomic_store_n(&board->header->revision, board->header->revision + 1, __ATOMIC_SEQ_CST);
}

void glance_board_set_sequence(glance_board_t *board, glance_sequence_e sequence,
                               apr_uint32_t shard)
{
    apr_uint64_t number = board->header->latest[sequence] + 1;

    if (sequence == GLANCE_CHANGE) {
        glance_board_count_revision(board);
    }
    board->shards[shard].sequences[sequence] = number;
    board->blocks[shard / BLOCK_SHARDS].sequences[sequence] = number;
    /* Last, so that a reader who sees this number and then takes the lock finds the shard. */
    __atomic_store_n(&board->header->latest[sequence], number, __ATOMIC_SEQ_CST);
}

void glance_board_expect_sweep(glance_board_t *board)
{
    glance_board_set_deadline(board, 0);
}
