/* glance_suspend.c: the filtered channel.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_suspend.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apr_portable.h"
#include "apr_strings.h"

#include "ap_mpm.h"
#include "http_connection.h"
#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"
#include "scoreboard.h"
#include "util_filter.h"

#include "glance_clock.h"

/* Bytes handed to the filters at once. Well below FlushMaxThreshold's usual 64 KiB, from which on
 * the core's filter waits for the client. */
#define PIECE 16384

/* How long a closed connection is kept if the MPM's thread does not show that it is done with it.
 */
#define QUARANTINE apr_time_from_sec(5)

typedef struct held_t {
    conn_rec *c;
    apr_bucket_brigade *brigade;
    glance_moment_t taken;
    struct held_t *next; /* among the closed */
} held_t;

static apr_uint32_t count;

/* Closed, not freed. */
static held_t *closed;
static pthread_mutex_t closed_mutex = PTHREAD_MUTEX_INITIALIZER;

/* ---- what the MPM can do ---- */

int glance_suspend_is_possible(const conn_rec *c)
{
    int async = 0;

    return !c->master && c->cs && !c->aborted
           && ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) == APR_SUCCESS && async;
}

apr_uint32_t glance_suspend_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

/* AsyncRequestWorkerFactor as the event MPM takes it: a fraction is cut off, 1 is the least. */
static int worker_factor(void)
{
    const ap_directive_t *directive;
    int factor = 2;

    for (directive = ap_conftree; directive; directive = directive->next) {
        if (!ap_cstr_casecmp(directive->directive, "AsyncRequestWorkerFactor")) {
            factor = atoi(directive->args);
        }
    }
    return factor < 1 ? 1 : factor;
}

apr_uint32_t glance_suspend_capacity(void)
{
    int async = 0;
    int threads = 0;

    if (ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) != APR_SUCCESS || !async
        || ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS) {
        return 0;
    }
    return (apr_uint32_t)(threads * (1 + worker_factor()));
}

static const process_score *own_score(void)
{
    static int slot = -1;
    int limit = 0;
    int i;

    if (slot < 0 && ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &limit) == APR_SUCCESS) {
        for (i = 0; i < limit && slot < 0; i++) {
            if (ap_get_scoreboard_process(i)->pid == getpid()) {
                slot = i;
            }
        }
    }
    return slot < 0 ? NULL : ap_get_scoreboard_process(slot);
}

int glance_suspend_is_choked(void)
{
    const process_score *score = own_score();

    return score && score->not_accepting;
}

/* ---- writing ---- */

static apr_status_t read_nothing(apr_bucket *bucket, const char **data, apr_size_t *length,
                                 apr_read_type_e block)
{
    (void)bucket;
    (void)block;
    *data = "";
    *length = 0;
    return APR_SUCCESS;
}

/* A bucket without meaning: behind it, mod_ssl holds nothing back to fill a record, and unlike a
 * FLUSH, it makes nobody wait. */
static const apr_bucket_type_t mark = {
    "GLANCE",
    5,
    APR_BUCKET_METADATA,
    apr_bucket_destroy_noop,
    read_nothing,
    apr_bucket_setaside_noop,
    apr_bucket_split_notimpl,
    apr_bucket_copy_notimpl,
};

static apr_bucket *make_mark(apr_bucket_alloc_t *list)
{
    apr_bucket *bucket = apr_bucket_alloc(sizeof *bucket, list);

    APR_BUCKET_INIT(bucket);
    bucket->free = apr_bucket_free;
    bucket->list = list;
    bucket->type = &mark;
    bucket->length = 0;
    bucket->start = 0;
    bucket->data = NULL;
    return bucket;
}

/* As the MPM completes its writes: called without a brigade, the core's filter sends what it has,
 * as far as the client takes it now. */
static int drain_filtered(glance_channel_t *channel)
{
    const held_t *held = channel->connection;
    ap_filter_t *core = held->c->output_filters;

    if (held->c->aborted) {
        return -1;
    }
    while (core->next) {
        core = core->next;
    }
    if (core->frec->filter_func.out_func(core, NULL) != APR_SUCCESS || held->c->aborted) {
        return -1;
    }
    return !held->c->data_in_output_filters;
}

static apr_ssize_t write_filtered(glance_channel_t *channel, const char *data, apr_size_t length)
{
    held_t *held = channel->connection;
    apr_bucket_alloc_t *list = held->c->bucket_alloc;
    int drained = drain_filtered(channel);
    apr_status_t rv;

    if (drained != 1) {
        return drained;
    }
    length = length < PIECE ? length : PIECE;
    APR_BRIGADE_INSERT_TAIL(held->brigade, apr_bucket_transient_create(data, length, list));
    APR_BRIGADE_INSERT_TAIL(held->brigade, make_mark(list));
    rv = ap_pass_brigade(held->c->output_filters, held->brigade);
    apr_brigade_cleanup(held->brigade);
    return rv != APR_SUCCESS || held->c->aborted ? -1 : (apr_ssize_t)length;
}

static apr_ssize_t read_filtered(glance_channel_t *channel, char *data, apr_size_t size)
{
    held_t *held = channel->connection;
    apr_status_t rv = ap_get_brigade(held->c->input_filters, held->brigade, AP_MODE_READBYTES,
                                     APR_NONBLOCK_READ, (apr_off_t)size);

    if (rv == APR_SUCCESS) {
        rv = apr_brigade_flatten(held->brigade, data, &size);
    }
    apr_brigade_cleanup(held->brigade);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return 0;
    }
    return rv == APR_SUCCESS && !held->c->aborted ? (apr_ssize_t)size : -1;
}

/* ---- the end ---- */

/* Sends TLS's own goodbye and the FIN. */
static void shutdown_filtered(glance_channel_t *channel)
{
    held_t *held = channel->connection;

    if (!held->c->aborted) {
        ap_flush_conn(held->c);
    }
    (void)shutdown(channel->socket, SHUT_WR);
}

static void close_filtered(glance_channel_t *channel)
{
    held_t *held = channel->connection;

    glance_channel_unwatch(channel);
    shutdown_filtered(channel);
    held->c->aborted = 1;
    pthread_mutex_lock(&closed_mutex);
    held->next = closed;
    closed = held;
    pthread_mutex_unlock(&closed_mutex);
    __atomic_sub_fetch(&count, 1, __ATOMIC_RELAXED);
}

/* The MPM's thread calls our hook, and then writes to the connection twice more: first it clears
 * `sbh`. Once it has also left the state that it had for this request, it is past the second. */
static int is_released(const held_t *held, glance_moment_t now)
{
    const worker_score *score;
    int threads = 0;

    if (now - held->taken > QUARANTINE) {
        return 1;
    }
    if (__atomic_load_n(&held->c->sbh, __ATOMIC_ACQUIRE)
        || ap_mpm_query(AP_MPMQ_HARD_LIMIT_THREADS, &threads) != APR_SUCCESS || !threads) {
        return 0;
    }
    score = ap_get_scoreboard_worker_from_indexes((int)(held->c->id / threads),
                                                  (int)(held->c->id % threads));
    return !score || score->status != SERVER_BUSY_WRITE;
}

static void bury(held_t *held)
{
    conn_rec *c = held->c;

    (void)apr_socket_close(ap_get_conn_socket(c));
    /* What the MPM counted it as, and now counts off. */
    c->cs->state = CONN_STATE_SUSPENDED;
    apr_pool_destroy(c->pool);
}

/* Takes those out that can be freed; counts those that cannot yet. */
static held_t *take_released(glance_moment_t now, int *left)
{
    held_t *released = NULL;
    held_t **link;

    pthread_mutex_lock(&closed_mutex);
    for (link = &closed; *link;) {
        held_t *held = *link;

        if (is_released(held, now)) {
            *link = held->next;
            held->next = released;
            released = held;
        }
        else {
            link = &held->next;
            ++*left;
        }
    }
    pthread_mutex_unlock(&closed_mutex);
    return released;
}

int glance_suspend_bury(glance_moment_t now)
{
    int left = 0;
    held_t *held = glance_suspend_closed() ? take_released(now, &left) : NULL;

    while (held) {
        held_t *next = held->next;

        bury(held);
        held = next;
    }
    return left;
}

int glance_suspend_closed(void)
{
    return __atomic_load_n(&closed, __ATOMIC_ACQUIRE) != NULL;
}

static const glance_channel_kind_t filtered = {"filtered",     1,
                                               write_filtered, drain_filtered,
                                               read_filtered,  shutdown_filtered,
                                               close_filtered};

/* ---- the beginning ---- */

apr_status_t glance_suspend_take(glance_channel_t *channel, conn_rec *c, request_rec *r)
{
    apr_socket_t *socket = ap_get_conn_socket(c);
    apr_os_sock_t descriptor;
    held_t *held;

    if (!c->cs || c->cs->state != CONN_STATE_SUSPENDED || !r
        || apr_os_sock_get(&descriptor, socket) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    held = apr_pcalloc(c->pool, sizeof *held);
    held->c = c;
    held->taken = glance_clock_now();
    held->brigade = apr_brigade_create(c->pool, c->bucket_alloc);
    /* What is freed from here on goes back to the system, not to the connection's allocator; first
     * of all the request, half of what a held stream would take. */
    apr_allocator_max_free_set(apr_pool_allocator_get(c->pool), 1);
    ap_finalize_request_protocol(r);
    ap_process_request_after_handler(r);
    c->cs->state = CONN_STATE_SUSPENDED;
    apr_socket_timeout_set(socket, 0);
    __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
    *channel = (glance_channel_t){.kind = &filtered,
                                  .socket = descriptor,
                                  .poll = -1,
                                  .connection = held};
    return APR_SUCCESS;
}
