/* scanner.h: finds the numbers of events in what a viewer receives.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_SCANNER_H
#define FANLOAD_SCANNER_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"

/* Zeroed at first, but for its receiver. */
typedef struct {
    receiver_t receiver;
    int state;
    size_t matched; /* bytes of the prefix or suffix */
    int digits;
    uint64_t number;
} scanner_t;

/* Prepares the search for the pattern of the options. */
void scanner_prepare(void);

/* The parts of a text may be cut anywhere. */
void scanner_feed(scanner_t *scanner, const uint8_t *bytes, size_t length, int64_t now);

/* A new text begins. */
void scanner_reset(scanner_t *scanner);

#endif
