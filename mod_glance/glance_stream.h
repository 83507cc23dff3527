/* glance_stream.h: the handler of the live stream: admission, then hand-over to the hub.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_STREAM_H
#define GLANCE_STREAM_H

#include "glance_private.h"

#include "glance_store.h"

/** `GET …/stream` */
int glance_stream_open(request_rec *r, glance_store_t *store, const char *path);

/** On the pre_close_connection hook: hands the connection's stream, if it has one, to the hub. */
int glance_stream_hand_over(conn_rec *c);

#endif
