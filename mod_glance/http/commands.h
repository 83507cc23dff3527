/* commands.h: the directives, as httpd parses them.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTP_COMMANDS_H
#define GLANCE_HTTP_COMMANDS_H

#include "httpd_private.h"

/** The table of directives. Each setter returns NULL, or what is wrong, with the directive's name:
 * httpd then refuses the configuration. */
extern const command_rec glance_commands[];

#endif
