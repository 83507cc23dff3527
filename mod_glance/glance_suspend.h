/* glance_suspend.h: the filtered channel: a connection that httpd's event MPM has suspended,
 * written through its output filters, as TLS needs.
 *
 * The only file that knows SUSPENDED and the MPM's state of a connection. httpd 2.4 has no way to
 * give such a connection back, so this ends it too.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_SUSPEND_H
#define GLANCE_SUSPEND_H

#include "glance_channel.h"

/** Whether a handler may answer SUSPENDED on this connection, with some hope. */
int glance_suspend_is_possible(const conn_rec *c);

/** On the suspend_connection hook, last of all: ends the request, which is logged, and takes the
 * connection over. httpd's thread goes on to its next job.
 * @return APR_SUCCESS; APR_EINVAL if the MPM keeps the connection, for it was suspended for another
 * reason. */
apr_status_t glance_suspend_take(glance_channel_t *channel, conn_rec *c, request_rec *r);

/** Frees the connections that were closed, as soon as the MPM cannot touch them any more. The hub
 * thread's alone. @return how many are left. */
int glance_suspend_bury(glance_moment_t now);

/** Whether there are closed connections to bury. */
int glance_suspend_closed(void);

/** How many connections of this kind the process has, buried ones not counted. */
apr_uint32_t glance_suspend_count(void);

/** How many such connections the MPM lets a process hold before it stops accepting, or 0 if it
 * cannot hold any. From the live configuration. */
apr_uint32_t glance_suspend_capacity(void);

/** Whether the MPM has stopped accepting new connections in this process. */
int glance_suspend_is_choked(void);

#endif
