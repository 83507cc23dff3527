/* passphrase_directives.c: the directives that name passphrases.
 *
 * SPDX-License-Identifier: ISC
 */
#include "http/passphrase_directives.h"

#include "apr_strings.h"

#include "core/auth.h"
#include "core/secret.h"
#include "http/config.h"

#define FILE_MAX 65536 /* bytes */

/* ---- passphrases of any directive ---- */

/* Clients encode other characters in UTF-8 (curl in most terminals) or in ISO 8859-1 (Node.js,
 * Python), or refuse to send them. */
static void warn_of_characters(const cmd_parms *cmd, const char *place)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                 GLANCE_LOGNO(
                     0002) "%s: a passphrase has characters outside of ASCII%s, which some "
                           "HTTP clients encode in another way or refuse to send: write it "
                           "with ASCII characters only, for example as 'openssl rand -hex "
                           "24' makes it",
                 cmd->cmd->name, place);
}

static void push_key(const cmd_parms *cmd, const char *secret, const char *cluster)
{
    glance_settings_t *settings = glance_config_written(cmd->server);

    if (!settings->keys) {
        settings->keys = apr_array_make(cmd->pool, 2, sizeof(glance_key_t));
    }
    APR_ARRAY_PUSH(settings->keys, glance_key_t) = (glance_key_t){secret, cluster};
}

/* Adds a passphrase for one cluster, or for all if that is NULL, in each encoding that a client may
 * send. `place` ends a sentence about it, as " (line 3 of file)". */
static const char *add_key(const cmd_parms *cmd, const char *secret, const char *cluster,
                           const char *place)
{
    const char *fault = glance_secret_fault(secret);
    const char *latin1;

    if (fault) {
        return glance_config_fault(cmd, "%s%s", fault, place);
    }
    if (!glance_secret_is_ascii(secret)) {
        warn_of_characters(cmd, place);
    }
    push_key(cmd, secret, cluster);
    latin1 = glance_secret_latin1(secret, cmd->pool);
    if (latin1) {
        push_key(cmd, latin1, cluster);
    }
    return NULL;
}

static const char *check_contradiction(const cmd_parms *cmd)
{
    const glance_settings_t *settings = glance_config_written(cmd->server);

    return settings->is_open == 1 && settings->keys
               ? glance_config_fault(cmd, GLANCE_PASSPHRASE " \"\" switches the check off, and "
                                                            "another passphrase switches it on: "
                                                            "remove one of them")
               : NULL;
}

/* Overwrites the arguments, which mod_info, -D DUMP_CONFIG and core dumps would show. */
static void hide_arguments(const cmd_parms *cmd, const char *shown)
{
    ap_directive_t *directive = (ap_directive_t *)cmd->directive;

    memset((char *)directive->args, '*', strlen(directive->args));
    directive->args = shown;
}

/* ---- GlancePassphrase, GlanceClusterPassphrase ---- */

static const char *add_general_key(const cmd_parms *cmd, const char *secret)
{
    if (*secret) {
        return add_key(cmd, secret, NULL, "");
    }
    glance_config_written(cmd->server)->is_open = 1;
    return NULL;
}

/* RAW_ARGS, since httpd's ITERATE stops at an empty argument. */
const char *glance_passphrase_directives_set(cmd_parms *cmd, void *dir, const char *arguments)
{
    const char *fault = NULL;

    (void)dir;
    if (!*arguments) {
        return glance_config_fault(cmd, "needs an argument: a passphrase, or \"\" for no check");
    }
    while (*arguments && !fault) {
        fault = add_general_key(cmd, ap_getword_conf(cmd->pool, &arguments));
    }
    hide_arguments(cmd, "(hidden)");
    return fault ? fault : check_contradiction(cmd);
}

const char *glance_passphrase_directives_set_cluster(cmd_parms *cmd, void *dir,
                                                     const char *arguments)
{
    const char *cluster = ap_getword_conf(cmd->pool, &arguments);
    const char *fault = NULL;

    (void)dir;
    if (!*cluster || !*arguments) {
        return glance_config_fault(cmd, "needs the name of a cluster, then a passphrase");
    }
    while (*arguments && !fault) {
        fault = add_key(cmd, ap_getword_conf(cmd->pool, &arguments), cluster, "");
    }
    hide_arguments(cmd, apr_psprintf(cmd->pool, "\"%s\" (hidden)", cluster));
    return fault ? fault : check_contradiction(cmd);
}

/* ---- GlancePassphraseFile ---- */

/* Root's own group may read and write the file. */
static void warn_of_permissions(const cmd_parms *cmd, const char *path, const apr_finfo_t *info)
{
    apr_fileperms_t others = APR_FPROT_WREAD | APR_FPROT_WWRITE;

    if (info->group != 0) {
        others |= APR_FPROT_GREAD | APR_FPROT_GWRITE;
    }
    if (info->protection & others) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                     GLANCE_LOGNO(0001) GLANCE_PASSPHRASE_FILE
                     ": others than its owner can %s %s: change its mode to 0600",
                     info->protection & others & (APR_FPROT_WWRITE | APR_FPROT_GWRITE) ? "change"
                                                                                       : "read",
                     path);
    }
}

/* Reads the file into `text`, which has room for FILE_MAX bytes, one more, and a NUL. */
static const char *read_text(const cmd_parms *cmd, const char *path, char *text)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t length = FILE_MAX + 1;
    apr_status_t rv;

    rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_PROT | APR_FINFO_OWNER, cmd->temp_pool);
    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        return glance_config_fault(cmd, "%s is not a regular file", path);
    }
    if (rv == APR_SUCCESS || rv == APR_INCOMPLETE) {
        rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, cmd->temp_pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, text, length, &length);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        return glance_config_fault(cmd, "cannot read %s: %pm", path, &rv);
    }
    if (length > FILE_MAX) {
        return glance_config_fault(cmd, "%s is larger than 64 KiB", path);
    }
    if (memchr(text, '\0', length)) {
        return glance_config_fault(cmd, "%s contains a NUL, which no HTTP header can carry", path);
    }
    warn_of_permissions(cmd, path, &info);
    return NULL;
}

static const char *add_lines(const cmd_parms *cmd, const char *path, char *text)
{
    const char *fault = NULL;
    int number = 0;
    int count = 0;
    char *line;

    while (!fault && (line = glance_secret_next(&text, &number))) {
        fault = add_key(cmd, line, NULL, apr_psprintf(cmd->pool, " (line %d of %s)", number, path));
        count++;
    }
    return fault || count ? fault : glance_config_fault(cmd, "%s contains no passphrase", path);
}

const char *glance_passphrase_directives_set_file(cmd_parms *cmd, void *dir, const char *argument)
{
    const char *path = ap_server_root_relative(cmd->pool, argument);
    char *text = apr_pcalloc(cmd->pool, FILE_MAX + 2);
    const char *fault;

    (void)dir;
    if (!path) {
        return glance_config_fault(cmd, "'%s' is not a valid path", argument);
    }
    fault = read_text(cmd, path, text);
    if (!fault) {
        fault = add_lines(cmd, path, text);
    }
    return fault ? fault : check_contradiction(cmd);
}
