/* api.h: the handlers of status, health and plain.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_API_H
#define GLANCE_HTTP_API_H

#include "httpd_private.h"

#include "boards/store.h"
#include "http/config.h"

/** `GET|POST …/status[/<cluster>[/<id>[/<state>]]]` */
int glance_api_status(request_rec *r, glance_store_t *store, const char *path);

/** `POST …/health/<cluster>/<id>` */
int glance_api_health(request_rec *r, glance_store_t *store, const char *path);

/** `GET …/plain` */
int glance_api_plain(request_rec *r, glance_store_t *store, const char *path);

#endif
