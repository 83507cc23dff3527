/* json.c: every JSON document that mod_glance writes.
 *
 * jansson makes the documents, except for the parts that repeat for each shard: numbers and fixed
 * strings. With up to a million shards, jansson objects for these would take seconds.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/ranges.h"

/* With fifteen digits, 1.2 is printed as 1.2 and not as 1.1999999999999999. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))
#define PIECE 16384 /* bytes handed to a sink at once */
#define ROW_MAX 160 /* bytes of the longest row */

static int put_piece(const char *data, size_t length, void *buffer)
{
    glance_buffer_put(buffer, data, length);
    return 0;
}

/* Appends the document to the buffer and releases it. */
static void put_json(glance_buffer_t *buffer, json_t *json, size_t flags)
{
    if (!json || json_dump_callback(json, put_piece, buffer, DUMP_FLAGS | flags)) {
        buffer->failed = 1;
    }
    json_decref(json);
}

static glance_buffer_t *dump(json_t *json)
{
    glance_buffer_t *buffer = glance_buffer_make(0);

    if (!buffer) {
        json_decref(json);
        return NULL;
    }
    put_json(buffer, json, 0);
    return glance_buffer_finish(buffer);
}

/* Adds a value to an object. If memory has run out, either may be NULL already, and the object
 * becomes NULL. */
static void set(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value)) {
        json_decref(*object);
        *object = NULL;
    }
}

/* Wall-clock time in seconds, with three decimals. */
static json_t *wall(apr_time_t now)
{
    return json_real((double)apr_time_as_msec(now) / 1000);
}

/* A string of bytes that may not be UTF-8. If they are not, each byte that is not ASCII becomes a
 * question mark. */
static json_t *any_string(const char *bytes)
{
    json_t *string = json_string(bytes);
    char *plain;

    if (string) {
        return string;
    }
    plain = strdup(bytes);
    if (plain) {
        char *byte;

        for (byte = plain; *byte; byte++) {
            if ((unsigned char)*byte >= 0x80) {
                *byte = '?';
            }
        }
        string = json_string(plain);
        free(plain);
    }
    return string;
}

glance_buffer_t *glance_json_error(const char *message)
{
    return dump(json_pack("{s:o}", "error", any_string(message)));
}

/* ---- the status document ---- */

typedef struct {
    glance_buffer_t *buffer; /* the next piece */
    glance_sink_t sink;
    void *context;
} writer_t;

static apr_status_t flush(writer_t *writer)
{
    apr_status_t rv = APR_ENOMEM;

    if (!writer->buffer->failed) {
        rv = writer->sink(writer->context, writer->buffer->data, writer->buffer->length);
    }
    writer->buffer->length = 0;
    return rv;
}

static apr_status_t flush_if_full(writer_t *writer)
{
    return writer->buffer->length + ROW_MAX < PIECE ? APR_SUCCESS : flush(writer);
}

/* A row is put together here and handed to the buffer at once: a call for each part of it would
 * take most of the time. */
typedef struct {
    char text[ROW_MAX];
    apr_size_t length;
} row_text_t;

static void add(row_text_t *text, const char *part, apr_size_t length)
{
    memcpy(text->text + text->length, part, length);
    text->length += length;
}

#define ADD(text, literal) add(text, literal, sizeof(literal) - 1)

static void add_number(row_text_t *text, apr_uint32_t number)
{
    char digits[10];
    char *at = digits + sizeof digits;

    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    add(text, at, (apr_size_t)(digits + sizeof digits - at));
}

static void add_tenths(row_text_t *text, apr_uint32_t tenths)
{
    char digit[2] = {'.', (char)('0' + tenths % 10)};

    add_number(text, tenths / 10);
    add(text, digit, sizeof digit);
}

static void put_row(glance_buffer_t *buffer, apr_uint32_t id, const glance_row_t *row)
{
    const char *state = glance_state_name(row->state);
    row_text_t text;

    text.length = 0;
    ADD(&text, "{\"id\":");
    add_number(&text, id);
    ADD(&text, ",\"state\":");
    add_number(&text, row->state);
    ADD(&text, ",\"status\":\"");
    add(&text, state, strlen(state));
    if (row->reported == GLANCE_NEVER) {
        ADD(&text, "\",\"reported\":null,\"silent\":null");
    }
    else {
        ADD(&text, "\",\"reported\":");
        add_number(&text, row->reported);
        ADD(&text, ",\"silent\":");
        add_tenths(&text, row->silent);
    }
    ADD(&text, ",\"since\":");
    add_tenths(&text, row->since);
    ADD(&text, "}");
    glance_buffer_put(buffer, text.text, text.length);
}

static json_t *counts_of(const glance_snapshot_t *snapshot, const glance_board_cluster_t *cluster)
{
    glance_counts_t counts = glance_snapshot_count(snapshot, cluster);
    json_t *object = json_object();
    int state;

    for (state = 0; state < GLANCE_STATES; state++) {
        set(&object, glance_state_name(state), json_integer(counts.of[state]));
    }
    return object;
}

static apr_status_t write_cluster(writer_t *writer, const glance_snapshot_t *snapshot,
                                  const glance_board_cluster_t *cluster)
{
    const glance_row_t *rows = glance_snapshot_rows(snapshot, cluster);
    apr_status_t rv = APR_SUCCESS;
    apr_uint32_t id;

    glance_buffer_put(writer->buffer, "{", 1);
    put_json(writer->buffer,
             json_pack("{s:s, s:i, s:o}", "name", cluster->name, "shards", (int)cluster->shards,
                       "counts", counts_of(snapshot, cluster)),
             JSON_EMBED);
    glance_buffer_puts(writer->buffer, ",\"list\":[");
    for (id = 0; id < cluster->shards && rv == APR_SUCCESS; id++) {
        if (id) {
            glance_buffer_put(writer->buffer, ",", 1);
        }
        put_row(writer->buffer, id, &rows[id]);
        rv = flush_if_full(writer);
    }
    glance_buffer_puts(writer->buffer, "]}");
    return rv;
}

apr_status_t glance_json_status(const glance_snapshot_t *snapshot,
                                const glance_board_cluster_t *clusters, apr_uint32_t count,
                                glance_sink_t sink, void *context)
{
    writer_t writer = {glance_buffer_make(PIECE), sink, context};
    apr_status_t rv = APR_SUCCESS;
    apr_uint32_t i;

    if (!writer.buffer) {
        return APR_ENOMEM;
    }
    glance_buffer_put(writer.buffer, "{", 1);
    put_json(writer.buffer, json_pack("{s:o}", "now", wall(snapshot->now)), JSON_EMBED);
    glance_buffer_puts(writer.buffer, ",\"clusters\":[");
    for (i = 0; i < count && rv == APR_SUCCESS; i++) {
        if (i) {
            glance_buffer_put(writer.buffer, ",", 1);
        }
        rv = write_cluster(&writer, snapshot, &clusters[i]);
    }
    glance_buffer_puts(writer.buffer, "]}\n");
    if (rv == APR_SUCCESS) {
        rv = flush(&writer);
    }
    glance_buffer_release(writer.buffer);
    return rv;
}

glance_buffer_t *glance_json_shard(const glance_board_cluster_t *cluster, apr_uint32_t id,
                                   const glance_row_t *row, apr_time_t now)
{
    int known = row->reported != GLANCE_NEVER;

    return dump(json_pack("{s:o, s:s, s:i, s:i, s:i, s:s, s:o, s:o, s:f}", "now", wall(now),
                          "cluster", cluster->name, "shards", (int)cluster->shards, "id", (int)id,
                          "state", row->state, "status", glance_state_name(row->state), "reported",
                          known ? json_integer(row->reported) : json_null(), "silent",
                          known ? json_real(row->silent / 10.0) : json_null(), "since",
                          row->since / 10.0));
}

/* ---- the stream's events ---- */

static json_t *take_string(glance_buffer_t *buffer)
{
    json_t *string = NULL;

    buffer = glance_buffer_finish(buffer);
    if (buffer) {
        string = json_stringn(buffer->data, buffer->length);
        glance_buffer_release(buffer);
    }
    return string;
}

static void put_states(glance_buffer_t *buffer, const glance_snapshot_t *snapshot,
                       const glance_board_cluster_t *cluster)
{
    const glance_row_t *rows = glance_snapshot_rows(snapshot, cluster);
    apr_uint32_t i;

    glance_buffer_put(buffer, "{", 1);
    put_json(buffer, json_pack("{s:s}", "name", cluster->name), JSON_EMBED);
    glance_buffer_puts(buffer, ",\"states\":\"");
    for (i = 0; i < cluster->shards; i++) {
        char digit = (char)('0' + rows[i].state);

        glance_buffer_put(buffer, &digit, 1);
    }
    glance_buffer_puts(buffer, "\"}");
}

glance_buffer_t *glance_json_hello(const glance_snapshot_t *snapshot, apr_int64_t timeout)
{
    glance_buffer_t *buffer = glance_buffer_make(snapshot->count);
    apr_uint32_t i;

    if (!buffer) {
        return NULL;
    }
    glance_buffer_put(buffer, "{", 1);
    put_json(buffer,
             json_pack("{s:o, s:o}", "now", wall(snapshot->now), "timeout",
                       timeout % APR_USEC_PER_SEC ? json_real((double)timeout / APR_USEC_PER_SEC)
                                                  : json_integer(timeout / APR_USEC_PER_SEC)),
             JSON_EMBED);
    glance_buffer_puts(buffer, ",\"clusters\":[");
    for (i = 0; i < snapshot->board->cluster_count; i++) {
        if (i) {
            glance_buffer_put(buffer, ",", 1);
        }
        put_states(buffer, snapshot, &snapshot->board->clusters[i]);
    }
    glance_buffer_puts(buffer, "]}");
    return glance_buffer_finish(buffer);
}

/* The changes of one cluster within a list of changes: from `first` up to, but not including,
 * `end`. */
typedef struct {
    const glance_change_t *first;
    const glance_change_t *end;
    const glance_board_cluster_t *cluster;
} section_t;

static int next_section(section_t *section, const glance_board_t *board,
                        const glance_changes_t *changes)
{
    const glance_change_t *end = changes->list + changes->count;

    section->first = section->first ? section->end : changes->list;
    if (section->first == end) {
        return 0;
    }
    section->cluster = glance_board_cluster_of(board, section->first->shard);
    section->end = section->first;
    while (section->end < end
           && section->end->shard - section->cluster->first < section->cluster->shards) {
        section->end++;
    }
    return 1;
}

#define ANY_STATE (-1)

/* The ids of the section's shards that have this state, as a string of ranges. */
static json_t *ranges_of(const section_t *section, int state)
{
    glance_buffer_t *buffer = glance_buffer_make(0);
    glance_ranges_t ranges;
    const glance_change_t *change;

    if (!buffer) {
        return NULL;
    }
    glance_ranges_begin(&ranges, buffer, ",");
    for (change = section->first; change < section->end; change++) {
        if (state == ANY_STATE || change->state == state) {
            glance_ranges_add(&ranges, change->shard - section->cluster->first);
        }
    }
    glance_ranges_end(&ranges);
    return take_string(buffer);
}

static json_t *states_in(const section_t *section)
{
    json_t *object = json_object();
    int seen[GLANCE_STATES] = {0};
    const glance_change_t *change;
    int state;

    for (change = section->first; change < section->end; change++) {
        seen[change->state] = 1;
    }
    for (state = 0; state < GLANCE_STATES; state++) {
        char key[2] = {(char)('0' + state), '\0'};

        if (seen[state]) {
            set(&object, key, ranges_of(section, state));
        }
    }
    return object;
}

glance_buffer_t *glance_json_update(const glance_board_t *board, const glance_changes_t *changes,
                                    apr_time_t now)
{
    json_t *clusters = json_object();
    section_t section = {0};

    while (next_section(&section, board, changes)) {
        set(&clusters, section.cluster->name, states_in(&section));
    }
    return dump(json_pack("{s:o, s:o}", "now", wall(now), "clusters", clusters));
}

glance_buffer_t *glance_json_health(const glance_board_t *board, const glance_changes_t *heartbeats)
{
    json_t *clusters = json_object();
    section_t section = {0};

    while (next_section(&section, board, heartbeats)) {
        set(&clusters, section.cluster->name, ranges_of(&section, ANY_STATE));
    }
    return dump(json_pack("{s:o}", "clusters", clusters));
}

/* ---- the feed's messages ---- */

#define MESSAGE_ROOM 512 /* bytes: enough for most messages and for the longest name */

/* A cluster's name as a JSON string. */
static void put_name(glance_buffer_t *buffer, const glance_board_cluster_t *cluster)
{
    put_json(buffer, json_string(cluster->name), JSON_ENCODE_ANY);
}

static void put_feed_row(glance_buffer_t *buffer, apr_uint32_t id, const glance_row_t *row,
                         apr_time_t now)
{
    apr_uint64_t tenths = (apr_uint64_t)apr_time_as_msec(now) / 100 - row->silent;
    char fraction[2] = {'.', (char)('0' + tenths % 10)};

    glance_buffer_puts(buffer, ",\"");
    glance_buffer_put_number(buffer, id);
    glance_buffer_puts(buffer, "\":{\"state\":");
    glance_buffer_put_number(buffer, row->state);
    glance_buffer_puts(buffer, ",\"last_healthy\":");
    glance_buffer_put_number(buffer, tenths / 10);
    glance_buffer_put(buffer, fraction, sizeof fraction);
    glance_buffer_put(buffer, "}", 1);
}

static void put_feed_cluster(glance_buffer_t *buffer, const glance_snapshot_t *snapshot,
                             const glance_board_cluster_t *cluster)
{
    const glance_row_t *rows = glance_snapshot_rows(snapshot, cluster);
    apr_uint32_t id;

    put_name(buffer, cluster);
    glance_buffer_puts(buffer, ":{\"len\":");
    glance_buffer_put_number(buffer, cluster->shards);
    for (id = 0; id < cluster->shards; id++) {
        if (rows[id].reported != GLANCE_NEVER) {
            put_feed_row(buffer, id, &rows[id], snapshot->now);
        }
    }
    glance_buffer_put(buffer, "}", 1);
}

glance_buffer_t *glance_json_feed_hello(const glance_snapshot_t *snapshot)
{
    glance_buffer_t *buffer = glance_buffer_make(MESSAGE_ROOM);
    apr_uint32_t i;

    if (!buffer) {
        return NULL;
    }
    glance_buffer_puts(buffer, "{\"op\":\"hello\",\"payload\":{");
    for (i = 0; i < snapshot->board->cluster_count; i++) {
        if (i) {
            glance_buffer_put(buffer, ",", 1);
        }
        put_feed_cluster(buffer, snapshot, &snapshot->board->clusters[i]);
    }
    glance_buffer_puts(buffer, "}}");
    return glance_buffer_finish(buffer);
}

/* Writes the messages one by one into the same buffer, and appends each to `framed` as a frame. */
typedef struct {
    glance_buffer_t *framed;
    glance_buffer_t *name;    /* of the section's cluster, as a JSON string */
    glance_buffer_t *message; /* the message that is being written */
    glance_frame_t frame;
} feed_t;

static void close_feed(feed_t *feed)
{
    glance_buffer_release(feed->name);
    glance_buffer_release(feed->message);
}

static int open_feed(feed_t *feed, glance_frame_t frame)
{
    feed->frame = frame;
    feed->name = glance_buffer_make(MESSAGE_ROOM);
    feed->message = glance_buffer_make(MESSAGE_ROOM);
    feed->framed = feed->name && feed->message ? glance_buffer_make(MESSAGE_ROOM) : NULL;
    if (!feed->framed) {
        close_feed(feed);
    }
    return feed->framed != NULL;
}

static void name_section(feed_t *feed, const glance_board_cluster_t *cluster)
{
    feed->name->length = 0;
    put_name(feed->name, cluster);
}

/* With ANY_STATE, the message contains no state. */
static void put_message(feed_t *feed, const char *op, apr_uint32_t id, int state)
{
    glance_buffer_t *message = feed->message;

    message->length = 0;
    glance_buffer_puts(message, "{\"op\":\"");
    glance_buffer_puts(message, op);
    glance_buffer_puts(message, "\",\"payload\":{\"cluster\":");
    glance_buffer_put(message, feed->name->data, feed->name->length);
    glance_buffer_puts(message, ",\"shard\":");
    glance_buffer_put_number(message, id);
    if (state != ANY_STATE) {
        glance_buffer_puts(message, ",\"state\":");
        glance_buffer_put_number(message, (apr_uint64_t)state);
    }
    glance_buffer_puts(message, "}}");
    feed->frame(feed->framed, message->data, message->length);
}

/* The framed messages, or NULL if memory ran out. */
static glance_buffer_t *finish_feed(feed_t *feed)
{
    feed->framed->failed |= feed->name->failed | feed->message->failed;
    close_feed(feed);
    return glance_buffer_finish(feed->framed);
}

glance_buffer_t *glance_json_feed_update(const glance_board_t *board,
                                         const glance_changes_t *changes, glance_frame_t frame)
{
    section_t section = {0};
    const glance_change_t *change;
    feed_t feed;

    if (!open_feed(&feed, frame)) {
        return NULL;
    }
    while (next_section(&section, board, changes)) {
        name_section(&feed, section.cluster);
        for (change = section.first; change < section.end; change++) {
            put_message(&feed, change->recovered ? "health_ping" : "state_update",
                        change->shard - section.cluster->first, change->state);
        }
    }
    return finish_feed(&feed);
}

glance_buffer_t *glance_json_feed_health(const glance_board_t *board,
                                         const glance_changes_t *heartbeats, glance_frame_t frame)
{
    section_t section = {0};
    const glance_change_t *heartbeat;
    feed_t feed;

    if (!open_feed(&feed, frame)) {
        return NULL;
    }
    while (next_section(&section, board, heartbeats)) {
        name_section(&feed, section.cluster);
        for (heartbeat = section.first; heartbeat < section.end; heartbeat++) {
            if (!heartbeat->heartbeat_is_change) {
                put_message(&feed, "health_ping", heartbeat->shard - section.cluster->first,
                            ANY_STATE);
            }
        }
    }
    return finish_feed(&feed);
}
