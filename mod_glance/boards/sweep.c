/* sweep.c: marking silent shards unhealthy.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/sweep.h"

#include "core/clock.h"
#include "boards/process.h"

static void log_transition(const glance_store_t *store, const glance_transition_t *transition,
                           const char *tag)
{
    const glance_board_cluster_t *cluster = glance_board_cluster_of(store->board,
                                                                    transition->shard);
    long tenths = (long)(transition->silent / (APR_USEC_PER_SEC / 10));

    ap_log_error(APLOG_MARK, APLOG_INFO, 0, store->server,
                 "%scluster %s shard %u: %s -> %s, silent for %ld.%ld s", tag, cluster->name,
                 transition->shard - cluster->first, glance_state_name(transition->from),
                 glance_state_name(transition->to), tenths / 10, tenths % 10);
}

void glance_sweep_log_return(const glance_store_t *store, const glance_transition_t *transition)
{
    apr_uint32_t withheld;

    if (transition->from != GLANCE_UNHEALTHY || transition->to == GLANCE_UNHEALTHY
        || !glance_rate_pass(&glance_process.returns, glance_clock_now(), &withheld)) {
        return;
    }
    if (withheld) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, store->server,
                     GLANCE_LOGNO(0023) "%u more shards have come back", withheld);
    }
    log_transition(store, transition, GLANCE_LOGNO(0021));
}

/* When a bot goes down, all of its shards become unhealthy at once. */
static void log_silent(const glance_store_t *store, const apr_array_header_t *transitions)
{
    apr_uint32_t withheld;
    int more = 0;
    int i;

    for (i = 0; i < transitions->nelts; i++) {
        if (glance_rate_pass(&glance_process.silences, glance_clock_now(), &withheld)) {
            log_transition(store, &APR_ARRAY_IDX(transitions, i, glance_transition_t),
                           GLANCE_LOGNO(0020));
        }
        else {
            more++;
        }
    }
    if (more) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, store->server,
                     GLANCE_LOGNO(0022) "%d more shards of board %s became unhealthy just now",
                     more, store->name);
    }
}

typedef apr_status_t (*sweep_fn_t)(glance_store_t *, glance_moment_t, apr_array_header_t *);

static void sweep(glance_store_t *store, glance_moment_t now, sweep_fn_t sweep_store)
{
    apr_array_header_t *transitions;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    apr_pool_tag(pool, "glance_sweep");
    transitions = apr_array_make(pool, 16, sizeof(glance_transition_t));
    (void)sweep_store(store, now, transitions); /* it may have failed half way */
    log_silent(store, transitions);
    apr_pool_destroy(pool);
}

void glance_sweep_if_due(glance_store_t *store)
{
    glance_moment_t now = glance_clock_now();

    if (now >= glance_board_deadline(store->board)) {
        sweep(store, now, glance_store_sweep_due);
    }
}

int glance_sweep_monitor(apr_pool_t *pool, server_rec *server)
{
    glance_moment_t now = glance_clock_now();
    glance_store_t *store;

    (void)pool;
    (void)server;
    for (store = glance_store_all(); store; store = store->next) {
        if (now - store->swept >= store->times.timer_interval) {
            store->swept = now;
            sweep(store, now, glance_store_try_sweep);
        }
    }
    return OK;
}
