/* path.c: the rest of a URL's path.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/path.h"

#include "tap.h"

/* What a path parses to, as text. */
static const char *parsed(const char *path)
{
    static char text[400];
    glance_path_t parts;

    if (glance_path_parse(&parts, path) != APR_SUCCESS) {
        return "no";
    }
    switch (parts.depth) {
    case 0:
        return "all";
    case 1:
        snprintf(text, sizeof text, "[%.*s]", (int)parts.cluster_length, parts.cluster);
        break;
    case 2:
        snprintf(text, sizeof text, "[%.*s] %d", (int)parts.cluster_length, parts.cluster,
                 parts.id);
        break;
    default:
        snprintf(text, sizeof text, "[%.*s] %d %d", (int)parts.cluster_length, parts.cluster,
                 parts.id, parts.state);
    }
    return text;
}

int main(void)
{
    static const char *const cases[][2] = {
        {"", "all"},
        {"/", "all"},
        {"/main", "[main]"},
        {"/main/", "[main]"},
        {"/my bot/", "[my bot]"},
        {"/17", "[17]"},
        {"/main/17", "[main] 17"},
        {"/main/17/", "[main] 17"},
        {"/main/17/3", "[main] 17 3"},
        {"/main/17/3/", "[main] 17 3"},
        {"/main/007/03", "[main] 7 3"},
        {"/main/2147483647", "[main] 2147483647"},
        {"/main/2147483648", "[main] -1"},
        {"/main/18446744073709551616", "[main] -1"},
        {"/main/99999999999999999999999999", "[main] -1"},
        {"/main/-1", "[main] -1"},
        {"/main/-0", "[main] -1"},
        {"/main/1/-3", "[main] 1 -1"},
        {"/main/1/9", "[main] 1 9"},
        {"//", "no"},
        {"/main//", "no"},
        {"//1/3", "no"},
        {"/main//3", "no"},
        {"/main/17/3//", "no"},
        {"/main/17/3/4", "no"},
        {"/main/+3", "no"},
        {"/main/1e1", "no"},
        {"/main/0x1", "no"},
        {"/main/ 1", "no"},
        {"/main/1 ", "no"},
        {"/main/-", "no"},
        {"/main/--1", "no"},
        {"/main/1.0", "no"},
        {"/main/\xd9\xa1", "no"},
        {"/main/1/x", "no"},
        {"main", "no"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is(parsed(cases[i][0]), cases[i][1], cases[i][0]);
    }
    return done_testing();
}
