/* plain.c: the board as text for people.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/plain.h"

#include <stdio.h>
#include <string.h>

#include "core/ranges.h"

#define NAME_WIDTH 11 /* the longest state's name and two blanks */

static void put_time(glance_text_t *text, apr_time_t now)
{
    apr_time_exp_t utc;
    char line[64];

    apr_time_exp_gmt(&utc, now);
    snprintf(line, sizeof line, "As of %04d-%02d-%02dT%02d:%02d:%02dZ\n", utc.tm_year + 1900,
             utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
    glance_text_puts(text, line);
}

static void put_state(glance_text_t *text, const glance_snapshot_t *snapshot,
                      const glance_board_cluster_t *cluster, int state)
{
    const char *name = glance_state_name(state);
    const glance_row_t *rows = snapshot->rows + cluster->first;
    glance_ranges_t ranges;
    apr_uint32_t id;

    glance_text_puts(text, "  ");
    glance_text_puts(text, name);
    glance_text_put(text, "           ", NAME_WIDTH - strlen(name));
    glance_ranges_begin(&ranges, text, ", ");
    for (id = 0; id < cluster->shards; id++) {
        if (rows[id].state == state) {
            glance_ranges_add(&ranges, id);
        }
    }
    glance_ranges_end(&ranges);
    glance_text_puts(text, "\n");
}

static void put_cluster(glance_text_t *text, const glance_snapshot_t *snapshot,
                        const glance_board_cluster_t *cluster)
{
    glance_counts_t counts = glance_snapshot_count(snapshot, cluster);
    int state;

    glance_text_puts(text, "\n");
    glance_text_puts(text, cluster->name);
    glance_text_puts(text, ": ");
    glance_text_put_number(text, counts.of[GLANCE_ONLINE]);
    glance_text_puts(text, " of ");
    glance_text_put_number(text, cluster->shards);
    glance_text_puts(text, " online\n");
    for (state = 0; state < GLANCE_STATES; state++) {
        if (counts.of[state]) {
            put_state(text, snapshot, cluster, state);
        }
    }
}

glance_text_t *glance_plain_make(const glance_snapshot_t *snapshot)
{
    glance_text_t *text = glance_text_make(1024);
    apr_uint32_t i;

    if (!text) {
        return NULL;
    }
    put_time(text, snapshot->now);
    for (i = 0; i < snapshot->board->cluster_count; i++) {
        put_cluster(text, snapshot, &snapshot->board->clusters[i]);
    }
    return glance_text_finish(text);
}
