/* board.c: the table of all shards of a server.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/board.h"

#include <stdlib.h>
#include <string.h>

#include "apr_strings.h"

#define MAGIC APR_UINT64_C(0x45434e414c470003) /* "GLANCE" and the layout's version */
#define BLOCK_SHARDS 64
#define COUNTER_MAX (APR_UINT64_MAX / 4)
#define COUNTER_MAX_ADOPTED (COUNTER_MAX / 2) /* a board that is taken up goes on counting */
#define NOT_WRITING 0 /* in header.writing; else the index of a shard plus one */

struct glance_board_header_t {
    apr_uint64_t magic;
    apr_uint64_t size;
    apr_uint64_t clusters_at;
    apr_uint64_t blocks_at;
    apr_uint64_t shards_at;
    apr_uint32_t cluster_count;
    apr_uint32_t shard_count;
    apr_uint64_t epoch;
    apr_uint64_t latest[GLANCE_SEQUENCES];
    glance_moment_t deadline; /* no shard falls silent before */
    glance_moment_t swept;    /* the last sweep, 0: none yet */
    apr_uint32_t writing;
    apr_uint32_t superseded;
    apr_uint32_t bell_wanted;
};

struct glance_board_block_t {
    apr_uint64_t sequences[GLANCE_SEQUENCES]; /* the newest among its shards */
};

static apr_uint64_t align8(apr_uint64_t size)
{
    return (size + 7) & ~APR_UINT64_C(7);
}

static apr_uint32_t block_count(apr_uint32_t shards)
{
    return (shards + BLOCK_SHARDS - 1) / BLOCK_SHARDS;
}

/* Fills in the offsets that follow from the counts. */
static void lay_out(glance_board_header_t *header, apr_uint32_t clusters, apr_uint32_t shards)
{
    header->magic = MAGIC;
    header->cluster_count = clusters;
    header->shard_count = shards;
    header->clusters_at = align8(sizeof *header);
    header->blocks_at = align8(header->clusters_at
                               + (apr_uint64_t)clusters * sizeof(glance_board_cluster_t));
    header->shards_at = header->blocks_at
                        + (apr_uint64_t)block_count(shards) * sizeof(glance_board_block_t);
    header->size = header->shards_at + (apr_uint64_t)shards * sizeof(glance_shard_t);
}

/* Fills in counts and offsets; APR_EINVAL if there are too many shards to be indexed. */
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
    glance_board_cluster_t *places;
    glance_shard_t *shards;
    apr_uint32_t first = 0;
    apr_uint32_t i;

    (void)plan(header, clusters);
    header->epoch = epoch;
    header->deadline = GLANCE_NO_MOMENT;
    places = (void *)((char *)base + header->clusters_at);
    shards = (void *)((char *)base + header->shards_at);
    for (i = 0; i < header->cluster_count; i++) {
        const glance_cluster_t *cluster = &APR_ARRAY_IDX(clusters, i, glance_cluster_t);

        strncpy(places[i].name, cluster->name, GLANCE_CLUSTER_NAME_MAX);
        places[i].first = first;
        places[i].shards = cluster->shards;
        first += cluster->shards;
    }
    for (i = 0; i < header->shard_count; i++) {
        glance_shard_init(&shards[i], now);
    }
}

/* Whether it is the header that this layout gives to its counts, so that nothing reaches out of
 * the memory: that may be a file which another process has left. */
static int header_fits(const glance_board_header_t *header, apr_size_t size)
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
        return "a cluster lies in the wrong place";
    }
    return has_name(cluster) ? NULL : "a cluster has no name";
}

static const char *validate_clusters(const glance_board_t *board)
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

/* All that says where things lie is copied first, and only the copy is checked and used: any
 * process of the server can write to the memory, at any time, and the parent is root. */
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
    if (!header_fits(header, size)) {
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
    if (validate_clusters(view)) {
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

apr_uint64_t glance_board_latest(const glance_board_t *board, glance_sequence_e sequence)
{
    return __atomic_load_n(&board->header->latest[sequence], __ATOMIC_SEQ_CST);
}

glance_moment_t glance_board_deadline(const glance_board_t *board)
{
    return __atomic_load_n(&board->header->deadline, __ATOMIC_SEQ_CST);
}

static void set_deadline(glance_board_t *board, glance_moment_t deadline)
{
    __atomic_store_n(&board->header->deadline, deadline, __ATOMIC_SEQ_CST);
}

glance_moment_t glance_board_swept(const glance_board_t *board)
{
    return __atomic_load_n(&board->header->swept, __ATOMIC_RELAXED);
}

static void begin_write(glance_board_t *board, apr_uint32_t shard)
{
    __atomic_store_n(&board->header->writing, shard + 1, __ATOMIC_SEQ_CST);
}

static void end_write(glance_board_t *board)
{
    __atomic_store_n(&board->header->writing, NOT_WRITING, __ATOMIC_SEQ_CST);
}

/* Draws the next number for the shard. The board's counter comes last: who sees it without the
 * lock, and then takes the lock, finds the shard. */
static void set_sequence(glance_board_t *board, glance_sequence_e sequence, apr_uint32_t shard)
{
    apr_uint64_t number = board->header->latest[sequence] + 1;

    board->shards[shard].sequences[sequence] = number;
    board->blocks[shard / BLOCK_SHARDS].sequences[sequence] = number;
    __atomic_store_n(&board->header->latest[sequence], number, __ATOMIC_SEQ_CST);
}

static void describe(glance_transition_t *was, const glance_board_t *board, apr_uint32_t shard,
                     glance_moment_t now)
{
    was->shard = shard;
    was->from = board->shards[shard].state;
    was->to = was->from;
    was->silent = glance_clock_age(board->shards[shard].seen, now);
}

/* What a report and a sign of life have in common, once the shard's record is written. */
static void finish_write(glance_board_t *board, apr_uint32_t shard, int changed,
                         apr_int64_t timeout)
{
    glance_moment_t deadline = glance_shard_deadline(&board->shards[shard],
                                                     timeout > GLANCE_SWEEP_GRAIN
                                                         ? timeout
                                                         : GLANCE_SWEEP_GRAIN);

    set_sequence(board, GLANCE_HEARTBEAT, shard);
    if (changed) {
        set_sequence(board, GLANCE_CHANGE, shard);
    }
    if (deadline < board->header->deadline) {
        set_deadline(board, deadline);
    }
    end_write(board);
}

apr_status_t glance_board_report(glance_board_t *board, apr_uint32_t shard, glance_state_e state,
                                 glance_moment_t now, apr_int64_t timeout, glance_transition_t *was)
{
    int changed;

    if (board->header->superseded) {
        return GLANCE_SUPERSEDED;
    }
    describe(was, board, shard, now);
    begin_write(board, shard);
    changed = glance_shard_report(&board->shards[shard], state, now);
    finish_write(board, shard, changed, timeout);
    was->to = board->shards[shard].state;
    return APR_SUCCESS;
}

apr_status_t glance_board_heartbeat(glance_board_t *board, apr_uint32_t shard, glance_moment_t now,
                                    apr_int64_t timeout, glance_transition_t *was)
{
    int changed;

    if (board->header->superseded) {
        return GLANCE_SUPERSEDED;
    }
    if (!glance_shard_is_known(&board->shards[shard])) {
        return APR_NOTFOUND;
    }
    describe(was, board, shard, now);
    begin_write(board, shard);
    changed = glance_shard_heartbeat(&board->shards[shard], now);
    finish_write(board, shard, changed, timeout);
    was->to = board->shards[shard].state;
    return APR_SUCCESS;
}

static void fall_silent(glance_board_t *board, apr_uint32_t shard, glance_moment_t now,
                        apr_array_header_t *transitions)
{
    if (transitions) {
        glance_transition_t *transition = apr_array_push(transitions);

        describe(transition, board, shard, now);
        transition->to = GLANCE_UNHEALTHY;
    }
    begin_write(board, shard);
    glance_shard_mark_unhealthy(&board->shards[shard], now);
    set_sequence(board, GLANCE_CHANGE, shard);
    end_write(board);
}

void glance_board_sweep(glance_board_t *board, glance_moment_t now, apr_int64_t timeout,
                        apr_array_header_t *transitions)
{
    glance_moment_t next = GLANCE_NO_MOMENT;
    apr_uint32_t i;

    if (board->header->superseded) {
        set_deadline(board, GLANCE_NO_MOMENT);
        return;
    }
    for (i = 0; i < board->shard_count; i++) {
        glance_moment_t deadline = glance_shard_deadline(&board->shards[i], timeout);

        if (deadline <= now) {
            fall_silent(board, i, now, transitions);
        }
        else if (deadline < next) {
            next = deadline;
        }
    }
    __atomic_store_n(&board->header->swept, now, __ATOMIC_RELAXED);
    set_deadline(board, next < now + GLANCE_SWEEP_GRAIN ? now + GLANCE_SWEEP_GRAIN : next);
}

void glance_board_expect_sweep(glance_board_t *board)
{
    set_deadline(board, 0);
}

static apr_status_t push_change(glance_changes_t *changes, apr_uint32_t index,
                                const glance_shard_t *shard)
{
    glance_change_t *change;

    if (changes->count == changes->room) {
        apr_size_t room = changes->room ? changes->room * 2 : BLOCK_SHARDS;
        glance_change_t *list = realloc(changes->list, room * sizeof *list);

        if (!list) {
            return APR_ENOMEM;
        }
        changes->list = list;
        changes->room = room;
    }
    change = &changes->list[changes->count++];
    change->shard = index;
    change->state = (apr_byte_t)glance_shard_state(shard);
    change->revived = shard->revived;
    change->spoke_by_change = shard->spoke_by_change;
    return APR_SUCCESS;
}

static apr_uint32_t block_end(const glance_board_t *board, apr_uint32_t block)
{
    apr_uint32_t end = (block + 1) * BLOCK_SHARDS;

    return end < board->shard_count ? end : board->shard_count;
}

apr_status_t glance_board_since(const glance_board_t *board, glance_sequence_e sequence,
                                apr_uint64_t number, glance_changes_t *changes)
{
    apr_uint32_t block;
    apr_uint32_t i;

    changes->count = 0;
    for (block = 0; block < block_count(board->shard_count); block++) {
        if (board->blocks[block].sequences[sequence] <= number) {
            continue;
        }
        for (i = block * BLOCK_SHARDS; i < block_end(board, block); i++) {
            const glance_shard_t *shard = &board->shards[i];

            if (shard->sequences[sequence] > number
                && push_change(changes, i, shard) != APR_SUCCESS) {
                return APR_ENOMEM;
            }
        }
    }
    return APR_SUCCESS;
}

static void inherit_cluster(glance_board_t *board, const glance_board_cluster_t *to,
                            const glance_board_t *from, const glance_board_cluster_t *source)
{
    apr_uint32_t shards = to->shards < source->shards ? to->shards : source->shards;
    apr_uint32_t i;

    for (i = 0; i < shards; i++) {
        glance_shard_t *shard = &board->shards[to->first + i];
        int sequence;

        *shard = from->shards[source->first + i];
        glance_shard_repair(shard);
        for (sequence = 0; sequence < GLANCE_SEQUENCES; sequence++) {
            if (shard->sequences[sequence]) {
                set_sequence(board, (glance_sequence_e)sequence, to->first + i);
            }
        }
    }
}

void glance_board_migrate(glance_board_t *board, glance_board_t *from)
{
    apr_uint32_t i;

    for (i = 0; i < board->cluster_count; i++) {
        const glance_board_cluster_t *to = &board->clusters[i];
        const glance_board_cluster_t *source = glance_board_find(from, to->name, strlen(to->name));

        if (source) {
            inherit_cluster(board, to, from, source);
        }
    }
    glance_board_expect_sweep(board);
    glance_board_close(from);
}

void glance_board_close(glance_board_t *board)
{
    board->header->superseded = 1;
}

int glance_board_is_dirty(const glance_board_t *board)
{
    return __atomic_load_n(&board->header->writing, __ATOMIC_SEQ_CST) != NOT_WRITING;
}

void glance_board_repair(glance_board_t *board)
{
    apr_uint32_t dirty = __atomic_load_n(&board->header->writing, __ATOMIC_SEQ_CST) - 1;

    if (dirty < board->shard_count) {
        /* The counters are stored last, so the record may be ahead of them by one: the marks
         * below draw that number again. */
        set_sequence(board, GLANCE_CHANGE, dirty);
        set_sequence(board, GLANCE_HEARTBEAT, dirty);
        glance_board_expect_sweep(board);
    }
    end_write(board);
}

static const char *validate_shard(const glance_board_t *board, apr_uint32_t i)
{
    const glance_shard_t *shard = &board->shards[i];
    const glance_board_block_t *block = &board->blocks[i / BLOCK_SHARDS];
    int sequence;

    if (shard->state >= GLANCE_STATES) {
        return "a shard has a state that is none";
    }
    if (shard->reported >= GLANCE_STATES && shard->reported != GLANCE_NEVER) {
        return "a shard has reported a state that is none";
    }
    for (sequence = 0; sequence < GLANCE_SEQUENCES; sequence++) {
        if (shard->sequences[sequence] > board->header->latest[sequence]) {
            return "a shard is ahead of the board's counters";
        }
        if (shard->sequences[sequence] > block->sequences[sequence]) {
            return "a shard is ahead of its block";
        }
    }
    return NULL;
}

/* `counter_max`: as far as anybody can have counted. */
static const char *validate(const glance_board_t *board, apr_uint64_t counter_max)
{
    const char *fault;
    apr_uint32_t i;

    if (!header_fits(board->header, (apr_size_t)board->header->size)) {
        return "the header is not that of a board";
    }
    if (glance_board_is_dirty(board)) {
        return "a writer has not finished";
    }
    if (board->header->latest[GLANCE_CHANGE] > counter_max
        || board->header->latest[GLANCE_HEARTBEAT] > counter_max) {
        return "a counter is further than anybody can have counted";
    }
    fault = validate_clusters(board);
    for (i = 0; i < board->shard_count && !fault; i++) {
        fault = validate_shard(board, i);
    }
    return fault;
}

const char *glance_board_validate(const glance_board_t *board)
{
    return validate(board, COUNTER_MAX);
}

const char *glance_board_adopt(glance_board_t *board, glance_moment_t now)
{
    const char *fault;
    apr_uint32_t i;

    glance_board_repair(board);
    fault = validate(board, COUNTER_MAX_ADOPTED);
    if (fault) {
        return fault;
    }
    for (i = 0; i < board->shard_count; i++) {
        glance_shard_grant_grace(&board->shards[i], now);
    }
    board->header->superseded = 0;
    board->header->swept = 0;
    glance_board_expect_sweep(board);
    return NULL;
}

void glance_board_restore_sequence(glance_board_t *board, apr_uint64_t latest)
{
    apr_uint32_t i;

    for (i = 0; i < board->shard_count; i++) {
        if (board->shards[i].sequences[GLANCE_CHANGE]) {
            board->header->latest[GLANCE_CHANGE] = latest - 1;
            set_sequence(board, GLANCE_CHANGE, i);
        }
    }
    board->header->latest[GLANCE_CHANGE] = latest;
}

void glance_board_request_notification(glance_board_t *board)
{
    __atomic_store_n(&board->header->bell_wanted, 1, __ATOMIC_SEQ_CST);
}

int glance_board_take_request(glance_board_t *board)
{
    /* The load first: it keeps the line shared among cores while nobody waits. */
    return __atomic_load_n(&board->header->bell_wanted, __ATOMIC_SEQ_CST)
           && __atomic_exchange_n(&board->header->bell_wanted, 0, __ATOMIC_SEQ_CST);
}

void glance_changes_free(glance_changes_t *changes)
{
    free(changes->list);
    memset(changes, 0, sizeof *changes);
}
