/* stream.h: the handler of the live stream.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_STREAM_H
#define GLANCE_HTTP_STREAM_H

#include "httpd_private.h"

#include "boards/store.h"

/** `GET …/stream`: sends the head, after which the hub takes the connection over. Where the hub
 * cannot, the polling fallback is the response. */
int glance_stream_open(request_rec *r, glance_store_t *store, const char *rest);

#endif
