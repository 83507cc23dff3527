/* handshake.c: fuzzes the headers that open a WebSocket: the key, and the lists of tokens.
 *
 * The input is a key and, behind a NUL, a list.
 *
 * SPDX-License-Identifier: ISC
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/websocket.h"

#define TOKEN "upgrade"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same by simple means. */
static int should_accept(const char *key)
{
    size_t i;

    for (i = 0; i < 22; i++) {
        if (!isalnum((unsigned char)key[i]) && key[i] != '+' && key[i] != '/') {
            return 0;
        }
    }
    return key[22] == '=' && key[23] == '=' && !key[24];
}

static void check_key(const char *key)
{
    char *accept = malloc(
        GLANCE_WEBSOCKET_ACCEPT_SIZE); /* a block of its own, for the sanitizers */
    int accepted = glance_websocket_accept(accept, key) == APR_SUCCESS;

    if (accepted != should_accept(key)
        || (accepted
            && (strlen(accept) != GLANCE_WEBSOCKET_ACCEPT_SIZE - 1
                || accept[GLANCE_WEBSOCKET_ACCEPT_SIZE - 2] != '='))) {
        abort();
    }
    free(accept);
}

/* The same by cutting a copy to pieces. */
static int should_list(const char *list, int (*compare)(const char *, const char *))
{
    char *copy = strdup(list);
    char *rest = NULL;
    char *item;
    int found = 0;

    for (item = strtok_r(copy, ", \t", &rest); item; item = strtok_r(NULL, ", \t", &rest)) {
        found |= !compare(item, TOKEN);
    }
    free(copy);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *key = malloc(size + 2);
    const char *list;

    if (size) {
        memcpy(key, data, size);
    }
    key[size] = key[size + 1] = '\0';
    list = key + strlen(key) + 1;
    check_key(key);
    if (glance_websocket_header_lists(list, TOKEN, strncmp) != should_list(list, strcmp)
        || glance_websocket_header_lists(list, TOKEN, strncasecmp)
               != should_list(list, strcasecmp)) {
        abort();
    }
    free(key);
    return 0;
}
