/* glance_auth.h: who may write: the passphrase in the Authorization header.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_AUTH_H
#define GLANCE_AUTH_H

#include "apr_tables.h"

/** Whether an Authorization header holds one of the passphrases (of const char *), raw or after
 * "Bearer ". Takes a time that does not depend on how much of a passphrase was guessed.
 * @param header NULL if the request has none.
 * @param passphrases NULL if there is no check. */
int glance_auth_allows(const char *header, const apr_array_header_t *passphrases);

#endif
