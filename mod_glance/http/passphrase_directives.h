/* passphrase_directives.h: the directives that name passphrases.
 *
 * The arguments are hidden from mod_info and -D DUMP_CONFIG once they are read. No message shows
 * a passphrase.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_PASSPHRASE_DIRECTIVES_H
#define GLANCE_HTTP_PASSPHRASE_DIRECTIVES_H

#include "httpd_private.h"

/* Setters for the table of directives: they return NULL, or what is wrong. */

/** GlancePassphrase */
const char *glance_passphrase_directives_set(cmd_parms *cmd, void *dir, const char *arguments);

/** GlanceClusterPassphrase */
const char *glance_passphrase_directives_set_cluster(cmd_parms *cmd, void *dir,
                                                     const char *arguments);

/** GlancePassphraseFile */
const char *glance_passphrase_directives_set_file(cmd_parms *cmd, void *dir, const char *argument);

#endif
