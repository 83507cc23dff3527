/* secret.c: fuzzes files of passphrases.
 *
 * SPDX-License-Identifier: ISC
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *rest = text;
    char *secret;
    int before = 0;
    int line = 0;

    if (size) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    while ((secret = glance_secret_next(&rest, &line))) {
        if (secret < text || secret + strlen(secret) > text + size || strchr(secret, '\n')
            || !*secret || line <= before) {
            abort();
        }
        before = line;
        if (!glance_secret_fault(secret) && strpbrk(secret, "\r\t\x7f\x01")) {
            abort();
        }
    }
    free(text);
    return 0;
}
