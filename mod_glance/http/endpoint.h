/* endpoint.h: which of our endpoints a request is for, and what lies behind it in the path.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_ENDPOINT_H
#define GLANCE_HTTP_ENDPOINT_H

#include "httpd_private.h"

/** What GlanceEndpoint takes. */
#define GLANCE_ENDPOINT_NAMES "status, health, stream, feed, plain"

/** What GlanceEndpoint says of a <Location>. */
typedef struct {
    const char *handler; /* "glance-status" ...; NULL: not set here */
    const char *prefix;  /* the path in front of the argument, without a slash at its end */
} glance_location_t;

/** What a request asks of us. */
typedef struct {
    const char *handler; /* "glance-status" ...; NULL: nothing of ours */
    const char *rest; /* the path behind the endpoint, "" or "/<cluster>/..."; NULL if the request
                         has one of our handlers, but no path of it */
} glance_target_t;

void *glance_endpoint_create_location(apr_pool_t *pool, char *path);
void *glance_endpoint_merge_location(apr_pool_t *pool, void *base, void *add);

/** The handler of an endpoint by its name in GlanceEndpoint, or NULL if there is none such. */
const char *glance_endpoint_handler(const char *name);

/** What the request asks of us, by GlanceEndpoint in its location or by SetHandler at the
 * endpoint's usual path. Not known in the map_to_storage phase itself. */
glance_target_t glance_endpoint_target(request_rec *r);

/** On the translate_name hook, after all modules that map URLs: our URLs name no files. */
int glance_endpoint_translate(request_rec *r);

/** On the map_to_storage hook, before all others: applies the access rules of the DocumentRoot, as
 * for any URL below it, without looking for a file of the request's name. */
int glance_endpoint_map(request_rec *r);

/** On the type_checker hook, before all others: names like "bot.gz" are no file types. */
int glance_endpoint_type(request_rec *r);

#endif
