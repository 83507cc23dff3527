/* board_migrate.h: shards that come from another board or from the state file.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BOARD_MIGRATE_H
#define GLANCE_CORE_BOARD_MIGRATE_H

#include "core/board_layout.h"

/** Locked: copies the shards of @a from that fit by cluster name and id, as new changes of this
 * board, and marks @a from as superseded. */
void glance_board_migrate(glance_board_t *board, glance_board_t *from);

/** Locked: marks the board as superseded. */
void glance_board_close(glance_board_t *board);

/** Locked: notes that the board takes over states of a board of this generation. */
void glance_board_follow(glance_board_t *board, apr_uint64_t generation);

/** Locked: sets a shard as the state file has it, with a heartbeat at @a now. */
void glance_board_restore(glance_board_t *board, apr_uint32_t shard, glance_state_e state,
                          glance_state_e reported, glance_moment_t now);

/** Locked: continues the numbers of an earlier board, in an epoch of its own. Ids of the earlier
 * epoch @a epoch resume up to the number @a latest; those with higher numbers do not, since the
 * states that they stand for may be lost. The order of the earlier changes is lost, so each shard
 * that ever changed counts as changed last. */
void glance_board_restore_sequence(glance_board_t *board, apr_uint64_t epoch, apr_uint64_t latest);

#endif
