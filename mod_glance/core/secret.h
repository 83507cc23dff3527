/* secret.h: passphrases in the configuration and in files.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SECRET_H
#define GLANCE_CORE_SECRET_H

/** What is wrong with a secret, as a sentence that does not quote it; NULL if it is valid. */
const char *glance_secret_fault(const char *secret);

/** The next secret of a file's text, which has one a line. Skips comments and blank lines.
 * @param text is changed, and moves on; NULL at the end.
 * @param line is the number of the secret's line; begin with 0.
 * @return the secret, inside the text; NULL at the end. */
char *glance_secret_next(char **text, int *line);

#endif
