/* config_check.h: whether the settings of all servers fit together.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_CONFIG_CHECK_H
#define GLANCE_HTTP_CONFIG_CHECK_H

#include "httpd_private.h"

/** On the check_config hook, after glance_config_resolve(). (configtest ends before post_config.)
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging what to change. */
int glance_config_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server);

/** On the post_config hook, once each server has its board: warns of boards that everybody can
 * write, and of clusters that nobody can write. */
void glance_config_check_keys(const server_rec *main_server);

#endif
