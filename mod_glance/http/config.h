/* config.h: the directives, what they set, and where it may be read.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_CONFIG_H
#define GLANCE_HTTP_CONFIG_H

#include "httpd_private.h"

#include "apr_tables.h"

#include "directives.h"
#include "live/hub.h"

struct glance_store_t;

/** The settings of one server, with what it inherits. Times are in microseconds. */
typedef struct {
    const apr_array_header_t *clusters; /* of glance_cluster_t; NULL if no board is declared */
    const apr_array_header_t *keys;     /* of glance_key_t; NULL: no check */
    apr_interval_time_t timeout;
    apr_interval_time_t timer_interval;
    int says_open;                /* GlancePassphrase "" stands in this very server */
    int declares_board;           /* so does GlanceBots */
    struct glance_store_t *store; /* the board, from post_config on; NULL without GlanceBots */
} glance_settings_t;

extern const command_rec glance_config_commands[];

void *glance_config_create_server(apr_pool_t *pool, server_rec *server);
void *glance_config_merge_server(apr_pool_t *pool, void *base, void *add);
void *glance_config_create_dir(apr_pool_t *pool, char *path);
void *glance_config_merge_dir(apr_pool_t *pool, void *base, void *add);

/** Works the settings of all servers out, once the configuration has been read. */
void glance_config_settle(server_rec *main_server);

/** The settings of a server. Valid once they are settled. */
glance_settings_t *glance_config_of(const server_rec *server);

/** Whether the server has settings of its own. One without any directive of ours has the main
 * server's, for httpd gives it the very same structure. */
int glance_config_is_own(const server_rec *server, const server_rec *main_server);

/** Whether the server declares a board, rather than to share the main server's. */
int glance_config_has_board(const server_rec *server, const server_rec *main_server);

/** The boards that all servers declare (of glance_post_config_board_t), in their order. */
const apr_array_header_t *glance_config_boards(const server_rec *main_server, apr_pool_t *pool);

/** Gives each server its board, once there are all. */
void glance_config_attach(const server_rec *main_server);

/** Where states are kept while the server is down, or NULL for nowhere. */
const char *glance_config_state_file(const server_rec *server, apr_pool_t *pool);

/** What the hub of each child is started with. */
glance_hub_settings_t glance_config_hub(const server_rec *server);

#endif
