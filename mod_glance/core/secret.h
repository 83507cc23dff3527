/* secret.h: passphrases in the configuration and in files.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SECRET_H
#define GLANCE_CORE_SECRET_H

#include "apr_pools.h"

/** What is wrong with a secret, as a sentence that does not quote it; NULL if it is valid. */
const char *glance_secret_fault(const char *secret);

/** Whether every client encodes a secret the same way in a header. */
int glance_secret_is_ascii(const char *secret);

/** A secret as those clients send it that encode headers in ISO 8859-1, such as fetch() of browsers
 * and Node.js, and Python's requests.
 * @return NULL if it is ASCII, is no UTF-8, or has a character that this encoding lacks; such
 * clients refuse to send that. */
const char *glance_secret_latin1(const char *secret, apr_pool_t *pool);

/** The next secret of a file's text, which has one a line. Skips comments and blank lines.
 * @param text is changed, and moves on; NULL at the end.
 * @param line is the number of the secret's line; begin with 0.
 * @return the secret, inside the text; NULL at the end. */
char *glance_secret_next(char **text, int *line);

#endif
