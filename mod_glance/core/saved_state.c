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

#if !APR_VERSION_AT_LEAST(1, 5, 0)
#error "mod_glance needs APR 1.5 or newer, for apr_escape.h"
#endif

#if JANSSON_VERSION_HEX < 0x020700
#error "mod_glance needs jansson 2.7 or newer: older ones take no strings by their length"
#endif

#define VERSION 1
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))
#define NOTHING '-' /* among the reports */
#define EPOCH_DIGITS 16

/* Numbers of changes beyond this are not believed: room to count on for ever. */
#define LATEST_MAX (APR_INT64_MAX / 2)

const char *glance_saved_state_name(apr_pool_t *pool, const char *server_name)
{
    return apr_pescape_urlencoded(pool, server_name);
}

/* ---- writing ---- */

static char digit_of(apr_byte_t state)
{
    if (state == GLANCE_NEVER) {
        return NOTHING;
    }
    return (char)('0' + state);
}

static json_t *cluster_json(const glance_snapshot_t *snapshot,
                            const glance_board_cluster_t *cluster, apr_pool_t *pool)
{
    const glance_row_t *rows = snapshot->rows + cluster->first;
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
    /* A counter that is not believed begins anew; viewers know its numbers, so the epoch ends. */
    int is_counted = snapshot->seq <= LATEST_MAX;
    apr_uint64_t epoch = is_counted ? snapshot->epoch : snapshot->epoch + 1;
    json_int_t changes = is_counted ? (json_int_t)snapshot->seq : 0;
    json_t *clusters = json_array();
    apr_uint32_t i;

    for (i = 0; i < snapshot->board->cluster_count; i++) {
        /* Takes NULL for an error, and does not mind if the array is NULL. */
        if (json_array_append_new(clusters,
                                  cluster_json(snapshot, &snapshot->board->clusters[i], pool))) {
            json_decref(clusters);
            return NULL;
        }
    }
    return json_pack("{s:s, s:s, s:I, s:o}", "name", entry->name, "epoch",
                     apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT, epoch), "changes", changes,
                     "clusters", clusters);
}

static int put_piece(const char *data, size_t length, void *text)
{
    glance_buffer_put(text, data, length);
    return 0;
}

glance_buffer_t *glance_saved_state_write(const glance_saved_state_entry_t *entries,
                                          apr_size_t count, apr_time_t now, int clean,
                                          apr_pool_t *pool)
{
    glance_buffer_t *text = glance_buffer_make(0);
    json_t *boards = json_array();
    json_t *file;
    apr_size_t i;
    int failed = !text;

    for (i = 0; i < count; i++) {
        failed |= json_array_append_new(boards, board_json(&entries[i], pool)) != 0;
    }
    file = json_pack("{s:i, s:f, s:b, s:o}", "mod_glance", VERSION, "saved",
                     (double)apr_time_as_msec(now) / 1000, "clean", clean, "boards", boards);
    failed |= !file || !text || json_dump_callback(file, put_piece, text, DUMP_FLAGS) != 0;
    json_decref(file);
    if (failed) {
        glance_buffer_release(text);
        return NULL;
    }
    glance_buffer_puts(text, "\n");
    return glance_buffer_finish(text);
}

glance_buffer_t *glance_saved_state_again(const glance_saved_state_t *saved, apr_pool_t *pool)
{
    apr_size_t count = (apr_size_t)saved->boards->nelts;
    glance_saved_state_entry_t *entries = apr_pcalloc(pool, (count + 1) * sizeof *entries);
    glance_buffer_t *text = NULL;
    int complete = 1;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        const glance_saved_state_board_t *board = &APR_ARRAY_IDX(saved->boards, i,
                                                                 glance_saved_state_board_t);

        entries[i].name = board->name;
        entries[i].snapshot = glance_snapshot_make(board->board);
        if (entries[i].snapshot) {
            glance_snapshot_take(entries[i].snapshot, saved->saved, 0);
        }
        complete &= entries[i].snapshot != NULL;
    }
    if (complete) {
        text = glance_saved_state_write(entries, count, saved->saved, 0, pool);
    }
    for (i = 0; i < count; i++) {
        glance_snapshot_release(entries[i].snapshot);
    }
    return text;
}

/* ---- reading ---- */

/* What a reader has at hand. */
typedef struct {
    glance_saved_state_t *state;
    glance_moment_t now;
    const char *fault;
    apr_pool_t *pool;
} reader_t;

static apr_status_t blame(reader_t *reader, const char *fault)
{
    reader->fault = fault;
    return APR_EINVAL;
}

static int is_state(char digit)
{
    return digit >= '0' && digit < '0' + GLANCE_STATES;
}

/* Whether the digits are those of a cluster with so many shards: each a state, and a shard that has
 * not reported is unknown. */
static int are_digits(const char *states, const char *reported, apr_size_t shards)
{
    apr_size_t i;

    if (strlen(states) != shards || strlen(reported) != shards) {
        return 0;
    }
    for (i = 0; i < shards; i++) {
        if (!is_state(states[i])
            || (reported[i] == NOTHING ? states[i] != '0' : !is_state(reported[i]))) {
            return 0;
        }
    }
    return 1;
}

/* Reads a cluster's name and size, and checks its digits. */
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
        return blame(reader, "a cluster lacks a part");
    }
    if (!*name || strlen(name) > GLANCE_CLUSTER_NAME_MAX
        || apr_hash_get(names, name, APR_HASH_KEY_STRING)) {
        return blame(reader, "a cluster has a name that is none");
    }
    if (shards < 1 || shards > GLANCE_CLUSTER_SHARDS_MAX
        || !are_digits(states, reported, (apr_size_t)shards)) {
        return blame(reader, "a cluster does not have a state for each of its shards");
    }
    cluster = apr_array_push(clusters);
    cluster->name = apr_pstrdup(reader->pool, name);
    cluster->shards = (apr_uint32_t)shards;
    apr_hash_set(names, cluster->name, APR_HASH_KEY_STRING, cluster->name);
    return APR_SUCCESS;
}

/* What has reported counts as changed, also where it is unknown again: somebody may have seen it as
 * something else. */
static apr_uint32_t fill_cluster(glance_board_t *board, const glance_board_cluster_t *cluster,
                                 json_t *json, glance_moment_t now)
{
    const char *states = json_string_value(json_object_get(json, "states"));
    const char *reported = json_string_value(json_object_get(json, "reported"));
    apr_uint32_t known = 0;
    apr_uint32_t i;

    for (i = 0; i < cluster->shards; i++) {
        glance_shard_t *shard = &board->shards[cluster->first + i];
        glance_transition_t was;

        if (reported[i] != NOTHING) {
            (void)glance_board_report(board, cluster->first + i, GLANCE_ONLINE, now, 0, &was);
            shard->state = (apr_byte_t)(states[i] - '0');
            shard->reported = (apr_byte_t)(reported[i] - '0');
            known++;
        }
    }
    return known;
}

/* A board in plain memory, from which another one can take over. */
static apr_status_t make_board(reader_t *reader, glance_saved_state_board_t *entry,
                               const apr_array_header_t *clusters, json_t *json)
{
    apr_size_t size = glance_board_size(clusters);
    apr_uint32_t i;
    void *base;

    if (!clusters->nelts || !size) {
        return blame(reader, "a board has no clusters, or more than it can have");
    }
    base = apr_pcalloc(reader->pool, size);
    glance_board_init(base, clusters, entry->epoch, reader->now);
    if (glance_board_open(&entry->board, base, size, reader->pool) != APR_SUCCESS) {
        return blame(reader, "a board cannot be laid out");
    }
    for (i = 0; i < entry->board->cluster_count; i++) {
        reader->state->shards += fill_cluster(entry->board, &entry->board->clusters[i],
                                              json_array_get(json, i), reader->now);
    }
    return APR_SUCCESS;
}

static int is_epoch(const char *text)
{
    return strlen(text) == EPOCH_DIGITS && strspn(text, "0123456789abcdef") == EPOCH_DIGITS;
}

static apr_status_t read_board(reader_t *reader, json_t *json)
{
    apr_array_header_t *list = apr_array_make(reader->pool, 4, sizeof(glance_cluster_t));
    apr_hash_t *names = apr_hash_make(reader->pool);
    glance_saved_state_board_t *entry = apr_array_push(reader->state->boards);
    const char *name;
    const char *epoch;
    json_int_t latest;
    json_t *clusters;
    size_t i;

    if (json_unpack(json, "{s:s, s:s, s:I, s:o}", "name", &name, "epoch", &epoch, "changes",
                    &latest, "clusters", &clusters)
        || !is_epoch(epoch) || latest < 0 || latest > LATEST_MAX) {
        return blame(reader, "a board lacks a part");
    }
    entry->name = apr_pstrdup(reader->pool, name);
    entry->epoch = (apr_uint64_t)strtoull(epoch, NULL, 16);
    entry->latest = (apr_uint64_t)latest;
    for (i = 0; i < json_array_size(clusters); i++) {
        if (read_cluster(reader, json_array_get(clusters, i), list, names) != APR_SUCCESS) {
            return APR_EINVAL;
        }
    }
    return make_board(reader, entry, list, clusters);
}

static apr_status_t read_file(reader_t *reader, json_t *json)
{
    json_int_t version;
    json_t *boards;
    double saved;
    size_t i;

    if (json_unpack(json, "{s:I}", "mod_glance", &version)) {
        return blame(reader, "it is not a state file of mod_glance");
    }
    if (version != VERSION) {
        reader->fault = apr_psprintf(reader->pool, "it has version %" APR_INT64_T_FMT ", not %d",
                                     (apr_int64_t)version, VERSION);
        return GLANCE_FOREIGN;
    }
    if (json_unpack(json, "{s:F, s:b, s:o}", "saved", &saved, "clean", &reader->state->clean,
                    "boards", &boards)
        || !(saved >= 0 && saved < 1e12) || !json_is_array(boards)) {
        return blame(reader, "it lacks a part");
    }
    reader->state->saved = (apr_time_t)(saved * 1000) * 1000;
    for (i = 0; i < json_array_size(boards); i++) {
        if (read_board(reader, json_array_get(boards, i)) != APR_SUCCESS) {
            return APR_EINVAL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t glance_saved_state_read(glance_saved_state_t *state, const char *text,
                                     apr_size_t length, glance_moment_t now, const char **fault,
                                     apr_pool_t *pool)
{
    reader_t reader = {.state = state, .now = now, .pool = pool};
    json_error_t error;
    json_t *json;
    apr_status_t rv;

    memset(state, 0, sizeof *state);
    state->boards = apr_array_make(pool, 2, sizeof(glance_saved_state_board_t));
    if (!length) {
        *fault = "it is empty";
        return APR_EINVAL;
    }
    json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        /* jansson's own words quote the text. */
        *fault = apr_psprintf(pool, "it is no JSON from byte %d on", error.position);
        return APR_EINVAL;
    }
    rv = read_file(&reader, json);
    json_decref(json);
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
