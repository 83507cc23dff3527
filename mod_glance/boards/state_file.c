/* state_file.c: the state file: reading, setting aside, replacing.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/state_file.h"

#include <stdio.h>
#include <sys/stat.h>

#include "apr_strings.h"

#include "http_core.h"

#include "directives.h"
#include "core/atomic_file.h"
#include "boards/process.h"
#include "boards/retained.h"

static int exists(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 || errno != ENOENT;
}

/* ---- setting aside ---- */

static void set_damaged_aside(const char *path, const char *fault, const server_rec *server,
                              apr_pool_t *pool)
{
    const char *aside = apr_pstrcat(pool, path, ".damaged", NULL);

    if (rename(path, aside) == 0) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     GLANCE_LOGNO(0101) GLANCE_STATE_FILE
                     " %s cannot be used: %s; it is now %s, and no states come from it",
                     path, fault, aside);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, apr_get_os_error(), server,
                 GLANCE_LOGNO(0102) GLANCE_STATE_FILE
                 " %s cannot be used: %s; it cannot be set aside, and no states come from it",
                 path, fault);
}

static int is_no_file(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

/* The only copy of the states may be in a file that cannot be read: it must not be replaced, nor
 * replace another one that was set aside before. */
static void set_unread_aside(const char *path, apr_status_t why, const server_rec *server,
                             apr_pool_t *pool)
{
    const char *aside = apr_pstrcat(pool, path, ".unread", NULL);

    if (is_no_file(path)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, why, server,
                     GLANCE_LOGNO(0105) GLANCE_STATE_FILE
                     " %s cannot be read: no states come from it",
                     path);
    }
    else if (!exists(aside) && rename(path, aside) == 0) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, why, server,
                     GLANCE_LOGNO(0108) GLANCE_STATE_FILE
                     " %s cannot be read; it is now %s, and no states come from it",
                     path, aside);
    }
    else {
        glance_retained_unread_t *unread = glance_retained_unread();

        unread->path = apr_pstrdup(server->process->pool, path);
        unread->why = why;
    }
}

/* Whether a file that must not be replaced is still there. A reload may have named another path,
 * and then this one again. */
static int is_unread(const char *path)
{
    glance_retained_unread_t *unread = glance_retained_unread();

    if (!unread->path || strcmp(unread->path, path) != 0) {
        return 0;
    }
    if (!exists(path)) {
        unread->path = NULL;
    }
    return unread->path != NULL;
}

/* ---- reading ---- */

static void log_loaded(const glance_saved_state_t *saved, const char *path,
                       const server_rec *server)
{
    char when[APR_RFC822_DATE_LEN];

    apr_rfc822_date(when, saved->saved);
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, server,
                 GLANCE_LOGNO(0103) GLANCE_STATE_FILE " %s of %s: %" APR_UINT64_T_FMT " shards, %s",
                 path, when, saved->shards,
                 saved->clean ? "after a clean stop"
                              : "without a clean stop: viewers start with a new hello");
}

const glance_saved_state_t *glance_state_file_load(const char *path, const server_rec *server,
                                                   apr_pool_t *pool)
{
    glance_saved_state_t *saved = apr_pcalloc(pool, sizeof *saved);
    const char *fault = NULL;
    apr_size_t length = 0;
    char *text = NULL;
    apr_status_t rv;

    if (!path) {
        return NULL;
    }
    rv = glance_atomic_file_read(path, GLANCE_SAVED_STATE_MAX, &text, &length, pool);
    if (APR_STATUS_IS_ENOENT(rv)) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, server,
                     GLANCE_LOGNO(0104) GLANCE_STATE_FILE
                     " %s does not exist yet: no states come from it",
                     path);
        return NULL;
    }
    if (rv != APR_SUCCESS) {
        set_unread_aside(path, rv, server, pool);
        return NULL;
    }
    if (glance_saved_state_read(saved, text, length, &fault, pool) != APR_SUCCESS) {
        set_damaged_aside(path, fault, server, pool);
        return NULL;
    }
    log_loaded(saved, path, server);
    return saved;
}

/* ---- writing ---- */

static void log_failure(const char *path, const char *step, apr_status_t rv,
                        const server_rec *server)
{
    if (step) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server,
                     GLANCE_LOGNO(0106) GLANCE_STATE_FILE
                     ": cannot %s %s: states will not survive a stop; trying again",
                     step, path);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR, rv, server,
                 GLANCE_LOGNO(0109) GLANCE_STATE_FILE
                 " %s cannot be read, nor be set aside as %s.unread: nothing is saved, so that its "
                 "content is not lost; move it away, and saving continues",
                 path, path);
}

apr_status_t glance_state_file_write(const char *path, const glance_buffer_t *text,
                                     const server_rec *server, apr_pool_t *pool)
{
    const char *step = NULL;
    apr_status_t rv;

    if (is_unread(path)) {
        rv = glance_retained_unread()->why;
    }
    else {
        rv = glance_atomic_file_replace(path, text->data, text->length, GLANCE_SAVED_STATE_MAX,
                                        &step, pool);
    }
    if (rv != APR_SUCCESS && !glance_process.is_failing) {
        log_failure(path, step, rv, server);
    }
    if (rv == APR_SUCCESS && glance_process.is_failing) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                     GLANCE_LOGNO(0107) GLANCE_STATE_FILE ": %s is written again", path);
    }
    glance_process.is_failing = rv != APR_SUCCESS;
    return rv;
}
