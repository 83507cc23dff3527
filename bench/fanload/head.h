/* head.h: the head of an HTTP response.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_HEAD_H
#define FANLOAD_HEAD_H

/* The status, or 0 for something else than a response. */
int head_status(const char *head);

/* The header's value and what follows it, or NULL. */
const char *head_find(const char *head, const char *name);

/* Whether the header begins with this, in any case. */
int head_has(const char *head, const char *name, const char *value);

#endif
