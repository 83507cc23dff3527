/* passphrases.h: whether a request has a passphrase that opens its cluster.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_PASSPHRASES_H
#define GLANCE_HTTP_PASSPHRASES_H

#include "httpd_private.h"

/** Whether the Authorization header of a POST has a passphrase for the cluster in the path. The
 * path is not parsed yet: a sender without the right passphrase learns nothing about it.
 * @param rest the path after the endpoint's, "/<cluster>/...". */
int glance_passphrases_allow(const request_rec *r, const char *rest);

/** Answers 401, and logs that, at most once a minute and child. @return what the handler returns.
 */
int glance_passphrases_refuse(request_rec *r);

#endif
