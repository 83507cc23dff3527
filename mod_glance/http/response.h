/* response.h: the responses that all handlers share.
 *
 * A handler returns what these functions return.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_RESPONSE_H
#define GLANCE_HTTP_RESPONSE_H

#include "httpd_private.h"

#include "core/board.h"
#include "core/buffer.h"
#include "core/path.h"

/** An error with the JSON body `{"error": "..."}`. The sentence names the next step. A request body
 * that is not read yet stays unread: the connection closes instead. */
int glance_response_error(request_rec *r, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** 500 for a fault of the server, which is logged. */
int glance_response_failure(request_rec *r);

/** 204 with Allow for OPTIONS, else 405 with Allow. @a allow lists the methods of the endpoint. */
int glance_response_methods(request_rec *r, const char *allow);

/** 400: the board has no cluster of the path's name. */
int glance_response_no_cluster(request_rec *r, const glance_board_t *board,
                               const glance_path_t *path);

/** DECLINED if the cluster has a shard of that id, else 400. */
int glance_response_unless_shard(request_rec *r, const glance_board_cluster_t *cluster,
                                 apr_int32_t id);

/** 200 with a buffer, which is released; 500 if that is NULL, since memory ran out. */
int glance_response_text(request_rec *r, const char *type, glance_buffer_t *buffer);

#endif
