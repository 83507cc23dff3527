/* state_saver.c: when the parent writes the state file.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/state_saver.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap_mpm.h"
#include "http_core.h"

#include "boards/retained.h"
#include "boards/state_file.h"
#include "boards/store.h"

/* How long the last save waits for a lock, at a stop or restart. */
#define LAST_TRIES 100
#define LAST_PAUSE apr_time_from_msec(1)

/* All of the parent, for one configuration. */
static struct {
    const char *path;
    server_rec *server;
    apr_pool_t *process_pool;
    pid_t parent;
    apr_uint64_t beats; /* of all boards at the last look: without one, no report has come */
    apr_uint64_t changes;
    char *digits; /* states and reports of all boards at the last save, by malloc() */
    apr_size_t digits_length;
    int is_over; /* the last save of a stop is done */
} saver;

/* ---- has anything changed? ---- */

/* A sum of counters that only grow: it stands still only if all of them do. */
static apr_uint64_t sum_of(glance_sequence_e sequence)
{
    const glance_store_t *store;
    apr_uint64_t sum = 0;

    for (store = glance_store_all(); store; store = store->next) {
        sum += glance_board_latest(store->board, sequence);
    }
    return sum;
}

static char *put_digits(char *at, const glance_snapshot_t *snapshot)
{
    apr_uint32_t i;

    for (i = 0; i < snapshot->board->shard_count; i++) {
        *at++ = (char)snapshot->rows[i].state;
        *at++ = (char)snapshot->rows[i].reported;
    }
    return at;
}

/* Whether the boards hold what was saved last; takes note of what they hold. */
static int is_saved(const glance_saved_state_entry_t *entries, apr_size_t count)
{
    apr_size_t length = 0;
    apr_size_t i;
    char *digits;
    char *at;
    int same;

    for (i = 0; i < count; i++) {
        length += 2 * (apr_size_t)entries[i].snapshot->board->shard_count;
    }
    digits = at = malloc(length ? length : 1);
    if (!digits) {
        return 0;
    }
    for (i = 0; i < count; i++) {
        at = put_digits(at, entries[i].snapshot);
    }
    same = saver.digits && saver.digits_length == length && !memcmp(saver.digits, digits, length);
    free(saver.digits);
    saver.digits = digits;
    saver.digits_length = length;
    return same;
}

static void forget_saved(void)
{
    free(saver.digits);
    saver.digits = NULL;
    saver.digits_length = 0;
}

/* ---- saving ---- */

static apr_size_t count_stores(void)
{
    const glance_store_t *store;
    apr_size_t count = 0;

    for (store = glance_store_all(); store; store = store->next) {
        count++;
    }
    return count;
}

/* Copies all boards. Whatever it returns, release_entries() is due. */
static apr_status_t take_entries(glance_saved_state_entry_t *entries, apr_pool_t *pool)
{
    glance_store_t *store;
    apr_size_t i = 0;

    for (store = glance_store_all(); store; store = store->next, i++) {
        apr_status_t rv = glance_store_try_snapshot(store, &entries[i].snapshot);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        entries[i].name = glance_saved_state_name(pool, store->name);
    }
    return APR_SUCCESS;
}

static void release_entries(const glance_saved_state_entry_t *entries, apr_size_t count)
{
    apr_size_t i;

    for (i = 0; i < count; i++) {
        glance_snapshot_release(entries[i].snapshot);
    }
}

static apr_status_t write_entries(const glance_saved_state_entry_t *entries, apr_size_t count,
                                  int clean, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    glance_buffer_t *buffer = glance_saved_state_write(entries, count, now, clean, pool);
    apr_status_t rv = APR_ENOMEM;

    if (buffer) {
        rv = glance_state_file_write(saver.path, buffer, saver.server, pool);
    }
    glance_buffer_release(buffer);
    glance_counters_note_save(glance_retained_counters(), now, rv == APR_SUCCESS);
    return rv;
}

/* @return APR_SUCCESS, also if there was nothing to write; APR_EBUSY if the lock was held; the
 * system's error, which is logged. */
static apr_status_t save(int always, int clean)
{
    apr_size_t count = count_stores();
    glance_saved_state_entry_t *entries;
    apr_pool_t *pool;
    apr_status_t rv;

    apr_pool_create(&pool, NULL);
    apr_pool_tag(pool, "glance_state_saver");
    entries = apr_pcalloc(pool, (count + 1) * sizeof *entries);
    rv = take_entries(entries, pool);
    if (rv == APR_SUCCESS && (!is_saved(entries, count) || always)) {
        rv = write_entries(entries, count, clean, pool);
        if (rv != APR_SUCCESS) {
            forget_saved(); /* try again next time */
        }
    }
    release_entries(entries, count);
    apr_pool_destroy(pool);
    return rv;
}

int glance_state_saver_monitor(apr_pool_t *pool, server_rec *server)
{
    apr_uint64_t beats = sum_of(GLANCE_HEARTBEAT);
    apr_uint64_t changes = sum_of(GLANCE_CHANGE);

    (void)pool;
    (void)server;
    if (!saver.path || (saver.digits && beats == saver.beats && changes == saver.changes)) {
        return OK;
    }
    if (save(0, 0) == APR_SUCCESS) {
        /* What came since they were read is seen at the next look. */
        saver.beats = beats;
        saver.changes = changes;
    }
    return OK;
}

/* ---- the end of a configuration ---- */

static apr_status_t save_last(int clean)
{
    apr_status_t rv;
    int tries = 0;

    while ((rv = save(clean, clean)) == APR_EBUSY && ++tries < LAST_TRIES) {
        apr_sleep(LAST_PAUSE);
    }
    return rv;
}

/* Whether the MPM has come back from its work and has no children any more. A server that ends
 * because a new configuration is refused may leave the old one's children behind. */
static int is_clean_stop(void)
{
    int state = AP_MPMQ_STARTING;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* Before anything else of the process goes: its logs are still open. */
static apr_status_t end_process(void *unused)
{
    int clean = is_clean_stop();

    (void)unused;
    if (getpid() != saver.parent || saver.is_over) {
        return APR_SUCCESS;
    }
    saver.is_over = 1;
    if (save_last(clean) == APR_SUCCESS && clean) {
        glance_retained_forget_files();
    }
    forget_saved();
    return APR_SUCCESS;
}

/* Before a configuration goes, at a restart; its boards stay. The process pool must not keep a
 * pointer into code that is about to be unloaded. */
static apr_status_t end_configuration(void *unused)
{
    (void)unused;
    if (getpid() != saver.parent || saver.is_over) {
        return APR_SUCCESS;
    }
    apr_pool_cleanup_kill(saver.process_pool, &saver, end_process);
    save_last(0);
    forget_saved();
    return APR_SUCCESS;
}

void glance_state_saver_post_config(apr_pool_t *pconf, server_rec *server, const char *path)
{
    memset(&saver, 0, sizeof saver);
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG || !glance_store_all()
        || !path) {
        return;
    }
    saver.path = path;
    saver.server = server;
    saver.process_pool = server->process->pool;
    saver.parent = getpid();
    apr_pool_pre_cleanup_register(server->process->pool, &saver, end_process);
    apr_pool_pre_cleanup_register(pconf, &saver, end_configuration);
    /* At once, so that a folder that cannot be written is known before it matters. */
    save(1, 0);
}
