/* feed.h: the handler of the live feed: the opening handshake of a WebSocket (RFC 6455, 4.2).
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_FEED_H
#define GLANCE_HTTP_FEED_H

#include "httpd_private.h"

#include "boards/store.h"

/** `GET …/feed`: 101, or an error. After the 101, httpd closes the request, and the hub takes the
 * connection over. */
int glance_feed_open(request_rec *r, glance_store_t *store, const char *rest);

#endif
