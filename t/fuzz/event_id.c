/* event_id.c: fuzzes the parser of Last-Event-ID.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/event_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An id that is accepted is written back the same, except zeroes at the start of the number. */
static void check(const glance_place_t *id, const char *text)
{
    glance_buffer_t *written = glance_buffer_make(0);

    glance_event_id_put(written, *id);
    if (memcmp(written->data, text, 17) != 0) {
        abort();
    }
    glance_buffer_release(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    glance_place_t id;

    memcpy(text, data, size);
    text[size] = '\0';
    if (glance_event_id_parse(&id, text)) {
        check(&id, text);
    }
    free(text);
    return 0;
}
