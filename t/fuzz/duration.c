/* duration.c: fuzzes the times of directives.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_interval_time_t most = apr_time_from_sec(7 * 24 * 3600);
    apr_interval_time_t time = -1;
    char *text = malloc(size + 1);

    if (size) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    switch (glance_duration_parse(&time, text, most)) {
    case APR_SUCCESS:
        if (time < 0 || time > most || !strchr("0123456789", *text)) {
            abort();
        }
        break;
    default:
        if (time != -1) {
            abort();
        }
    }
    free(text);
    return 0;
}
