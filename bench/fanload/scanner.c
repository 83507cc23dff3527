/* scanner.c: finds the numbers of events in what a viewer receives.
 *
 * SPDX-License-Identifier: ISC
 */
#include "scanner.h"

#include <string.h>

#include "options.h"

enum { PREFIX, NUMBER, SUFFIX };

/* Knuth-Morris-Pratt: how much of the prefix still matches when the byte after so many does not */
static size_t shorter[128];

static size_t advance(size_t matched, uint8_t byte)
{
    while (matched && (uint8_t)options.prefix[matched] != byte) {
        matched = shorter[matched];
    }
    return matched + ((uint8_t)options.prefix[matched] == byte);
}

void scanner_prepare(void)
{
    size_t i;

    for (i = 2; i <= options.prefix_length; i++) {
        shorter[i] = advance(shorter[i - 1], (uint8_t)options.prefix[i - 1]);
    }
}

void scanner_reset(scanner_t *scanner)
{
    scanner->state = PREFIX;
    scanner->matched = 0;
}

static void begin_number(scanner_t *scanner)
{
    scanner->state = NUMBER;
    scanner->matched = 0;
    scanner->number = 0;
    scanner->digits = 0;
}

/* Each of these returns how many bytes it has consumed. */
static size_t scan_prefix(scanner_t *scanner, const uint8_t *bytes, size_t length)
{
    size_t i = 0;

    if (!scanner->matched) {
        const uint8_t *found = memmem(bytes, length, options.prefix, options.prefix_length);

        if (found) {
            begin_number(scanner);
            return (size_t)(found - bytes) + options.prefix_length;
        }
        /* Only the last bytes can begin a prefix that the next part continues. */
        if (length >= options.prefix_length) {
            i = length - options.prefix_length + 1;
        }
    }
    while (i < length) {
        scanner->matched = advance(scanner->matched, bytes[i++]);
        if (scanner->matched == options.prefix_length) {
            begin_number(scanner);
            break;
        }
    }
    return i;
}

static size_t scan_number(scanner_t *scanner, uint8_t byte)
{
    if (byte >= '0' && byte <= '9' && scanner->digits < 19) {
        scanner->number = scanner->number * 10 + (uint64_t)(byte - '0');
        scanner->digits++;
        return 1;
    }
    scanner->state = scanner->digits ? SUFFIX : PREFIX;
    return 0;
}

static size_t scan_suffix(scanner_t *scanner, uint8_t byte, int64_t now)
{
    if (byte != (uint8_t)options.suffix[scanner->matched]) {
        scanner_reset(scanner);
        return 0;
    }
    if (++scanner->matched == options.suffix_length) {
        scanner_reset(scanner);
        event_receive(&scanner->receiver, scanner->number, now);
    }
    return 1;
}

void scanner_feed(scanner_t *scanner, const uint8_t *bytes, size_t length, int64_t now)
{
    size_t i = 0;

    while (i < length) {
        switch (scanner->state) {
        case PREFIX:
            i += scan_prefix(scanner, bytes + i, length - i);
            break;
        case NUMBER:
            i += scan_number(scanner, bytes[i]);
            break;
        default:
            i += scan_suffix(scanner, bytes[i], now);
        }
    }
}
