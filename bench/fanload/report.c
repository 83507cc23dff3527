/* report.c: the result as one line of JSON.
 *
 * SPDX-License-Identifier: ISC
 */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base.h"
#include "event.h"
#include "options.h"
#include "run.h"
#include "tally.h"

/* Summed up over the events of a part */
typedef struct {
    uint64_t expected, received;
} deliveries_t;

static struct {
    deliveries_t of[PARTS];
    uint64_t refused;    /* received events of refused POSTs */
    uint64_t complete;   /* events that all viewers received */
    histogram_t fan_out; /* from the POST to the last viewer */
    int64_t first;       /* sent after the warm-up */
} sums;

static double to_seconds(int64_t time)
{
    return (double)time / (double)SECOND;
}

static void add_event(const event_t *event)
{
    deliveries_t *deliveries = &sums.of[event->part];

    if (!sums.first) {
        sums.first = event->sent;
    }
    tally.posts[event->part].unanswered += !event->answered;
    if (event->status < 200 || event->status >= 300) {
        sums.refused += (uint64_t)event->received;
        return;
    }
    deliveries->expected += (uint64_t)event->expected;
    deliveries->received += (uint64_t)event->received;
    if (event->part == DURING_RUN && event->expected && event->received >= event->expected) {
        sums.complete++;
        histogram_add(&sums.fan_out, event->last_received - event->sent);
    }
}

static int64_t lost(part_t part)
{
    return (int64_t)(sums.of[part].expected - sums.of[part].received);
}

static int failed(void)
{
    return options.viewers - tally.opened; /* refused, or not open in time */
}

static void print_times(const char *name, const histogram_t *times)
{
    printf(",\"%s\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"mean\":%.3f}", name,
           histogram_quantile(times, .5), histogram_quantile(times, .9),
           histogram_quantile(times, .99), histogram_max(times), histogram_mean(times));
}

static void print_count(const char *name, uint64_t count)
{
    printf(",\"%s\":%" PRIu64, name, count);
}

static void print_viewers(void)
{
    printf("\"mode\":\"%s\",\"viewers\":%d,\"opened\":%d,\"failed\":%d,\"dropped\":%d,\"rate\":%g",
           options.is_websocket ? "ws" : "sse", options.viewers, tally.opened, failed(),
           tally.dropped, options.rate);
    printf(",\"connect_s\":%.3f", to_seconds(tally.last_open - tally.first_connect));
    print_times("connect_ms", &tally.connecting);
    printf(",\"tls\":\"%s\",\"open_cpu_s\":%.4f", tally.tls,
           measures.open.cpu - measures.before.cpu);
    print_count("full_handshakes", tally.full_handshakes);
    print_count("resumed_handshakes", tally.resumed_handshakes);
}

static void print_events(void)
{
    print_count("expected", sums.of[DURING_RUN].expected);
    print_count("received", sums.of[DURING_RUN].received);
    printf(",\"lost\":%" PRId64, lost(DURING_RUN));
    print_count("dups", tally.duplicates);
    print_count("out_of_order", tally.out_of_order);
    print_count("unknown", tally.unknown);
    print_count("recv_of_bad_posts", sums.refused);
    print_times("lat_ms", &tally.latency[DURING_RUN]);
    print_times("fanout_ms", &sums.fan_out);
    print_count("complete", sums.complete);
    print_count("bytes", tally.bytes);
    print_count("bytes_run", tally.bytes_in_run);
    print_count("recvs", tally.reads);
    print_count("ws_ping", tally.websocket_pings);
    print_count("ws_close", tally.websocket_closes);
    print_count("ws_err", tally.websocket_errors);
    print_count("not_sse", tally.other_content_types);
}

static void print_posts(part_t part)
{
    const posts_t *posts = &tally.posts[part];

    print_count("posts", posts->sent);
    print_count("posts_2xx", posts->accepted);
    print_count("posts_failed", posts->refused);
    print_count("posts_noreply", posts->unanswered);
    print_count("posts_resent", posts->resent);
    print_times("post_ms", &posts->times);
}

/* By the exact time of the threads, unless some came or went: then by ticks */
static double server_cpu(void)
{
    const usage_t *before = &measures.window[0].server, *after = &measures.window[1].server;
    double ticks = after->cpu - before->cpu;
    double exact = after->exact - before->exact;
    double difference = exact > ticks ? exact - ticks : ticks - exact;

    if (before->exact < 0 || after->exact < 0 || difference > 0.03 + ticks * 0.1) {
        return ticks;
    }
    return exact;
}

static void print_cpu(void)
{
    const mark_t *before = &measures.window[0], *after = &measures.window[1];
    double time = to_seconds(after->time - before->time);
    double server = server_cpu(), client = after->client - before->client;
    double busy = after->system.busy - before->system.busy;
    double all = (double)(sums.of[DURING_RUN].received + sums.refused);
    double span = tally.last_event > sums.first && sums.first
                      ? to_seconds(tally.last_event - sums.first)
                      : 0;

    printf(",\"window_s\":%.3f,\"span_s\":%.3f,\"posts_per_s\":%.1f,\"deliveries_per_s\":%.0f",
           time, span,
           options.seconds > 0 ? (double)tally.posts[DURING_RUN].accepted / options.seconds : 0,
           span > 0 ? all / span : 0);
    printf(",\"server_procs\":%d,\"server_cpu_s\":%.4f,\"client_cpu_s\":%.4f,\"other_cpu_s\":%.2f",
           after->server.processes, server, client, busy - server - client);
    printf(",\"steal_s\":%.2f,\"busy_frac\":%.3f,\"softirq_s\":%.2f",
           after->system.steal - before->system.steal,
           time > 0 ? busy / time / (double)sysconf(_SC_NPROCESSORS_ONLN) : 0,
           after->system.softirq - before->system.softirq);
    printf(",\"server_us_per_delivery\":%.3f,\"client_us_per_delivery\":%.3f",
           all > 0 ? server * 1e6 / all : 0, all > 0 ? client * 1e6 / all : 0);
}

static void print_return(void)
{
    const mark_t *before = &measures.restart[0], *after = &measures.restart[1];
    const histogram_t *times = &tally.returning;

    printf(
        ",\"return\":{\"complete\":%s,\"back\":%d,\"by_update\":%d,\"by_hello\":%d,\"failed_attempts\":%d",
        measures.are_all_back ? "true" : "false", tally.back, tally.by_update, tally.by_hello,
        tally.failed_returns);
    printf(",\"s\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", histogram_quantile(times, .5) / 1e3,
           histogram_quantile(times, .99) / 1e3, histogram_max(times) / 1e3);
    print_count("full_handshakes", tally.full_handshakes - measures.full_before);
    print_count("resumed_handshakes", tally.resumed_handshakes - measures.resumed_before);
    print_count("expected", sums.of[DURING_RETURN].expected);
    printf(",\"lost\":%" PRId64, lost(DURING_RETURN));
    print_times("lat_ms", &tally.latency[DURING_RETURN]);
    print_posts(DURING_RETURN);
    printf(",\"window_s\":%.3f,\"server_cpu_s\":%.2f,\"client_cpu_s\":%.2f}",
           to_seconds(after->time - before->time),
           after->server.cpu + after->server.reaped - before->server.cpu - before->server.reaped,
           after->client - before->client);
}

static void print_memory(void)
{
    double opened = tally.opened ? tally.opened : 1;
    double peak = measures.open.pss > measures.end.pss ? measures.open.pss : measures.end.pss;

    printf(",\"pss_before\":%.0f,\"pss_open\":%.0f,\"pss_end\":%.0f,\"pss_per_viewer\":%.0f,"
           "\"slab_per_viewer\":%.0f",
           measures.before.pss, measures.open.pss, measures.end.pss,
           (peak - measures.before.pss) / opened,
           (measures.slab_open - measures.slab_before) * 1024 / opened);
}

static int is_bad(void)
{
    int part;

    if (failed() || tally.dropped || tally.duplicates
        || (options.restart && !measures.are_all_back)) {
        return 1;
    }
    for (part = DURING_RUN; part < PARTS; part++) {
        if (lost(part) || tally.posts[part].refused || tally.posts[part].unanswered) {
            return 1;
        }
    }
    return 0;
}

int report(void)
{
    uint32_t i;

    for (i = 0; i < event_count; i++) {
        if (event_all[i].part != DURING_WARMUP) {
            add_event(&event_all[i]);
        }
    }
    putchar('{');
    print_viewers();
    print_events();
    print_posts(DURING_RUN);
    print_count("post_reconnects", tally.post_reconnects);
    print_times("post_lag_ms", &tally.post_lag);
    print_cpu();
    if (options.restart) {
        print_return();
    }
    print_memory();
    printf(",\"source_addresses\":%d,\"first_error\":\"%s\",\"bad_post\":\"%s\"}\n",
           options.source_addresses, tally.error, tally.post_error);
    return is_bad();
}
