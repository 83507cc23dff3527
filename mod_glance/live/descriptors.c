/* descriptors.c: which of a child's descriptors viewers may use.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ap_mpm.h"

#include "live/process.h"

/* Viewers never get the highest descriptor numbers below the limit: at least this many, more with
 * many threads. They are for descriptors that cannot be counted in advance (other modules' files,
 * connections that httpd is closing), and for those that threads open while the hub sends viewers
 * away. */
#define RESERVE_MIN 64

/* Descriptors that a thread may open for one request besides the client's connection: a file, a
 * connection to a backend, a temporary file, a pipe. */
#define FILES_PER_THREAD 4

/* A proxy may keep idle connections to its backends. At most the limit divided by this number is
 * set aside for them. */
#define PROXY_SHARE 4

/* Descriptor numbers checked by one poll(). */
#define NUMBERS_AT_ONCE 512

apr_uint32_t glance_descriptors_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > APR_INT32_MAX) {
        return APR_INT32_MAX;
    }
    return (apr_uint32_t)limit.rlim_cur;
}

/* Counts the free numbers among `count` from `from` on. (Reading /proc/self/fd would be simpler,
 * but httpd's children have changed their user and may not read it.) */
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

/* Counts the open descriptors of a child that starts. They have the lowest numbers, so this stops
 * at the first NUMBERS_AT_ONCE numbers that are all free. */
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

/* Counts the free numbers below the limit, and stops at `enough`. It starts with the highest: they
 * are usually free, and then no viewer's socket is checked. Numbers at or above the limit may be
 * open if the limit was lowered. They do not count, since httpd cannot use them. */
static apr_uint32_t free_now(apr_uint32_t enough)
{
    apr_uint32_t from = glance_descriptors_limit();
    apr_uint32_t free_count = 0;

    while (from && free_count < enough) {
        apr_uint32_t count = smaller(NUMBERS_AT_ONCE, from);

        from -= count;
        free_count += count_free(from, count);
    }
    return free_count;
}

/* ---- what httpd may need ---- */

static int is_backend(const char *directive)
{
    return !ap_cstr_casecmp(directive, "ProxyPass") || !ap_cstr_casecmp(directive, "ProxyPassMatch")
           || !ap_cstr_casecmp(directive, "BalancerMember");
}

/* Walks httpd's configuration tree. Counts the directives that name a proxy's backend, and reads
 * AsyncRequestWorkerFactor, which the event MPM rounds down to an integer of at least 1. */
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

static apr_uint32_t threads_of_child(void)
{
    int threads = 0;

    return ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) == APR_SUCCESS && threads > 0
               ? (apr_uint32_t)threads
               : 1;
}

/* A child accepts one connection per thread. A child of the event MPM also accepts its idle threads
 * times AsyncRequestWorkerFactor (event.c, connections_above_limit()). Connections that it is
 * closing do not count there and have no limit: if they use too many descriptors, the hub sends
 * viewers away. */
static apr_uint32_t needed_by_httpd(apr_uint32_t limit, apr_uint32_t threads)
{
    apr_uint32_t backends = 0;
    int factor = 2;
    int async = 0;

    read_configuration(ap_conftree, &backends, &factor);
    (void)ap_mpm_query(AP_MPMQ_IS_ASYNC, &async);
    return threads * (apr_uint32_t)(FILES_PER_THREAD + 1 + (async ? factor : 0))
           + smaller(backends * threads, limit / PROXY_SHARE);
}

apr_uint32_t glance_descriptors_plan(void)
{
    glance_process_descriptors_t *plan = &glance_live_process.descriptors;
    apr_uint32_t limit = glance_descriptors_limit();
    apr_uint32_t threads = threads_of_child();
    apr_uint32_t reserve = (FILES_PER_THREAD + 2) * threads;

    plan->first = smaller(open_at_start(limit) + needed_by_httpd(limit, threads), limit);
    plan->reserve = reserve > RESERVE_MIN ? reserve : RESERVE_MIN;
    return plan->first + plan->reserve < limit ? limit - plan->first - plan->reserve : 0;
}

/* ---- at run time ---- */

int glance_descriptors_are_short(int descriptor)
{
    return (apr_uint32_t)descriptor + glance_live_process.descriptors.reserve
           >= glance_descriptors_limit();
}

apr_status_t glance_descriptors_dup(int *copy, int descriptor)
{
    *copy = fcntl(descriptor, F_DUPFD_CLOEXEC, (int)glance_live_process.descriptors.first);
    if (*copy < 0) {
        return errno == EINVAL ? APR_EMFILE : apr_get_os_error();
    }
    if (glance_descriptors_are_short(*copy)) {
        (void)close(*copy);
        *copy = -1;
        return APR_EMFILE;
    }
    return APR_SUCCESS;
}

/* With fewer free descriptors than the reserve, viewers must leave until twice the reserve is free.
 * In between, none is accepted and none must leave. With a single limit, viewers would be accepted
 * and sent away in turn. */
apr_uint32_t glance_descriptors_room(apr_uint32_t held)
{
    apr_uint32_t enough = 2 * glance_live_process.descriptors.reserve;
    apr_uint32_t free_count = free_now(enough);

    if (free_count >= enough) {
        return APR_INT32_MAX;
    }
    if (free_count >= glance_live_process.descriptors.reserve) {
        return held;
    }
    return held - smaller(held, enough - free_count);
}
