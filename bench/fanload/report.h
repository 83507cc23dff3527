/* report.h: the result as one line of JSON.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_REPORT_H
#define FANLOAD_REPORT_H

/* Prints it. Returns 1 if a viewer failed, an event was lost or came twice, a POST was refused or
 * not all viewers came back; else 0. */
int report(void);

#endif
