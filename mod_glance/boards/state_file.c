/* state_file.c: the state file, as the admin knows it.
 *
 * SPDX-License-Identifier: ISC
 */
#include "boards/state_file.h"

#include <stdio.h>
#include <sys/stat.h>

#include "apr_sha1.h"
#include "apr_strings.h"

#include "http_core.h"

#include "directives.h"
#include "core/atomic_file.h"
#include "core/clock.h"

/* Plain data, over graceful restarts: the file is read at a start only. */
#define RETAINED_KEY "mod_glance/keep/2"

/* A file that could be neither read nor set aside. */
typedef struct {
    apr_status_t why;                         /* it cannot be read; APR_SUCCESS: there is none */
    unsigned char place[APR_SHA1_DIGESTSIZE]; /* the digest of its path */
    int is_seen;                              /* the next two are known */
    dev_t device;
    ino_t inode;
} unread_t;

/* In the parent: whether the last attempt to write failed. */
static int failing;

/* ---- what cannot be used ---- */

static void set_aside(const char *path, const char *fault, const server_rec *server,
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

static unread_t *retained_unread(void)
{
    unread_t *unread = ap_retained_data_get(RETAINED_KEY);

    return unread ? unread : ap_retained_data_create(RETAINED_KEY, sizeof *unread);
}

static void make_digest(unsigned char *digest, const char *path)
{
    apr_sha1_ctx_t sha1;

    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, path, (unsigned)strlen(path));
    apr_sha1_final(digest, &sha1);
}

/* Whether it was in that place: a reload may name another one, and later this one again. */
static int was_there(const unread_t *unread, const char *path)
{
    unsigned char place[APR_SHA1_DIGESTSIZE];

    make_digest(place, path);
    return unread->why != APR_SUCCESS && !memcmp(place, unread->place, sizeof place);
}

/* Whether the file in that place is still the one that nobody has read. It is no longer, once the
 * admin has moved it. */
static int is_unread(const unread_t *unread, const char *path)
{
    struct stat info;

    if (!was_there(unread, path)) {
        return 0;
    }
    if (lstat(path, &info) != 0) {
        return errno != ENOENT;
    }
    return !unread->is_seen || (info.st_dev == unread->device && info.st_ino == unread->inode);
}

/* What stands in another place already has not been read either. */
static int rename_to_free(const char *path, const char *aside)
{
    struct stat info;

    return lstat(aside, &info) != 0 && errno == ENOENT && rename(path, aside) == 0;
}

/* Its content may be all that is known of the shards, so it must not be written over. */
static void keep_unread(const char *path, apr_status_t why, const server_rec *server,
                        apr_pool_t *pool)
{
    const char *aside = apr_pstrcat(pool, path, ".unread", NULL);
    unread_t *unread = retained_unread();
    struct stat info;
    int is_seen = lstat(path, &info) == 0;

    if (is_seen && !S_ISREG(info.st_mode)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, why, server,
                     GLANCE_LOGNO(0105) GLANCE_STATE_FILE
                     " %s cannot be read: no states come from it",
                     path);
        return;
    }
    if (is_seen && rename_to_free(path, aside)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, why, server,
                     GLANCE_LOGNO(0108) GLANCE_STATE_FILE
                     " %s cannot be read; it is now %s, and no states come from it",
                     path, aside);
        return;
    }
    *unread = (unread_t){.why = why, .is_seen = is_seen};
    make_digest(unread->place, path);
    if (is_seen) {
        unread->device = info.st_dev;
        unread->inode = info.st_ino;
    }
}

static void log_unread(const unread_t *unread, const char *path, const server_rec *server)
{
    ap_log_error(APLOG_MARK, APLOG_ERR, unread->why, server,
                 GLANCE_LOGNO(0109) GLANCE_STATE_FILE
                 " %s cannot be read, nor set aside as %s.unread: nothing is saved, lest what it "
                 "holds be lost; move it away, and saving goes on",
                 path, path);
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
                              : "without a clean stop: viewers get a new picture");
}

/* Writes what was read once more, no longer marked as clean. */
static void spend(glance_saved_state_t *saved, const char *path, const server_rec *server,
                  apr_pool_t *pool)
{
    glance_buffer_t *text = glance_saved_state_again(saved, pool);

    if (!text || glance_state_file_write(path, text, server, pool) != APR_SUCCESS) {
        saved->clean = 0;
    }
    glance_buffer_release(text);
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
        keep_unread(path, rv, server, pool);
        return NULL;
    }
    if (glance_saved_state_read(saved, text, length, glance_clock_now(), &fault, pool)
        != APR_SUCCESS) {
        set_aside(path, fault, server, pool);
        return NULL;
    }
    if (saved->clean) {
        spend(saved, path, server, pool);
    }
    log_loaded(saved, path, server);
    return saved;
}

/* ---- writing ---- */

apr_status_t glance_state_file_write(const char *path, const glance_buffer_t *text,
                                     const server_rec *server, apr_pool_t *pool)
{
    unread_t *unread = retained_unread();
    const char *step = "";
    apr_status_t rv;

    if (is_unread(unread, path)) {
        if (!failing) {
            log_unread(unread, path, server);
        }
        failing = 1;
        return unread->why;
    }
    if (was_there(unread, path)) {
        unread->why = APR_SUCCESS;
    }
    rv = glance_atomic_file_replace(path, text->data, text->length, GLANCE_SAVED_STATE_MAX, &step,
                                    pool);
    if (rv != APR_SUCCESS && !failing) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server,
                     GLANCE_LOGNO(0106) GLANCE_STATE_FILE
                     ": cannot %s %s: states will not survive a stop; trying on",
                     step, path);
    }
    if (rv == APR_SUCCESS && failing) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                     GLANCE_LOGNO(0107) GLANCE_STATE_FILE ": %s is written again", path);
    }
    failing = rv != APR_SUCCESS;
    return rv;
}
