/* secret.c: passphrases in the configuration and in files.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/secret.h"

#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

/* Some editors write this invisible mark at the beginning of a file. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

const char *glance_secret_fault(const char *secret)
{
    const char *at;

    if (!*secret) {
        return "a passphrase is empty";
    }
    for (at = secret; *at; at++) {
        if (apr_iscntrl(*at)) {
            return "a passphrase has a control character, which no HTTP header can carry";
        }
    }
    if (apr_isspace(secret[0]) || apr_isspace(at[-1])) {
        return "a passphrase begins or ends with a blank, which an HTTP header loses";
    }
    return NULL;
}

int glance_secret_is_ascii(const char *secret)
{
    while (*secret && (unsigned char)*secret < 0x80) {
        secret++;
    }
    return !*secret;
}

/* In UTF-8, the characters 0x80 to 0xff are two bytes: 0xc2 or 0xc3, then 0x80 to 0xbf. */
const char *glance_secret_latin1(const char *secret, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, secret);
    const unsigned char *in = (const unsigned char *)secret;
    char *out = copy;

    while (*in) {
        if (*in < 0x80) {
            *out++ = (char)*in++;
        }
        else if ((*in == 0xc2 || *in == 0xc3) && (in[1] & 0xc0) == 0x80) {
            *out++ = (char)((in[0] & 0x03) << 6 | (in[1] & 0x3f));
            in += 2;
        }
        else {
            return NULL;
        }
    }
    *out = '\0';
    return glance_secret_is_ascii(secret) ? NULL : copy;
}

static int is_blank_or_comment(const char *line)
{
    line += strspn(line, " \t");
    return !*line || *line == '#';
}

static char *take_line(char **text)
{
    char *line = *text;
    char *end = line + strcspn(line, "\n");

    *text = *end ? end + 1 : NULL;
    *end = '\0';
    if (end > line && end[-1] == '\r') {
        end[-1] = '\0';
    }
    return line;
}

char *glance_secret_next(char **text, int *line)
{
    if (*text && !*line && !strncmp(*text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK))) {
        *text += strlen(BYTE_ORDER_MARK);
    }
    while (*text) {
        char *taken = take_line(text);

        ++*line;
        if (!is_blank_or_comment(taken)) {
            return taken;
        }
    }
    return NULL;
}
