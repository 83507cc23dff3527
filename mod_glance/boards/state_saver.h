/* state_saver.h: when the parent writes the state file.
 *
 * From the monitor hook, about every ten seconds, if a state or a report has changed; when a
 * configuration goes, at a restart; and at a stop, once all children are gone. Never waits for the
 * lock.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_STATE_SAVER_H
#define GLANCE_BOARDS_STATE_SAVER_H

#include "httpd_private.h"

/** On the post_config hook, after glance_post_config_boards(): begins to save.
 * @param path of the state file, allocated in @a pconf; NULL: nothing is saved. */
void glance_state_saver_post_config(apr_pool_t *pconf, server_rec *server, const char *path);

/** On the monitor hook. @return OK. */
int glance_state_saver_monitor(apr_pool_t *pool, server_rec *server);

#endif
