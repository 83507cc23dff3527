/* config.h: the settings of each server: created, merged, resolved, read.
 *
 * httpd creates a configuration for each server and merges the main server's into those of the
 * virtual hosts. The directives fill in what is written (http/commands.c). On the check_config
 * hook, glance_config_resolve() works out what applies, and http/config_check.c refuses what does
 * not fit together. Handlers read the result.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_CONFIG_H
#define GLANCE_HTTP_CONFIG_H

#include "httpd_private.h"

#include "apr_tables.h"

#include "directives.h"
#include "boards/store.h"
#include "live/hub.h"

/** The settings of one server. As written, a member without a directive is NULL or, for numbers and
 * times, a value that no directive accepts. Resolved, every member is valid. */
typedef struct {
    apr_array_header_t *clusters; /* of glance_cluster_t; NULL: no GlanceBots */
    apr_array_header_t *keys;     /* of glance_key_t; NULL: no check */
    int is_open;                  /* GlancePassphrase "": there are no keys */
    glance_times_t times;
    const char *board;      /* GlanceBoard, in lower case; resolved: the board's name */
    int max_viewers;        /* per child; or GLANCE_MAX_VIEWERS_AUTO */
    const char *state_file; /* as written: the argument; resolved: the path, NULL for none */
} glance_settings_t;

void *glance_config_create(apr_pool_t *pool, server_rec *server);

/** A setting of the virtual host replaces the main server's. The passphrases of all directives
 * together are one setting. */
void *glance_config_merge(apr_pool_t *pool, void *base, void *add);

/** The settings as written. The setters of the directives fill them in. */
glance_settings_t *glance_config_written(const server_rec *server);

/** What a directive's setter returns: the formatted fault after the directive's name. */
const char *glance_config_fault(const cmd_parms *cmd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** On the check_config hook, after httpd has merged the servers: works out the settings that apply.
 * @return OK */
int glance_config_resolve(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                          server_rec *main_server);

/** The settings that apply to a server, from glance_config_resolve() on. */
const glance_settings_t *glance_config_of(const server_rec *server);

/** Whether the server has a board of its own: GlanceBots is in this very server. The others share
 * the main server's board. */
int glance_config_has_board(const server_rec *server, const server_rec *main_server);

/** The boards that all servers declare, in their order (of glance_post_config_board_t). */
const apr_array_header_t *glance_config_boards(const server_rec *main_server, apr_pool_t *pool);

/** On the post_config hook, after the boards are made: gives each server its board. */
void glance_config_attach(const server_rec *main_server);

/** The board of a server, from glance_config_attach() on; NULL without GlanceBots. */
glance_store_t *glance_config_store(const server_rec *server);

/** The settings of each child's hub. */
glance_hub_settings_t glance_config_hub(const server_rec *main_server);

#endif
