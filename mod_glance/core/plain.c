/* plain.c: the board as text for people.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/plain.h"

#include <stdio.h>
#include <string.h>

#include "core/ranges.h"

#define NAME_WIDTH 11 /* the longest state's name and two blanks */

static void put_time(glance_buffer_t *buffer, apr_time_t now)
{
    apr_time_exp_t utc;
    char line[64];

    apr_time_exp_gmt(&utc, now);
    snprintf(line, sizeof line, "As of %04d-%02d-%02dT%02d:%02d:%02dZ\n", utc.tm_year + 1900,
             utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    glance_buffer_puts(buffer, line);
}

static void put_state(glance_buffer_t *buffer, const glance_snapshot_t *snapshot,
                      const glance_board_cluster_t *cluster, int state)
{
    const char *name = glance_state_name(state);
    const glance_row_t *rows = glance_snapshot_rows(snapshot, cluster);
    glance_ranges_t ranges;
    apr_uint32_t id;

    glance_buffer_puts(buffer, "  ");
    glance_buffer_puts(buffer, name);
    glance_buffer_put(buffer, "           ", NAME_WIDTH - strlen(name));
    glance_ranges_begin(&ranges, buffer, ", ");
    for (id = 0; id < cluster->shards; id++) {
        if (rows[id].state == state) {
            glance_ranges_add(&ranges, id);
        }
    }
    glance_ranges_end(&ranges);
    glance_buffer_puts(buffer, "\n");
}

static void put_cluster(glance_buffer_t *buffer, const glance_snapshot_t *snapshot,
                        const glance_board_cluster_t *cluster)
{
    glance_counts_t counts = glance_snapshot_count(snapshot, cluster);
    int state;

    glance_buffer_puts(buffer, "\n");
    glance_buffer_puts(buffer, cluster->name);
    glance_buffer_puts(buffer, ": ");
    glance_buffer_put_number(buffer, counts.of[GLANCE_ONLINE]);
    glance_buffer_puts(buffer, " of ");
    glance_buffer_put_number(buffer, cluster->shards);
    glance_buffer_puts(buffer, " online\n");
    for (state = 0; state < GLANCE_STATES; state++) {
        if (counts.of[state]) {
            put_state(buffer, snapshot, cluster, state);
        }
    }
}

glance_buffer_t *glance_plain_make(const glance_snapshot_t *snapshot)
{
    glance_buffer_t *buffer = glance_buffer_make(1024);
    apr_uint32_t i;

    if (!buffer) {
        return NULL;
    }
    put_time(buffer, snapshot->now);
    for (i = 0; i < snapshot->board->cluster_count; i++) {
        put_cluster(buffer, snapshot, &snapshot->board->clusters[i]);
    }
    return glance_buffer_finish(buffer);
}

glance_buffer_t *glance_plain_get(glance_snapshot_t *snapshot)
{
    glance_buffer_t *text;

    pthread_mutex_lock(&snapshot->text_mutex);
    if (!snapshot->text) {
        snapshot->text = glance_plain_make(snapshot);
    }
    text = snapshot->text ? glance_buffer_ref(snapshot->text) : NULL;
    pthread_mutex_unlock(&snapshot->text_mutex);
    return text;
}
