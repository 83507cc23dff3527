/* post_config.h: from the configuration to the boards, at every start and restart.
 *
 * A board whose clusters change is succeeded by a new one that takes over what still fits. At a
 * start, a board begins with what a killed server left in memory or, without that, with the state
 * file.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_POST_CONFIG_H
#define GLANCE_BOARDS_POST_CONFIG_H

#include "httpd_private.h"

#include "apr_tables.h"

#include "boards/store.h"

/** A board as a server declares it. */
typedef struct {
    const server_rec *server;           /* its ServerName is the board's name */
    const apr_array_header_t *clusters; /* of glance_cluster_t */
    glance_times_t times;
} glance_post_config_board_t;

/** On the post_config hook, not in the first of a start's two rounds: finds or makes the boards, in
 * this order. Servers of one name share one board.
 * @param boards (of glance_post_config_board_t) as they are declared.
 * @param state_file NULL: no states are kept while the server is down.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging why there can be none. */
int glance_post_config_boards(const apr_array_header_t *boards, const char *state_file,
                              server_rec *server, apr_pool_t *pconf, apr_pool_t *ptemp);

#endif
