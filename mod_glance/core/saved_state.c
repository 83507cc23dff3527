/* saved_state.c: the text of the state file.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/saved_state.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "apr_escape.h"
#include "apr_hash.h"
#include "apr_lib.h"
#include "apr_strings.h"
#include "apr_version.h"

#include "core/board_migrate.h"

#if !APR_VERSION_AT_LEAST(1, 5, 0)
#error "mod_glance needs APR 1.5 or newer, for apr_escape.h"
#endif

#if JANSSON_VERSION_HEX < 0x020700
#error "mod_glance needs jansson 2.7 or newer: older ones take no strings by their length"
#endif

#define VERSION 1
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))
#define NEVER '-' /* in place of a report's digit */
#define EPOCH_DIGITS 16

/* Higher numbers of changes are taken for damage. The counter cannot overflow from here. */
#define LATEST_MAX (APR_INT64_MAX / 2)
#define GENERATION_MAX (LATEST_MAX / 4)

const char *glance_saved_state_name(apr_pool_t *pool, const char *server_name)
{
    return apr_pescape_urlencoded(pool, server_name);
}

/* ---- writing ---- */

static char digit_of(apr_byte_t state)
{
    if (state == GLANCE_NEVER) {
        return NEVER;
    }
    return (char)('0' + state);
}

static json_t *cluster_json(const glance_snapshot_t *snapshot,
                            const glance_board_cluster_t *cluster, apr_pool_t *pool)
{
    const glance_row_t *rows = glance_snapshot_rows(snapshot, cluster);
    char *states = apr_palloc(pool, (apr_size_t)cluster->shards + 1);
    char *reported = apr_palloc(pool, (apr_size_t)cluster->shards + 1);
    apr_uint32_t i;

    for (i = 0; i < cluster->shards; i++) {
        states[i] = digit_of(rows[i].state);
        reported[i] = digit_of(rows[i].reported);
    }
    states[i] = '\0';
    reported[i] = '\0';
    return json_pack("{s:s, s:I, s:s, s:s}", "name", cluster->name, "shards",
                     (json_int_t)cluster->shards, "states", states, "reported", reported);
}

static json_t *board_json(const glance_saved_state_entry_t *entry, apr_pool_t *pool)
{
    const glance_snapshot_t *snapshot = entry->snapshot;
    /* A damaged counter restarts from 0. Viewers know its numbers, so the epoch changes as well. */
    int is_sane = snapshot->seq <= LATEST_MAX;
    apr_uint64_t epoch = is_sane ? snapshot->epoch : snapshot->epoch + 1;
    json_int_t changes = is_sane ? (json_int_t)snapshot->seq : 0;
    json_int_t generation = (json_int_t)(snapshot->generation <= GENERATION_MAX
                                             ? snapshot->generation
                                             : GENERATION_MAX);
    json_t *clusters = json_array();
    apr_uint32_t i;

    for (i = 0; i < snapshot->board->cluster_count; i++) {
        /* jansson reports an error if the array or the value is NULL. */
        if (json_array_append_new(clusters,
                                  cluster_json(snapshot, &snapshot->board->clusters[i], pool))) {
            json_decref(clusters);
            return NULL;
        }
    }
    return json_pack("{s:s, s:s, s:I, s:I, s:o}", "name", entry->name, "epoch",
                     apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT, epoch), "generation",
                     generation, "changes", changes, "clusters", clusters);
}

static int put_piece(const char *data, size_t length, void *text)
{
    glance_buffer_put(text, data, length);
    return 0;
}

/* Takes the reference to @a file. */
static glance_buffer_t *text_of(json_t *file)
{
    glance_buffer_t *text = glance_buffer_make(0);
    int failed = !text || !file || json_dump_callback(file, put_piece, text, DUMP_FLAGS) != 0;

    json_decref(file);
    if (failed) {
        glance_buffer_release(text);
        return NULL;
    }
    glance_buffer_puts(text, "\n");
    return glance_buffer_finish(text);
}

glance_buffer_t *glance_saved_state_write(const glance_saved_state_entry_t *entries,
                                          apr_size_t count, apr_time_t now, int clean,
                                          apr_pool_t *pool)
{
    json_t *boards = json_array();
    apr_size_t i;

    for (i = 0; i < count; i++) {
        if (json_array_append_new(boards, board_json(&entries[i], pool))) {
            json_decref(boards);
            return NULL;
        }
    }
    return text_of(json_pack("{s:i, s:f, s:b, s:o}", "mod_glance", VERSION, "saved",
                             (double)apr_time_as_msec(now) / 1000, "clean", clean, "boards",
                             boards));
}

/* ---- reading ---- */

/* One run of glance_saved_state_read(). */
typedef struct {
    glance_saved_state_t *state;
    const char *fault;
    apr_pool_t *pool;
} reader_t;

static apr_status_t fail(reader_t *reader, const char *fault)
{
    reader->fault = fault;
    return APR_EINVAL;
}

static int is_state(char digit)
{
    return digit >= '0' && digit < '0' + GLANCE_STATES;
}

/* Whether these are the digits of so many shards. A shard that has never reported is unknown.
 * @a known is increased by the number of shards that have reported. */
static int are_digits(const char *states, const char *reported, apr_size_t shards,
                      apr_uint64_t *known)
{
    apr_size_t i;

    if (strlen(states) != shards || strlen(reported) != shards) {
        return 0;
    }
    for (i = 0; i < shards; i++) {
        if (!is_state(states[i])
            || (reported[i] == NEVER ? states[i] != '0' : !is_state(reported[i]))) {
            return 0;
        }
        *known += reported[i] != NEVER;
    }
    return 1;
}

static apr_status_t read_cluster(reader_t *reader, json_t *json, apr_array_header_t *clusters,
                                 apr_hash_t *names)
{
    glance_cluster_t *cluster;
    const char *name;
    const char *states;
    const char *reported;
    json_int_t shards;

    if (json_unpack(json, "{s:s, s:I, s:s, s:s}", "name", &name, "shards", &shards, "states",
                    &states, "reported", &reported)) {
        return fail(reader, "a cluster lacks a part");
    }
    if (!*name || strlen(name) > GLANCE_CLUSTER_NAME_MAX
        || apr_hash_get(names, name, APR_HASH_KEY_STRING)) {
        return fail(reader, "a cluster has an invalid name");
    }
    if (shards < 1 || shards > GLANCE_CLUSTER_SHARDS_MAX
        || !are_digits(states, reported, (apr_size_t)shards, &reader->state->shards)) {
        return fail(reader, "a cluster does not have a state for each of its shards");
    }
    cluster = apr_array_push(clusters);
    cluster->name = name;
    cluster->shards = (apr_uint32_t)shards;
    apr_hash_set(names, name, APR_HASH_KEY_STRING, name);
    return APR_SUCCESS;
}

static int is_epoch(const char *text)
{
    return strlen(text) == EPOCH_DIGITS && strspn(text, "0123456789abcdef") == EPOCH_DIGITS;
}

static int is_counter(json_int_t number, json_int_t max)
{
    return number >= 0 && number <= max;
}

static apr_status_t read_board(reader_t *reader, json_t *json)
{
    glance_saved_state_board_t *board = apr_array_push(reader->state->boards);
    apr_hash_t *names = apr_hash_make(reader->pool);
    const char *epoch;
    json_int_t latest;
    json_int_t generation = 0;
    size_t i;

    if (json_unpack(json, "{s:s, s:s, s?I, s:I, s:o}", "name", &board->name, "epoch", &epoch,
                    "generation", &generation, "changes", &latest, "clusters", &board->json)
        || !is_epoch(epoch) || !is_counter(latest, LATEST_MAX)
        || !is_counter(generation, GENERATION_MAX)) {
        return fail(reader, "a board lacks a part");
    }
    board->epoch = (apr_uint64_t)strtoull(epoch, NULL, 16);
    board->latest = (apr_uint64_t)latest;
    board->generation = (apr_uint64_t)generation;
    board->clusters = apr_array_make(reader->pool, 4, sizeof(glance_cluster_t));
    for (i = 0; i < json_array_size(board->json); i++) {
        if (read_cluster(reader, json_array_get(board->json, i), board->clusters, names)
            != APR_SUCCESS) {
            return APR_EINVAL;
        }
    }
    return glance_board_size(board->clusters) && i
               ? APR_SUCCESS
               : fail(reader, "a board has no clusters, or too many shards");
}

static apr_status_t read_file(reader_t *reader, json_t *json)
{
    json_int_t version;
    json_t *boards;
    double saved;
    size_t i;

    if (json_unpack(json, "{s:I}", "mod_glance", &version)) {
        return fail(reader, "it is not a state file of mod_glance");
    }
    if (version != VERSION) {
        return fail(reader,
                    apr_psprintf(reader->pool, "it has version %" APR_INT64_T_FMT ", not %d",
                                 (apr_int64_t)version, VERSION));
    }
    if (json_unpack(json, "{s:F, s:b, s:o}", "saved", &saved, "clean", &reader->state->clean,
                    "boards", &boards)
        || !(saved >= 0 && saved < 1e12) || !json_is_array(boards)) {
        return fail(reader, "it lacks a part");
    }
    reader->state->saved = (apr_time_t)(saved * 1000) * 1000;
    for (i = 0; i < json_array_size(boards); i++) {
        if (read_board(reader, json_array_get(boards, i)) != APR_SUCCESS) {
            return APR_EINVAL;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t release_json(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

apr_status_t glance_saved_state_read(glance_saved_state_t *state, const char *text,
                                     apr_size_t length, const char **fault, apr_pool_t *pool)
{
    reader_t reader = {.state = state, .pool = pool};
    json_error_t error;
    apr_status_t rv;

    memset(state, 0, sizeof *state);
    state->boards = apr_array_make(pool, 2, sizeof(glance_saved_state_board_t));
    if (!length) {
        *fault = "it is empty";
        return APR_EINVAL;
    }
    state->json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!state->json) {
        /* jansson's own message quotes the text. */
        *fault = apr_psprintf(pool, "invalid JSON at byte %d", error.position);
        return APR_EINVAL;
    }
    apr_pool_cleanup_register(pool, state->json, release_json, apr_pool_cleanup_null);
    rv = read_file(&reader, state->json);
    *fault = reader.fault;
    return rv;
}

const glance_saved_state_board_t *glance_saved_state_find(const glance_saved_state_t *state,
                                                          const char *name)
{
    int i;

    for (i = 0; i < state->boards->nelts; i++) {
        const glance_saved_state_board_t *board = &APR_ARRAY_IDX(state->boards, i,
                                                                 glance_saved_state_board_t);

        if (!strcmp(board->name, name)) {
            return board;
        }
    }
    return NULL;
}

/* After a clean stop, a board of the same number in memory has nothing that the file lacks. */
int glance_saved_state_is_newer(const glance_saved_state_board_t *saved, int clean,
                                const glance_board_t *board)
{
    apr_uint64_t latest = glance_board_latest(board, GLANCE_CHANGE);

    if (saved->epoch == glance_board_epoch(board)) {
        return saved->latest > latest || (clean && saved->latest == latest);
    }
    return saved->generation > glance_board_generation(board);
}

static void restore_cluster(json_t *json, glance_board_t *board,
                            const glance_board_cluster_t *cluster, glance_moment_t now)
{
    const char *states = json_string_value(json_object_get(json, "states"));
    const char *reported = json_string_value(json_object_get(json, "reported"));
    apr_uint32_t i;

    for (i = 0; i < cluster->shards && reported[i]; i++) {
        if (reported[i] != NEVER) {
            glance_board_restore(board, cluster->first + i, (glance_state_e)(states[i] - '0'),
                                 (glance_state_e)(reported[i] - '0'), now);
        }
    }
}

void glance_saved_state_restore(const glance_saved_state_board_t *saved, glance_board_t *board,
                                glance_moment_t now)
{
    int i;

    glance_board_follow(board, saved->generation);
    for (i = 0; i < saved->clusters->nelts; i++) {
        const char *name = APR_ARRAY_IDX(saved->clusters, i, glance_cluster_t).name;
        const glance_board_cluster_t *cluster = glance_board_find(board, name, strlen(name));

        if (cluster) {
            restore_cluster(json_array_get(saved->json, (size_t)i), board, cluster, now);
        }
    }
}
