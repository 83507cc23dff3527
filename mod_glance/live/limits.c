/* limits.c: how many viewers a child may hold, and how much memory their pending buffers may use.
 *
 * SPDX-License-Identifier: ISC
 */
#include "live/limits.h"

#include <malloc.h>

#include "ap_mpm.h"

#include "directives.h"
#include "boards/retained.h"
#include "live/descriptors.h"

#define INTERVAL apr_time_from_msec(250)

/* Memory is given back to the system when this much less is in use than at the peak. */
#define FREED_BYTES ((apr_size_t)16 << 20)

/* ---- at the start ---- */

apr_uint32_t glance_limits_connections_per_child(void)
{
    int connections = 0;

    (void)ap_mpm_query(AP_MPMQ_MAX_REQUESTS_DAEMON, &connections);
    return connections > 0 ? (apr_uint32_t)connections : 0;
}

/* With MaxConnectionsPerChild, a child ends after that many connections, viewers included. So at
 * most half of them may be viewers: when the child ends, all of its viewers connect to other
 * children, and more of them would soon end those children too. */
static apr_uint32_t most_viewers(int max_viewers, apr_uint32_t available)
{
    apr_uint32_t connections = glance_limits_connections_per_child();
    apr_uint32_t most = available;

    if (max_viewers != GLANCE_MAX_VIEWERS_AUTO) {
        most = (apr_uint32_t)max_viewers < available ? (apr_uint32_t)max_viewers : available;
    }
    else if (most > glance_descriptors_limit() / 2) {
        most = glance_descriptors_limit() / 2;
    }
    return connections && most > connections / 2 ? connections / 2 : most;
}

void glance_limits_check(const server_rec *server, int max_viewers)
{
    apr_uint32_t available = glance_descriptors_plan();

    if (max_viewers != GLANCE_MAX_VIEWERS_AUTO && (apr_uint32_t)max_viewers > available) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     GLANCE_LOGNO(0043) GLANCE_MAX_VIEWERS
                     " %d: a child has descriptors for %u viewers and holds no more; raise the "
                     "limit (ulimit -n, now %u)",
                     max_viewers, available, glance_descriptors_limit());
    }
    else if (max_viewers && !available) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     GLANCE_LOGNO(0044) "httpd may need all of its descriptors itself: streams are "
                                        "answered by polling; raise the limit (ulimit -n, now %u)",
                     glance_descriptors_limit());
    }
}

void glance_limits_init(glance_limits_t *limits, const server_rec *server, int max_viewers,
                        glance_broadcast_t *broadcasts, int broadcast_count)
{
    const glance_rate_t rate = {.span = apr_time_from_sec(10), .most = 1};

    memset(limits, 0, sizeof *limits);
    limits->server = server;
    limits->broadcasts = broadcasts;
    limits->broadcast_count = broadcast_count;
    limits->most = most_viewers(max_viewers, glance_descriptors_plan());
    limits->room = limits->most;
    limits->shed_rate = rate;
    limits->slow_rate = rate;
    ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, server, "this child holds up to %u viewers",
                 limits->most);
}

int glance_limits_have_room(const glance_limits_t *limits)
{
    return glance_viewer_count() < __atomic_load_n(&limits->room, __ATOMIC_RELAXED);
}

/* ---- descriptors ---- */

static void shed(glance_limits_t *limits, apr_uint32_t count, apr_uint32_t held,
                 glance_moment_t now)
{
    apr_uint32_t withheld;
    apr_uint32_t total = 0;
    int i;

    for (i = 0; i < limits->broadcast_count && total < count; i++) {
        total += glance_broadcast_shed(&limits->broadcasts[i], count - total, now);
    }
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_SHED, total);
    if (glance_rate_pass(&limits->shed_rate, now, &withheld)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, limits->server,
                     GLANCE_LOGNO(0046) "too few descriptors are free in this child: sent %u of %u "
                                        "viewers away; raise the limit (ulimit -n)",
                     total, held);
    }
}

void glance_limits_check_descriptors(glance_limits_t *limits, glance_moment_t now)
{
    apr_uint32_t held = glance_viewer_count();
    apr_uint32_t room = glance_descriptors_room(held);

    __atomic_store_n(&limits->room, room < limits->most ? room : limits->most, __ATOMIC_RELAXED);
    if (room < held) {
        shed(limits, held - room, held, now);
    }
}

/* ---- memory ---- */

static void drop_slowest(glance_limits_t *limits, glance_moment_t now)
{
    apr_size_t limit = glance_broadcast_pending_limit(limits->broadcasts, limits->broadcast_count);
    apr_uint32_t withheld;
    apr_uint32_t total = 0;
    apr_uint32_t dropped = 1;

    while (dropped && glance_buffer_total() > limit) {
        dropped = glance_broadcast_drop_slowest(limits->broadcasts, limits->broadcast_count, now);
        total += dropped;
    }
    glance_counters_add(glance_retained_counters(), GLANCE_COUNTER_SHED, total);
    if (total && glance_rate_pass(&limits->slow_rate, now, &withheld)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, limits->server,
                     GLANCE_LOGNO(0047) "viewers of this child do not take what they are sent: "
                                        "dropped the %u slowest, since more than %u MiB were "
                                        "pending",
                     total, (unsigned)(limit >> 20));
    }
}

/* malloc keeps freed buffers that lie among others still in use. */
static void give_memory_back(glance_limits_t *limits)
{
    apr_size_t bytes = glance_buffer_total();

    if (bytes > limits->peak) {
        limits->peak = bytes;
    }
    else if (limits->peak - bytes >= FREED_BYTES) {
#ifdef __GLIBC__
        (void)malloc_trim(0);
#endif
        limits->peak = bytes;
    }
}

/* ---- while the child lives ---- */

void glance_limits_run(glance_limits_t *limits, glance_moment_t now)
{
    if (now < limits->next) {
        return;
    }
    limits->next = now + INTERVAL;
    glance_limits_check_descriptors(limits, now);
    drop_slowest(limits, now);
    give_memory_back(limits);
}

/* Without viewers, only a child that has room for fewer than usual must check again. */
glance_moment_t glance_limits_due(const glance_limits_t *limits)
{
    return glance_viewer_count() || limits->room < limits->most ? limits->next : GLANCE_NO_MOMENT;
}
