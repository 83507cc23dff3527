/* glance_channel.c: what both kinds of channels have in common: the watch over the socket.
 *
 * SPDX-License-Identifier: ISC
 */
#include "glance_channel.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define SCRAP 4096
#define SCRAPS_AT_ONCE 16

static int control(glance_channel_t *channel, int operation, int hears, void *data)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLRDHUP | EPOLLET | (hears ? EPOLLIN : 0),
                                .data = {.ptr = data}};

    return epoll_ctl(channel->poll, operation, channel->socket, &event);
}

apr_status_t glance_channel_watch(glance_channel_t *channel, int poll, int hears, void *data)
{
    channel->poll = poll;
    if (control(channel, EPOLL_CTL_ADD, hears, data)) {
        channel->poll = -1;
        return apr_get_os_error();
    }
    return APR_SUCCESS;
}

void glance_channel_watch_again(glance_channel_t *channel, void *data)
{
    (void)control(channel, EPOLL_CTL_MOD, 1, data);
}

/* Below TLS too: nothing more is going to be understood. What is left over comes with the next
 * event, or is left to the system. */
int glance_channel_discard(glance_channel_t *channel)
{
    char scrap[SCRAP];
    ssize_t length;
    int i;

    for (i = 0; i < SCRAPS_AT_ONCE; i++) {
        length = recv(channel->socket, scrap, sizeof scrap, MSG_DONTWAIT);
        if (length <= 0) {
            return length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        }
    }
    return 1;
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
