/* glance_descriptors.c: which of a child's descriptors viewers may take.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap_mpm.h"

/* Descriptors that nobody has counted: other modules' files, a resolver, a log that is reopened. */
#define RESERVE 64

/* Viewers go when fewer than so many are free. Less than RESERVE, so that one that comes and one
 * that goes do not take turns. */
#define RESERVE_LOW 32

/* What one thread may have open for a request beside the client's connection: a file, a backend's
 * connection, a temporary file, a pipe. */
#define FILES_PER_THREAD 4

/* A proxy may keep connections to its backends that nobody uses; at most so much of the limit is
 * set aside for them. */
#define PROXY_SHARE 4

#define OPEN_FILES "/proc/self/fd"

/* Of this process. */
static int first_number; /* viewers' descriptors have numbers from here on */

apr_uint32_t glance_descriptors_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > APR_INT32_MAX) {
        return APR_INT32_MAX;
    }
    return (apr_uint32_t)limit.rlim_cur;
}

/* The folder's own descriptor and "." and ".." count too: three too many do no harm. */
static apr_uint32_t count_entries(void)
{
    DIR *folder = opendir(OPEN_FILES);
    apr_uint32_t count = 0;

    if (!folder) {
        return errno == EMFILE || errno == ENFILE ? APR_INT32_MAX : 0;
    }
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count;
}

/* Since Linux 6.2 the folder's size is the number of descriptors; before, it is 0. */
static apr_uint32_t open_now(void)
{
    struct stat info;

    return stat(OPEN_FILES, &info) == 0 && info.st_size > 0 ? (apr_uint32_t)info.st_size
                                                            : count_entries();
}

/* ---- what httpd may need ---- */

static int is_backend(const char *directive)
{
    return !ap_cstr_casecmp(directive, "ProxyPass") || !ap_cstr_casecmp(directive, "ProxyPassMatch")
           || !ap_cstr_casecmp(directive, "BalancerMember");
}

/* Reads the live configuration: how often it names a proxy's backend, and AsyncRequestWorkerFactor,
 * which the event MPM cuts to a whole number of at least 1. */
static void read_configuration(const ap_directive_t *directive, apr_uint32_t *backends, int *factor)
{
    for (; directive; directive = directive->next) {
        if (is_backend(directive->directive)) {
            ++*backends;
        }
        else if (!ap_cstr_casecmp(directive->directive, "AsyncRequestWorkerFactor")) {
            *factor = atoi(directive->args) < 1 ? 1 : atoi(directive->args);
        }
        read_configuration(directive->first_child, backends, factor);
    }
}

/* A child of the event MPM accepts connections up to its threads, and its idle threads times the
 * factor besides; one of another MPM up to its threads (event.c, connections_above_limit()). */
static apr_uint32_t needed_by_httpd(apr_uint32_t limit)
{
    apr_uint32_t backends = 0;
    apr_uint32_t proxies;
    int factor = 2;
    int threads = 0;
    int async = 0;

    read_configuration(ap_conftree, &backends, &factor);
    if (ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS || threads < 1) {
        threads = 1;
    }
    (void)ap_mpm_query(AP_MPMQ_IS_ASYNC, &async);
    proxies = backends * (apr_uint32_t)threads;
    proxies = proxies < limit / PROXY_SHARE ? proxies : limit / PROXY_SHARE;
    return (apr_uint32_t)threads * (apr_uint32_t)(FILES_PER_THREAD + 1 + (async ? factor : 0))
           + proxies;
}

apr_uint32_t glance_descriptors_plan(void)
{
    apr_uint32_t limit = glance_descriptors_limit();
    apr_uint32_t own = open_now();

    own = own < limit ? own + needed_by_httpd(limit) : limit;
    first_number = (int)own;
    return own + RESERVE < limit ? limit - own - RESERVE : 0;
}

/* ---- in life ---- */

apr_status_t glance_descriptors_dup(int *copy, int descriptor)
{
    *copy = fcntl(descriptor, F_DUPFD_CLOEXEC, first_number);
    if (*copy < 0) {
        return errno == EINVAL ? APR_EMFILE : apr_get_os_error();
    }
    if ((apr_uint32_t)*copy + RESERVE_LOW > glance_descriptors_limit()) {
        (void)close(*copy);
        return APR_EMFILE;
    }
    return APR_SUCCESS;
}

apr_uint32_t glance_descriptors_room(apr_uint32_t held)
{
    apr_uint32_t limit = glance_descriptors_limit();
    apr_uint32_t used = open_now();
    apr_uint32_t free_now = used < limit ? limit - used : 0;
    apr_uint32_t lacking;

    if (free_now >= RESERVE) {
        return held + free_now - RESERVE;
    }
    if (free_now >= RESERVE_LOW) {
        return held;
    }
    lacking = used > limit ? used - limit + RESERVE : RESERVE - free_now;
    return lacking < held ? held - lacking : 0;
}
