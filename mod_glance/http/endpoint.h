/* endpoint.h: the table of endpoints, which of them a request is for, and its handler.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_ENDPOINT_H
#define GLANCE_HTTP_ENDPOINT_H

#include "httpd_private.h"

/** One part of the API, with a path and a handler of its own. */
typedef struct glance_endpoint_t glance_endpoint_t;

/** What GlanceEndpoint sets for a <Location>. */
typedef struct {
    const glance_endpoint_t *endpoint; /* NULL: not set here */
    const char *prefix;                /* the path of the <Location>, without a slash at its end */
} glance_location_t;

void *glance_endpoint_create_location(apr_pool_t *pool, char *path);
void *glance_endpoint_merge_location(apr_pool_t *pool, void *base, void *add);

/** The endpoint of that name, in any case, or NULL. */
const glance_endpoint_t *glance_endpoint_find(const char *name);

/** The names of all endpoints: "status, health, ..." */
const char *glance_endpoint_names(apr_pool_t *pool);

/** On the translate_name hook, after all modules that map URLs: the URL of an endpoint names no
 * file. */
int glance_endpoint_translate(request_rec *r);

/** On the map_to_storage hook, before all others: applies the access rules of the DocumentRoot, as
 * for any URL below it, without looking for a file of the request's name. */
int glance_endpoint_map(request_rec *r);

/** On the type_checker hook, before all others, once access is granted: sets the handler, so that a
 * name such as "bot.gz" is no file type, and leaves the settings of the DocumentRoot's folder, so
 * that no module sends the request to a file. */
int glance_endpoint_type(request_rec *r);

/** On the handler hook: answers OPTIONS, 405 and the 404 of an endpoint without argument, runs the
 * due sweep, and calls the endpoint's handler.
 * @return DECLINED for a request that is not for an endpoint, else what httpd expects. */
int glance_endpoint_handle(request_rec *r);

#endif
