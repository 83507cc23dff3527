/* state_saver.h: when the parent writes the state file.
 *
 * From the monitor hook, about every ten seconds, if a state or a report has changed; before
 * a configuration is cleared, at a restart; and at a stop, after the last child has ended.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_STATE_SAVER_H
#define GLANCE_BOARDS_STATE_SAVER_H

#include "httpd_private.h"

/** On the post_config hook, after glance_post_config_boards(): saves for the first time, and
 * prepares the later times.
 * @param path of the state file, allocated in @a pconf; NULL: nothing is saved. */
void glance_state_saver_post_config(apr_pool_t *pconf, server_rec *server, const char *path);

/** On the monitor hook. Waits for the lock of each board for about a tenth of a second at most, and
 * gives up at the first board that stays locked. @return OK. */
int glance_state_saver_monitor(apr_pool_t *pool, server_rec *server);

#endif
