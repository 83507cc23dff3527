/* stream_request.h: what a viewer asked for, as the request's handler passes it to the hub.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_STREAM_REQUEST_H
#define GLANCE_LIVE_STREAM_REQUEST_H

#include "core/dialect.h"
#include "boards/store.h"

typedef struct {
    glance_store_t *store;
    glance_dialect_e dialect;
    int wants_health;
    int resumes;      /* the viewer knows the board up to `seq` */
    apr_uint64_t seq; /* if it resumes */
    const char *address;
} glance_stream_request_t;

#endif
