/* sweep.h: calling silent shards unhealthy when their time is up.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_SWEEP_H
#define GLANCE_BOARDS_SWEEP_H

#include "boards/store.h"

/** Sweeps the board if its deadline has passed; costs a load if not. */
void glance_sweep_if_due(glance_store_t *store);

/** On the monitor hook, in the parent, about every ten seconds: the sweep that keeps a server
 * right that has no children to do it. Never waits for the lock. */
int glance_sweep_monitor(apr_pool_t *pool, server_rec *server);

/** Logs the return of a shard that was unhealthy; says nothing of other transitions. */
void glance_sweep_log_return(const glance_store_t *store, const glance_transition_t *transition);

#endif
