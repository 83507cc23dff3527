/* plain.h: the board as text for people, with one line a state.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_PLAIN_H
#define GLANCE_CORE_PLAIN_H

#include "core/buffer.h"
#include "core/snapshot.h"

/** The whole board. Returned with one reference, or NULL if memory ran out. */
glance_buffer_t *glance_plain_make(const glance_snapshot_t *snapshot);

/** The same text, made once for all readers of the snapshot. Threads that ask while it is being
 * made wait for it. */
glance_buffer_t *glance_plain_get(glance_snapshot_t *snapshot);

#endif
