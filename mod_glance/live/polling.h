/* polling.h: the polling fallback, for viewers that the hub cannot hold: a complete response with
 * the event that the viewer needs, and the time after which it should ask again.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_POLLING_H
#define GLANCE_LIVE_POLLING_H

#include "live/stream_request.h"

/** After how many milliseconds a client should ask again: 3 to 10 s at random, and more with each
 * polled answer of this child in this second. Counts this answer. */
apr_uint32_t glance_polling_retry_ms(void);

/** Answers with the event that the viewer needs.
 * @return APR_SUCCESS; APR_ENOMEM, with nothing sent, if memory ran out or the lock failed. */
apr_status_t glance_polling_answer(request_rec *r, const glance_stream_request_t *stream);

#endif
