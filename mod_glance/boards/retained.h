/* retained.h: what all processes and all generations of the server share: the lock, the change
 * notification, the counters and the memory of the boards.
 *
 * It outlives graceful restarts in httpd's retained data. glance_retained_post_config() must
 * succeed before any other function is called.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_RETAINED_H
#define GLANCE_BOARDS_RETAINED_H

#include "httpd_private.h"

#include "core/counters.h"
#include "boards/lock.h"
#include "boards/segment.h"

/** A state file that could neither be read nor be set aside, and must not be replaced. */
typedef struct {
    const char *path; /* NULL: there is none */
    apr_status_t why; /* it could not be read */
} glance_retained_unread_t;

/** On the post_config hook: makes all of it, or finds what an earlier configuration has made.
 * @param is_new receives whether it is made: at a start, or if a restart adds the module.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_retained_post_config(server_rec *server, int *is_new);

/** The lock on all boards. Only boards/store.c takes and releases it. */
glance_lock_t *glance_retained_lock(void);

/** An eventfd that becomes readable, edge-triggered, when a board changes for which a hub has
 * called glance_board_request_notification(). Nobody may read it or close it. */
int glance_retained_change_fd(void);

/** The counters of all children. */
glance_counters_t *glance_retained_counters(void);

/* For the parent process only. */

/** The list of the boards' memory. */
glance_segment_t **glance_retained_segments(void);

/** The lock file of a folder, for all boards that are kept there. It is opened once.
 * @return APR_SUCCESS, or as glance_shm_file_open_locks(). */
apr_status_t glance_retained_locks(int *locks, const char *folder, const server_rec *server);

/** Deletes the files of the boards' memory: after the last save of a clean stop. */
void glance_retained_forget_files(void);

glance_retained_unread_t *glance_retained_unread(void);

#endif
