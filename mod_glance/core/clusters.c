/* clusters.c: the list of clusters an admin declares.
 *
 * SPDX-License-Identifier: ISC
 */
#include "core/clusters.h"

#include <string.h>

#include <jansson.h>

#include "apr_lib.h"
#include "apr_strings.h"

static int is_utf8(const char *bytes, apr_size_t length)
{
    json_t *string = json_stringn(bytes, length);

    json_decref(string);
    return string != NULL;
}

/* C1 controls are the two bytes C2 80 to C2 9F in UTF-8. */
static int has_control(const char *name)
{
    const unsigned char *at;

    for (at = (const unsigned char *)name; *at; at++) {
        if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)) {
            return 1;
        }
    }
    return 0;
}

/* Invisible characters: U+200B to U+200F, U+202A to U+202E, U+2060 to U+2064, U+FEFF. */
static int has_invisible(const char *name)
{
    const unsigned char *at;

    for (at = (const unsigned char *)name; *at; at++) {
        if ((at[0] == 0xe2 && at[1] == 0x80
             && ((at[2] >= 0x8b && at[2] <= 0x8f) || (at[2] >= 0xaa && at[2] <= 0xae)))
            || (at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa0 && at[2] <= 0xa4)
            || (at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf)) {
            return 1;
        }
    }
    return 0;
}

/* What is wrong with a name, as the end of a sentence, or NULL. */
static const char *name_fault(const char *name)
{
    apr_size_t length = strlen(name);

    if (length == 0) {
        return "has no name before the colon";
    }
    if (length > GLANCE_CLUSTER_NAME_MAX) {
        return "has a name of more than 64 bytes";
    }
    if (strchr(name, ':')) {
        return "has two colons; clusters are separated by ';', or by blanks outside quotes";
    }
    if (strchr(name, '/')) {
        return "has a name with a slash, which does not fit in a URL's path";
    }
    if (apr_isspace(name[0]) || apr_isspace(name[length - 1])) {
        return "has a name that begins or ends with a blank";
    }
    if (!strcmp(name, ".") || !strcmp(name, "..")) {
        return "has a name that means a folder in a URL";
    }
    if (has_control(name) || has_invisible(name)) {
        return "has a name with a control character or an invisible character";
    }
    return is_utf8(name, length) ? NULL : "has a name that is not UTF-8";
}

/* Reads 1 to GLANCE_CLUSTER_SHARDS_MAX in plain decimal digits; 0 for all else. */
static apr_uint32_t read_shards(const char *digits)
{
    apr_uint32_t value = 0;
    const char *at;

    for (at = digits; *at; at++) {
        if (!apr_isdigit(*at)) {
            return 0;
        }
        value = value * 10 + (apr_uint32_t)(*at - '0');
        if (value > GLANCE_CLUSTER_SHARDS_MAX) {
            return 0;
        }
    }
    return value;
}

static const glance_cluster_t *find(const apr_array_header_t *clusters, const char *name)
{
    int i;

    for (i = 0; i < clusters->nelts; i++) {
        const glance_cluster_t *cluster = &APR_ARRAY_IDX(clusters, i, glance_cluster_t);

        if (!strcmp(cluster->name, name)) {
            return cluster;
        }
    }
    return NULL;
}

static const char *add_one(apr_array_header_t *clusters, char *word, apr_pool_t *pool)
{
    char *colon = strrchr(word, ':');
    const char *fault;
    apr_uint32_t shards;
    glance_cluster_t *cluster;

    if (!colon) {
        return apr_psprintf(pool, "'%s' is not name:shards, as in main:60", word);
    }
    shards = read_shards(colon + 1);
    if (!shards) {
        return apr_psprintf(pool, "'%s' needs a number of shards from 1 to %d after the colon",
                            word, GLANCE_CLUSTER_SHARDS_MAX);
    }
    fault = name_fault(apr_pstrmemdup(pool, word, (apr_size_t)(colon - word)));
    if (fault) {
        return apr_psprintf(pool, "'%s' %s", word, fault);
    }
    *colon = '\0';
    if (find(clusters, word)) {
        return apr_psprintf(pool, "'%s' is named twice; give each cluster a name of its own", word);
    }
    cluster = apr_array_push(clusters);
    cluster->name = word;
    cluster->shards = shards;
    return NULL;
}

static char *trim(char *word)
{
    char *end;

    while (apr_isspace(*word)) {
        word++;
    }
    for (end = word + strlen(word); end > word && apr_isspace(end[-1]); end--) {
        end[-1] = '\0';
    }
    return word;
}

const char *glance_clusters_add(apr_array_header_t *clusters, const char *argument,
                                apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, argument);
    char *part;

    /* apr_strtok skips empty parts. */
    for (part = apr_strtok(rest, ";", &rest); part; part = apr_strtok(NULL, ";", &rest)) {
        char *word = trim(part);
        const char *fault = *word ? add_one(clusters, word, pool) : NULL;

        if (fault) {
            return fault;
        }
    }
    return NULL;
}

int glance_clusters_equal(const apr_array_header_t *one, const apr_array_header_t *other)
{
    int i;

    if (one->nelts != other->nelts) {
        return 0;
    }
    for (i = 0; i < one->nelts; i++) {
        const glance_cluster_t *a = &APR_ARRAY_IDX(one, i, glance_cluster_t);
        const glance_cluster_t *b = &APR_ARRAY_IDX(other, i, glance_cluster_t);

        if (a->shards != b->shards || strcmp(a->name, b->name) != 0) {
            return 0;
        }
    }
    return 1;
}
