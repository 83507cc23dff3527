/* event_id.c: the ids of events, which a viewer returns as Last-Event-ID.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/event_id.h"

#include <string.h>

#define EPOCH_DIGITS 16

static void put_hex(glance_buffer_t *buffer, apr_uint64_t value)
{
    char digits[EPOCH_DIGITS];
    int i;

    for (i = EPOCH_DIGITS - 1; i >= 0; i--) {
        digits[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
    glance_buffer_put(buffer, digits, EPOCH_DIGITS);
}

void glance_event_id_put(glance_buffer_t *buffer, glance_place_t id)
{
    put_hex(buffer, id.epoch);
    glance_buffer_puts(buffer, "-");
    glance_buffer_put_number(buffer, id.seq);
}

static int hex_value(char digit)
{
    const char *place = digit ? strchr("0123456789abcdef", digit) : NULL;

    return place ? (int)(place - "0123456789abcdef") : -1;
}

int glance_event_id_parse(glance_place_t *id, const char *text)
{
    int i;

    id->epoch = 0;
    id->seq = 0;
    for (i = 0; i < EPOCH_DIGITS; i++) {
        int value = hex_value(*text++);

        if (value < 0) {
            return 0;
        }
        id->epoch = id->epoch << 4 | (apr_uint64_t)value;
    }
    if (*text++ != '-' || !*text) {
        return 0;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || id->seq > (APR_UINT64_MAX - 9) / 10) {
            return 0;
        }
        id->seq = id->seq * 10 + (apr_uint64_t)(*text - '0');
    }
    return 1;
}
