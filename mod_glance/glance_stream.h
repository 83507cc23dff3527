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

/** On the pre_close_connection hook: hands a raw connection's stream to the hub. */
int glance_stream_close(conn_rec *c);

/** On the suspend_connection hook, last of all: hands a suspended connection's stream to the hub.
 */
void glance_stream_suspend(conn_rec *c, request_rec *r);

#endif
