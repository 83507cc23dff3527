/* mod_status.h: the section of mod_status.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_MOD_STATUS_H
#define GLANCE_HTTP_MOD_STATUS_H

#include "httpd_private.h"

/** On register_hooks: adds the section to mod_status, if that is loaded. */
void glance_mod_status_register(apr_pool_t *pool);

#endif
