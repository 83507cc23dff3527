/* feed.h: the handler of the live feed: the opening handshake of WebSocket (RFC 6455, 4.2).
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_FEED_H
#define GLANCE_HTTP_FEED_H

#include "httpd_private.h"

#include "boards/store.h"

/** `GET …/feed` */
int glance_feed_open(request_rec *r, glance_store_t *store, const char *rest);

#endif
