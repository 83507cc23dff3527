/* directives.h: the names of the directives, for the command table and the log messages.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_DIRECTIVES_H
#define GLANCE_DIRECTIVES_H

#define GLANCE_BOARD "GlanceBoard"
#define GLANCE_BOTS "GlanceBots"
#define GLANCE_MAX_VIEWERS "GlanceMaxViewers"
#define GLANCE_CLUSTER_PASSPHRASE "GlanceClusterPassphrase"
#define GLANCE_PASSPHRASE "GlancePassphrase"
#define GLANCE_PASSPHRASE_FILE "GlancePassphraseFile"
#define GLANCE_ENDPOINT "GlanceEndpoint"
#define GLANCE_HEALTH_TIMEOUT "GlanceHealthTimeout"
#define GLANCE_HEALTH_TIMER_INTERVAL "GlanceHealthTimerInterval"
#define GLANCE_STATE_FILE "GlanceStateFile"
#define GLANCE_STREAM_INTERVAL "GlanceStreamInterval"

#endif
