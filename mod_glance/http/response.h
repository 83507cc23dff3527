/* response.h: the answers that all handlers give alike.
 *
 * A handler returns what these functions return.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_RESPONSE_H
#define GLANCE_HTTP_RESPONSE_H

#include "httpd_private.h"

#include "core/buffer.h"

/** An error with the JSON body `{"error": "..."}`; the sentence should name the next step.
 * A request body that was not read yet is never read: the connection closes instead. */
int glance_response_error(request_rec *r, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** For endpoints that are one document: DECLINED if this is a GET or HEAD of just that, else what
 * the handler returns, with the answer given. @a rest is the path behind the endpoint. */
int glance_response_unless_get(request_rec *r, const char *rest);

/** 405 with Allow, or 204 if the method was OPTIONS. @a allow is what the endpoint takes. */
int glance_response_methods(request_rec *r, const char *allow);

/** 200 with a text, which is released. NULL makes it a 500: memory ran out. */
int glance_response_text(request_rec *r, const char *type, glance_buffer_t *buffer);

/** 500 for a fault on our side that is in the log. */
int glance_response_failure(request_rec *r);

#endif
