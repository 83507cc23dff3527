/* mod_status.h: the section of mod_status.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_MOD_STATUS_H
#define GLANCE_HTTP_MOD_STATUS_H

#include "httpd_private.h"

/** Registers the section, if mod_status is there. */
void glance_mod_status_register(apr_pool_t *pool);

#endif
