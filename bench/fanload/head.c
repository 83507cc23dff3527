/* head.c: the head of an HTTP response.
 *
 * SPDX-License-Identifier: ISC
 */
#include "head.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int head_status(const char *head)
{
    const char *status = strncmp(head, "HTTP/1.", 7) ? NULL : strchr(head, ' ');

    return status ? atoi(status) : 0;
}

const char *head_find(const char *head, const char *name)
{
    size_t length = strlen(name);
    const char *line;

    for (line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        if (!strncasecmp(line + 2, name, length) && line[2 + length] == ':') {
            line += 3 + length;
            return line + strspn(line, " ");
        }
    }
    return NULL;
}

int head_has(const char *head, const char *name, const char *value)
{
    const char *found = head_find(head, name);

    return found && !strncasecmp(found, value, strlen(value));
}
