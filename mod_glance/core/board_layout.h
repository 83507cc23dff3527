/* board_layout.h: the parts of a board in memory, for the files board*.c only.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BOARD_LAYOUT_H
#define GLANCE_CORE_BOARD_LAYOUT_H

#include "core/board.h"

#define BLOCK_SHARDS 64
#define NOT_WRITING 0 /* in header.writing; otherwise the index of a shard plus one */

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
    apr_uint64_t revision;    /* counts changes of a state or a report */
    glance_moment_t deadline; /* no shard is due before */
    glance_moment_t swept;    /* the last sweep, 0: none yet */
    apr_uint32_t writing;
    apr_uint32_t superseded;
    apr_uint32_t notification_requested;
};

struct glance_board_block_t {
    apr_uint64_t sequences[GLANCE_SEQUENCES]; /* the newest among its shards */
};

/** Whether the header has this layout and size, so that no offset leads out of the memory. */
int glance_board_header_fits(const glance_board_header_t *header, apr_size_t size);

/** @return NULL, or a sentence that names what is wrong with the table of clusters. */
const char *glance_board_validate_clusters(const glance_board_t *board);

/* The following need the lock. */

/** Names the record that is about to change, so that the next holder of the lock can repair it. */
void glance_board_begin_write(glance_board_t *board, apr_uint32_t shard);
void glance_board_end_write(glance_board_t *board);

/** Gives the shard the next number of a sequence. */
void glance_board_set_sequence(glance_board_t *board, glance_sequence_e sequence,
                               apr_uint32_t shard);

#endif
