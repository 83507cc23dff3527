/* state_saver.c: when the parent writes the state file.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/state_saver.h"

#include <string.h>
#include <unistd.h>

#include "ap_mpm.h"
#include "http_core.h"

#include "core/clock.h"
#include "boards/process.h"
#include "boards/retained.h"
#include "boards/scratch.h"
#include "boards/state_file.h"
#include "boards/store.h"

/* How long a save waits for the lock at each board. Readers of large boards hold it often, and for
 * some milliseconds. */
#define BOARD_TRIES 500
#define BOARD_PAUSE 200

/* Since the counters only grow, the sum changes if any of them does. */
static apr_uint64_t sum_of_revisions(void)
{
    const glance_store_t *store;
    apr_uint64_t sum = 0;

    for (store = glance_store_all(); store; store = store->next) {
        sum += glance_board_revision(store->board);
    }
    return sum;
}

static apr_status_t take_snapshot(glance_store_t *store, glance_snapshot_t **snapshot)
{
    apr_status_t rv;
    int tries = 0;

    while ((rv = glance_store_try_snapshot(store, snapshot)) == APR_EBUSY
           && ++tries < BOARD_TRIES) {
        glance_snapshot_release(*snapshot);
        *snapshot = NULL;
        apr_sleep(BOARD_PAUSE);
    }
    return rv;
}

/* Copies all boards. The caller releases the snapshots, whatever this returns. */
static apr_status_t take_entries(apr_array_header_t *entries)
{
    glance_store_t *store;
    apr_status_t rv = APR_SUCCESS;

    for (store = glance_store_all(); store && rv == APR_SUCCESS; store = store->next) {
        glance_saved_state_entry_t *entry = apr_array_push(entries);

        entry->name = glance_saved_state_name(entries->pool, store->name);
        rv = take_snapshot(store, &entry->snapshot);
    }
    return rv;
}

static apr_status_t write_entries(const apr_array_header_t *entries, int clean)
{
    apr_time_t now = apr_time_now();
    glance_buffer_t *text = glance_saved_state_write((void *)entries->elts,
                                                     (apr_size_t)entries->nelts, now, clean,
                                                     entries->pool);
    apr_status_t rv = APR_ENOMEM;

    if (text) {
        rv = glance_state_file_write(glance_process.saver.path, text, glance_process.saver.server,
                                     entries->pool);
    }
    glance_buffer_release(text);
    glance_counters_note_save(glance_retained_counters(), glance_clock_now(), rv == APR_SUCCESS);
    return rv;
}

static apr_status_t save_now(int clean)
{
    apr_pool_t *pool = glance_scratch_begin("glance_state_saver");
    apr_array_header_t *entries;
    apr_status_t rv;
    int i;

    entries = apr_array_make(pool, 4, sizeof(glance_saved_state_entry_t));
    rv = take_entries(entries);
    if (rv == APR_SUCCESS) {
        rv = write_entries(entries, clean);
    }
    for (i = 0; i < entries->nelts; i++) {
        glance_snapshot_release(APR_ARRAY_IDX(entries, i, glance_saved_state_entry_t).snapshot);
    }
    glance_scratch_end(pool);
    return rv;
}

/* @return APR_SUCCESS, also if the file has everything; APR_EBUSY if the lock was held; APR_ENOMEM;
 * the system's error, which is logged. */
static apr_status_t save_if_changed(void)
{
    glance_process_saver_t *saver = &glance_process.saver;
    /* Read before the boards are copied: a later change is saved the next time. */
    apr_uint64_t revision = sum_of_revisions();
    apr_status_t rv;

    if (saver->is_saved && revision == saver->revision) {
        return APR_SUCCESS;
    }
    rv = save_now(0);
    saver->is_saved = rv == APR_SUCCESS;
    saver->revision = revision;
    return rv;
}

int glance_state_saver_monitor(apr_pool_t *pool, server_rec *server)
{
    (void)pool;
    (void)server;
    if (glance_process.saver.path) {
        (void)save_if_changed();
    }
    return OK;
}

/* ---- the end of a configuration ---- */

static apr_status_t save_last(int clean)
{
    return clean ? save_now(clean) : save_if_changed();
}

/* Whether the MPM has ended its work and all of its children. A server that ends because it refuses
 * a new configuration may leave children of the old one behind. */
static int is_clean_stop(void)
{
    int state = AP_MPMQ_STARTING;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* A pre-cleanup of the process pool: the logs are still open. */
static apr_status_t end_process(void *data)
{
    glance_process_saver_t *saver = data;
    int clean = is_clean_stop();

    if (getpid() == saver->parent) {
        saver->parent = 0; /* end_configuration() follows, and has nothing to do */
        if (save_last(clean) == APR_SUCCESS && clean) {
            glance_retained_forget_files();
        }
    }
    return APR_SUCCESS;
}

/* A pre-cleanup of the configuration, at a restart: the boards still exist. The process pool must
 * not keep a pointer to code that httpd is about to unload. */
static apr_status_t end_configuration(void *data)
{
    glance_process_saver_t *saver = data;

    if (getpid() == saver->parent) {
        apr_pool_cleanup_kill(saver->process_pool, saver, end_process);
        save_last(0);
    }
    return APR_SUCCESS;
}

void glance_state_saver_post_config(apr_pool_t *pconf, server_rec *server, const char *path)
{
    glance_process_saver_t *saver = &glance_process.saver;

    memset(saver, 0, sizeof *saver);
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG || !glance_store_all()
        || !path) {
        return;
    }
    saver->path = path;
    saver->server = server;
    saver->process_pool = server->process->pool;
    saver->parent = getpid();
    apr_pool_pre_cleanup_register(saver->process_pool, saver, end_process);
    apr_pool_pre_cleanup_register(pconf, saver, end_configuration);
    /* At once, so that the log tells early if the folder cannot be written to. */
    (void)save_if_changed();
}
