/* status.h: the documents about a board: JSON for programs, text for people.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_STATUS_H
#define GLANCE_HTTP_STATUS_H

#include "httpd_private.h"

#include "boards/store.h"

/** `GET …/status[/<cluster>[/<id>]]` */
int glance_status_get(request_rec *r, glance_store_t *store, const char *rest);

/** `GET …/plain` */
int glance_status_get_plain(request_rec *r, glance_store_t *store, const char *rest);

#endif
