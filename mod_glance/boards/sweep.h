/* sweep.h: marking shards unhealthy that had no heartbeat for GlanceHealthTimeout.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_SWEEP_H
#define GLANCE_BOARDS_SWEEP_H

#include "boards/store.h"

/** Sweeps the board if its deadline has passed. Otherwise it costs one load from memory. */
void glance_sweep_if_due(glance_store_t *store);

/** On the monitor hook, which httpd's parent calls about every ten seconds: sweeps for a server
 * that has no children to do it. Never waits for the lock. */
int glance_sweep_monitor(apr_pool_t *pool, server_rec *server);

/** Logs the transition of a shard that was unhealthy, and no other one. */
void glance_sweep_log_return(const glance_store_t *store, const glance_transition_t *transition);

#endif
