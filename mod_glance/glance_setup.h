/* glance_setup.h: from the configuration to the boards, at every start and restart.
 *
 * A board whose clusters change is succeeded by a new one that takes over what still fits. At a
 * start, a board begins with what a killed server left in memory or, without that, with the state
 * file.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_SETUP_H
#define GLANCE_SETUP_H

#include "glance_private.h"

/** On the post_config hook: finds or makes every server's board.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging why there can be none. */
int glance_setup_boards(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server);

#endif
