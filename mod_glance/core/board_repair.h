/* board_repair.h: boards whose writers were killed.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_BOARD_REPAIR_H
#define GLANCE_CORE_BOARD_REPAIR_H

#include "core/board_layout.h"

/** Whether a writer was killed inside a record: then glance_board_repair() must come first. */
int glance_board_is_dirty(const glance_board_t *board);

/** Locked: repairs the record that a killed writer may have left half written. It counts as changed
 * now, so that every reader gets it again. */
void glance_board_repair(glance_board_t *board);

/** Locked: looks for anything that no sequence of calls can produce; for tests.
 * @return NULL, or a sentence that names it. */
const char *glance_board_validate(const glance_board_t *board);

/** Locked: makes a board usable again whose processes have all died: repairs and checks it, and
 * gives each shard one timeout of grace from @a now.
 * @return NULL, or a sentence that says why it cannot be used. */
const char *glance_board_adopt(glance_board_t *board, glance_moment_t now);

#endif
