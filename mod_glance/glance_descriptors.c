/* glance_descriptors.c: which of a child's descriptors viewers may take.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
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

/* Numbers that are looked at with one system call. */
#define NUMBERS_AT_ONCE 512

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

/* How many of the numbers from `from` on are not in use. poll() says so of all at once.
 * (/proc/self/fd would be simpler, but httpd's children have changed their user and may not read
 * it.) */
static apr_uint32_t count_free(apr_uint32_t from, apr_uint32_t count)
{
    struct pollfd numbers[NUMBERS_AT_ONCE];
    apr_uint32_t free_count = 0;
    apr_uint32_t i;

    for (i = 0; i < count; i++) {
        numbers[i] = (struct pollfd){.fd = (int)(from + i)};
    }
    if (poll(numbers, count, 0) < 0) {
        return 0;
    }
    for (i = 0; i < count; i++) {
        free_count += (numbers[i].revents & POLLNVAL) != 0;
    }
    return free_count;
}

static apr_uint32_t smaller(apr_uint32_t one, apr_uint32_t other)
{
    return one < other ? one : other;
}

/* How many are in use when a child starts: they lie close together. */
static apr_uint32_t open_at_start(apr_uint32_t limit)
{
    apr_uint32_t open_count = 0;
    apr_uint32_t from;

    for (from = 0; from < limit; from += NUMBERS_AT_ONCE) {
        apr_uint32_t count = smaller(NUMBERS_AT_ONCE, limit - from);
        apr_uint32_t found = count - count_free(from, count);

        if (!found) {
            break;
        }
        open_count += found;
    }
    return open_count;
}

/* How many are free below the limit, counted up to RESERVE. A number at the limit or above can be
 * open, where the limit has fallen, and is of no use to httpd. */
static apr_uint32_t free_now(void)
{
    apr_uint32_t limit = glance_descriptors_limit();
    apr_uint32_t free_count = 0;
    apr_uint32_t from;

    for (from = 0; from < limit && free_count < RESERVE; from += NUMBERS_AT_ONCE) {
        free_count += count_free(from, smaller(NUMBERS_AT_ONCE, limit - from));
    }
    return free_count;
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
    proxies = smaller(proxies, limit / PROXY_SHARE);
    return (apr_uint32_t)threads * (apr_uint32_t)(FILES_PER_THREAD + 1 + (async ? factor : 0))
           + proxies;
}

apr_uint32_t glance_descriptors_plan(void)
{
    apr_uint32_t limit = glance_descriptors_limit();
    apr_uint32_t own = open_at_start(limit) + needed_by_httpd(limit);

    own = smaller(own, limit);
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
    apr_uint32_t free_count = free_now();

    if (free_count >= RESERVE) {
        return APR_INT32_MAX;
    }
    if (free_count >= RESERVE_LOW) {
        return held;
    }
    return held - smaller(held, RESERVE - free_count);
}
