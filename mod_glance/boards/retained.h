/* retained.h: what all processes and all generations of the server share: the lock, the bell,
 * the counters and the boards' memory.
 *
 * It outlives graceful restarts in httpd's retained data. Nothing but glance_retained_post_config()
 * may be called before that has succeeded.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_BOARDS_RETAINED_H
#define GLANCE_BOARDS_RETAINED_H

#include "httpd_private.h"

#include "core/counters.h"
#include "boards/lock.h"
#include "boards/segment.h"

/** On the post_config hook: makes all of it, or finds what an earlier configuration has left.
 * @param is_new receives whether it is made: at a start, or where a restart brings the module.
 * @return APR_SUCCESS or the system's error. */
apr_status_t glance_retained_post_config(server_rec *server, int *is_new);

/** The lock on all boards. boards/store.c alone takes and releases it. */
glance_lock_t *glance_retained_lock(void);

/** A descriptor (eventfd) that becomes readable, edge by edge, when a board on which
 * glance_board_request_notification() was called has changed. Nobody may read it or close it. */
int glance_retained_change_fd(void);

/** What all children count. */
glance_counters_t *glance_retained_counters(void);

/** The list of the boards' memory, to find, make and drop in. For the parent process only. */
glance_segment_t **glance_retained_segments(void);

/** The lock file of a folder that boards are kept in, opened once: one for all
 * boards. For the parent process only.
 * @return APR_SUCCESS, or as glance_shm_file_open_locks(). */
apr_status_t glance_retained_locks(int *locks, const char *folder, const server_rec *server);

/** For the parent, after the last save of a clean stop: what is in the state file need not be left
 * in memory. */
void glance_retained_forget_files(void);

#endif
