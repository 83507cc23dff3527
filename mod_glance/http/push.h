/* push.h: what bots push: the POSTs of status and health.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_PUSH_H
#define GLANCE_HTTP_PUSH_H

#include "httpd_private.h"

#include "boards/store.h"

/** `POST …/status/<cluster>/<id>/<state>` */
int glance_push_status(request_rec *r, glance_store_t *store, const char *rest);

/** `POST …/health/<cluster>/<id>` */
int glance_push_health(request_rec *r, glance_store_t *store, const char *rest);

#endif
