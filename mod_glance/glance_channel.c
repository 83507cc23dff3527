/* glance_channel.c: what both kinds of channels have in common: the watch over the socket.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_channel.h"

#include <sys/epoll.h>

apr_status_t glance_channel_watch(glance_channel_t *channel, int poll, void *data)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = data}};

    if (epoll_ctl(poll, EPOLL_CTL_ADD, channel->socket, &event)) {
        return apr_get_os_error();
    }
    channel->poll = poll;
    return APR_SUCCESS;
}

/* Not left to close(): a process that some module just forked may still share the socket, and
 * epoll would go on reporting it. */
void glance_channel_unwatch(glance_channel_t *channel)
{
    if (channel->poll >= 0) {
        (void)epoll_ctl(channel->poll, EPOLL_CTL_DEL, channel->socket, NULL);
        channel->poll = -1;
    }
}
