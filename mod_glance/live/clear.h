/* clear.h: a connection without TLS.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_LIVE_CLEAR_H
#define GLANCE_LIVE_CLEAR_H

#include "live/connection.h"

extern const glance_connection_ops_t glance_clear_ops;

#endif
