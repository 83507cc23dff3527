/* secret.h: passphrases as an admin writes them down.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_CORE_SECRET_H
#define GLANCE_CORE_SECRET_H

/** What is wrong with a secret, as a sentence that does not show it; NULL if nothing is. */
const char *glance_secret_fault(const char *secret);

/** Takes the next secret out of a file's text, one a line, without comments and blank lines.
 * @param text moves on; NULL once all is read. The secret stays where it is, terminated.
 * @param line is counted up; begin with 0.
 * @return NULL if there is no more. */
char *glance_secret_next(char **text, int *line);

#endif
