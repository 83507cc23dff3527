/* post_config.h: makes the boards of the configuration, at every start and restart.
 *
 * If the clusters of a board change, its states migrate to a new board. At a start, a board
 * continues with what a killed server left in memory or, without that, with the state file.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_POST_CONFIG_H
#define GLANCE_BOARDS_POST_CONFIG_H

#include "httpd_private.h"

#include "apr_tables.h"

#include "boards/store.h"

/** The name of a board where nobody wrote one: httpd's guess may change at any start. */
#define GLANCE_BOARD_DEFAULT "default"

/** A board as a server declares it. */
typedef struct {
    const server_rec *server;
    const char *name;                   /* of the board, in lower case */
    const apr_array_header_t *clusters; /* of glance_cluster_t */
    glance_times_t times;
} glance_post_config_board_t;

/** On the post_config hook, but not in the first of the two passes of a start: finds or makes the
 * boards, in this order. Servers of one name share one board.
 * @param boards (of glance_post_config_board_t) as they are declared.
 * @param state_file NULL: no states are kept while the server is down.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging why there can be none. */
int glance_post_config_boards(const apr_array_header_t *boards, const char *state_file,
                              server_rec *server, apr_pool_t *pconf);

/** On the last post_config hook: lets later servers find the new boards, and drops those that are
 * no longer configured. Until then a start that another module fails leaves everything as it was.
 */
void glance_post_config_publish(server_rec *server, apr_pool_t *ptemp);

#endif
