/* fixture.h: viewers without a server: clients in memory, a board without a lock, and a clock that
 * the test sets.
 *
 * The functions of httpd and of boards/ that live/ calls are defined here, so that the linker does
 * not take them from elsewhere.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef LIVE_FIXTURE_H
#define LIVE_FIXTURE_H

#include "ap_mpm.h"

#include "boards/retained.h"
#include "live/broadcast.h"
#include "live/descriptors.h"
#include "live/limits.h"

#include "../fixture.h"

/* ---- clients ---- */

#define CLIENTS_MAX 2000
#define FIRST_SOCKET 100000 /* no descriptor has such a number */
#define NO_LIMIT ((apr_size_t)-1)

typedef struct {
    apr_size_t room; /* bytes that the connection still takes */
    int has_left;
    int is_shut;
    int is_freed;
    const char *input; /* what the client has sent */
    apr_size_t input_length;
    char *received;
    apr_size_t length;
} client_t;

static client_t clients[CLIENTS_MAX];
static int client_count;

static client_t *client_of(const glance_connection_t *connection)
{
    return &clients[connection->socket - FIRST_SOCKET];
}

static apr_ssize_t memory_write(glance_connection_t *connection, const char *data,
                                apr_size_t length)
{
    client_t *client = client_of(connection);

    if (client->has_left) {
        return -1;
    }
    length = length < client->room ? length : client->room;
    client->room -= client->room == NO_LIMIT ? 0 : length;
    client->received = realloc(client->received, client->length + length + 1);
    memcpy(client->received + client->length, data, length);
    client->length += length;
    client->received[client->length] = '\0';
    return (apr_ssize_t)length;
}

static apr_ssize_t memory_read(glance_connection_t *connection, char *data, apr_size_t size)
{
    client_t *client = client_of(connection);

    if (client->has_left) {
        return -1;
    }
    size = size < client->input_length ? size : client->input_length;
    memcpy(data, client->input ? client->input : "", size);
    client->input_length -= size;
    return (apr_ssize_t)size;
}

static void memory_shutdown(glance_connection_t *connection)
{
    client_of(connection)->is_shut = 1;
}

static void memory_free(glance_connection_t *connection)
{
    client_of(connection)->is_freed = 1;
}

static const glance_connection_ops_t memory_ops = {
    .kind = GLANCE_CLEAR,
    .write = memory_write,
    .read = memory_read,
    .shutdown = memory_shutdown,
    .free = memory_free,
};

static client_t *new_client(apr_size_t room)
{
    client_t *client = &clients[client_count++];

    free(client->received);
    *client = (client_t){.room = room, .received = calloc(1, 1)};
    return client;
}

/* What the client has received since the last call. */
__attribute__((unused)) static const char *take(client_t *client)
{
    static char *last;

    free(last);
    last = client->received;
    client->received = calloc(1, 1);
    client->length = 0;
    return last;
}

/* ---- the board ---- */

static glance_store_t store;
static server_rec server;
static int stopping;
static glance_moment_t now; /* the clock */

/* ---- in place of boards/ and httpd ---- */

module AP_MODULE_DECLARE_DATA glance_module;
static int logged; /* lines since the test began */

glance_snapshot_t *glance_store_snapshot(glance_store_t *of)
{
    glance_snapshot_t *snapshot = glance_snapshot_make(of->board);

    glance_snapshot_take(snapshot, apr_time_from_sec(1732428000), now);
    return snapshot;
}

apr_status_t glance_store_since(glance_store_t *of, glance_sequence_e sequence, apr_uint64_t number,
                                glance_changes_t *changes, apr_uint64_t *upto)
{
    *upto = glance_board_latest(of->board, sequence);
    return glance_board_since(of->board, sequence, number, changes);
}

glance_counters_t *glance_retained_counters(void)
{
    static glance_counters_t counters;

    return &counters;
}

void ap_log_error_(const char *file, int line, int module_index, int level, apr_status_t status,
                   const server_rec *s, const char *format, ...)
{
    (void)file;
    (void)line;
    (void)module_index;
    (void)status;
    (void)s;
    (void)format;
    logged += (level & APLOG_LEVELMASK) <= APLOG_WARNING;
}

apr_uint32_t ap_random_pick(apr_uint32_t min, apr_uint32_t max)
{
    (void)min;
    return max;
}

apr_status_t ap_mpm_query(int query, int *result)
{
    (void)query;
    *result = 0;
    return APR_SUCCESS;
}

static apr_uint32_t descriptor_room = APR_INT32_MAX;

apr_uint32_t glance_descriptors_plan(void)
{
    return 1000;
}

apr_uint32_t glance_descriptors_limit(void)
{
    return 1024;
}

apr_uint32_t glance_descriptors_room(apr_uint32_t held)
{
    (void)held;
    return descriptor_room;
}

/* ---- viewers ---- */

/* A broadcast of a new board of these clusters, at moment 1000 s. */
__attribute__((unused)) static glance_broadcast_t *broadcast_of(apr_pool_t *pool, const char *list)
{
    glance_broadcast_t *broadcast = apr_palloc(pool, sizeof *broadcast);

    now = 1000 * SECOND;
    client_count = 0;
    logged = 0;
    stopping = 0;
    store = (glance_store_t){.name = "a.test", .server = &server, .board = board_of(pool, list)};
    store.times.timeout = TIMEOUT;
    glance_broadcast_init(broadcast, &store, SECOND / 20,
                          (glance_return_t){.least = 500, .each = 1}, &stopping);
    return broadcast;
}

/* A viewer that has not joined yet. */
__attribute__((unused)) static glance_viewer_t *viewer_of(glance_dialect_e dialect,
                                                          client_t *client)
{
    glance_connection_t connection = {.ops = &memory_ops,
                                      .socket = FIRST_SOCKET + (int)(client - clients),
                                      .poll = -1};
    glance_viewer_t *viewer = glance_viewer_make(&connection, dialect, "192.0.2.1", now);

    viewer->store = &store;
    viewer->wants_health = 1;
    return viewer;
}

/* A viewer that joins. It stays valid until it is dropped. */
__attribute__((unused)) static glance_viewer_t *join(glance_broadcast_t *broadcast,
                                                     glance_dialect_e dialect, client_t *client)
{
    glance_viewer_t *viewer = viewer_of(dialect, client);

    glance_broadcast_join(broadcast, viewer, now);
    return viewer;
}

/* Sets the clock forward, and runs the broadcast. */
__attribute__((unused)) static void run_after(glance_broadcast_t *broadcast, glance_moment_t span)
{
    now += span;
    glance_broadcast_run(broadcast, now);
}

#endif
