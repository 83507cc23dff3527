/* mod_status.c: the section of mod_status, for people and, with `?auto`, for programs.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/mod_status.h"

#include "apr_optional.h"
#include "apr_optional_hooks.h"

#include "http_protocol.h"
#include <mod_status.h> /* httpd's; with quotes it would be this folder's */

#include "core/clock.h"
#include "boards/retained.h"
#include "boards/store.h"
#include "boards/sweep.h"

static const struct {
    glance_counter_e stat;
    const char *key;
    const char *label;
} totals[] = {
    {GLANCE_COUNTER_STREAMS, "GlanceStreams", "streams held since the start"},
    {GLANCE_COUNTER_FEEDS, "GlanceFeeds", "feeds held since the start"},
    {GLANCE_COUNTER_POLLS, "GlanceBrief", "streams answered by polling"},
    {GLANCE_COUNTER_BROADCASTS, "GlanceBroadcasts", "broadcasts"},
    {GLANCE_COUNTER_BYTES, "GlanceBytes", "bytes broadcast"},
    {GLANCE_COUNTER_SLOW, "GlanceDroppedSlow", "viewers dropped as too slow"},
    {GLANCE_COUNTER_SHED, "GlanceShed", "viewers dropped as descriptors or memory ran short"},
};

#define TOTAL_COUNT (sizeof totals / sizeof totals[0])

static void show_viewers(request_rec *r, int as_text)
{
    glance_counters_child_t held = glance_counters_sum(glance_retained_counters());

    if (as_text) {
        ap_rprintf(r, "GlanceViewersClear: %u\nGlanceViewersTLS: %u\n", held.clear, held.tls);
        return;
    }
    ap_rprintf(r, "<dt>viewers held: %u over clear connections, %u over TLS, by %d children</dt>\n",
               held.clear, held.tls, (int)held.pid);
}

static void show_totals(request_rec *r, int as_text)
{
    apr_size_t i;

    for (i = 0; i < TOTAL_COUNT; i++) {
        apr_uint64_t total = glance_counters_total(glance_retained_counters(), totals[i].stat);

        ap_rprintf(r,
                   as_text ? "%s: %" APR_UINT64_T_FMT "\n" : "<dt>%s: %" APR_UINT64_T_FMT "</dt>\n",
                   as_text ? totals[i].key : totals[i].label, total);
    }
}

static void show_save(request_rec *r, int as_text)
{
    int failed;
    glance_moment_t saved = glance_counters_last_save(glance_retained_counters(), &failed);
    int ago = saved ? (int)apr_time_sec(glance_clock_age(saved, glance_clock_now())) : -1;

    if (as_text) {
        ap_rprintf(r, "GlanceLastSave: %d\nGlanceSaveFailing: %d\n", ago, failed);
    }
    else if (saved) {
        ap_rprintf(r, "<dt>states last saved: %d s ago%s</dt>\n", ago,
                   failed ? "; saving fails since then, see the error log" : "");
    }
    else {
        ap_rprintf(r, "<dt>states last saved: never%s</dt>\n",
                   failed ? "; saving fails, see the error log" : "");
    }
}

/* One line per cluster and state, with the board's and the cluster's name. */
static void show_cluster(request_rec *r, int as_text, const glance_store_t *store,
                         const glance_snapshot_t *snapshot, const glance_board_cluster_t *cluster)
{
    glance_counts_t counts = glance_snapshot_count(snapshot, cluster);
    const char *name = as_text ? cluster->name : ap_escape_html(r->pool, cluster->name);
    int state;

    if (!as_text) {
        ap_rprintf(r, "<tr><td>%s</td><td>%s</td><td>%u</td>", ap_escape_html(r->pool, store->name),
                   name, cluster->shards);
    }
    for (state = 0; state < GLANCE_STATES; state++) {
        if (!as_text) {
            ap_rprintf(r, "<td>%u</td>", counts.of[state]);
        }
        else if (counts.of[state]) {
            ap_rprintf(r, "GlanceShards[%s/%s/%s]: %u\n", store->name, name,
                       glance_state_name(state), counts.of[state]);
        }
    }
    ap_rputs(as_text ? "" : "</tr>\n", r);
}

static void show_board(request_rec *r, int as_text, glance_store_t *store)
{
    glance_snapshot_t *snapshot;
    glance_moment_t swept = glance_board_swept(store->board);
    int ago = swept ? (int)apr_time_sec(glance_clock_age(swept, glance_clock_now())) : -1;
    apr_uint32_t i;

    glance_sweep_if_due(store);
    snapshot = glance_store_snapshot(store);
    if (!snapshot) {
        return;
    }
    for (i = 0; i < store->board->cluster_count; i++) {
        show_cluster(r, as_text, store, snapshot, &store->board->clusters[i]);
    }
    glance_snapshot_release(snapshot);
    if (as_text) {
        ap_rprintf(r, "GlanceLastSweep[%s]: %d\n", store->name, ago);
    }
    else {
        ap_rprintf(r, "<tr><td colspan=\"10\">last sweep of %s: %d s ago</td></tr>\n",
                   ap_escape_html(r->pool, store->name), ago);
    }
}

static int show(request_rec *r, int flags)
{
    int as_text = (flags & AP_STATUS_SHORT) != 0;
    glance_store_t *store;
    int state;

    if (!glance_store_all()) {
        return OK;
    }
    if (!as_text) {
        ap_rputs("<hr />\n<h2>Glance</h2>\n<dl>\n", r);
    }
    show_viewers(r, as_text);
    show_totals(r, as_text);
    show_save(r, as_text);
    if (!as_text) {
        ap_rputs("</dl>\n<table border=\"0\"><tr><th>board</th><th>cluster</th><th>shards</th>", r);
        for (state = 0; state < GLANCE_STATES; state++) {
            ap_rprintf(r, "<th>%s</th>", glance_state_name(state));
        }
        ap_rputs("</tr>\n", r);
    }
    for (store = glance_store_all(); store; store = store->next) {
        show_board(r, as_text, store);
    }
    ap_rputs(as_text ? "" : "</table>\n", r);
    return OK;
}

void glance_mod_status_register(apr_pool_t *pool)
{
    (void)pool;
    APR_OPTIONAL_HOOK(ap, status_hook, show, NULL, NULL, APR_HOOK_MIDDLE);
}
