/* polling.h: the polling fallback, for viewers that are not held: the stream's events as a
 * complete answer, and when to ask again.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_POLLING_H
#define GLANCE_LIVE_POLLING_H

#include "live/stream_request.h"

/** In how many milliseconds a client is to ask again: 3 to 10 s, the longer the more of them this
 * child has answered within a second, and spread at random. Counts this one. */
apr_uint32_t glance_polling_retry_ms(void);

/** Answers with what the viewer does not know yet.
 * @return APR_SUCCESS; APR_ENOMEM or the lock's error, with nothing sent. */
apr_status_t glance_polling_answer(request_rec *r, const glance_stream_request_t *stream);

#endif
