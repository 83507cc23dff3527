/* passphrases.c: whether a request has a passphrase that opens its cluster.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/passphrases.h"

#include "core/auth.h"
#include "core/clock.h"
#include "core/path.h"
#include "core/rate.h"
#include "http/config.h"
#include "http/response.h"

/* A line shows a bot with an old passphrase. The limit keeps a flood of guesses out of the log. */
static glance_rate_t log_limit = {.span = apr_time_from_sec(60), .most = 1};

static void log_wrong_passphrase(const request_rec *r)
{
    apr_uint32_t withheld;

    if (glance_rate_pass(&log_limit, glance_clock_now(), &withheld)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      GLANCE_LOGNO(0120) "missing or wrong passphrase for %s (%u earlier ones were "
                                         "not logged)",
                      r->uri, withheld);
    }
}

/* The passphrase of another cluster is a wrong one. */
int glance_passphrases_allow(const request_rec *r, const char *rest)
{
    apr_size_t length;
    const char *cluster = glance_path_cluster(rest, &length);

    return glance_auth_allows(apr_table_get(r->headers_in, "Authorization"),
                              glance_config_of(r->server)->keys, cluster, length);
}

int glance_passphrases_refuse(request_rec *r)
{
    log_wrong_passphrase(r);
    apr_table_setn(r->headers_out, "WWW-Authenticate", "Bearer realm=\"glance\"");
    return glance_response_error(r, HTTP_UNAUTHORIZED,
                                 "the passphrase is missing or wrong; send it in the header "
                                 "Authorization: Bearer <passphrase>");
}
