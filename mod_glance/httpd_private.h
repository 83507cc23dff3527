/* httpd_private.h: what every file of the module's httpd part needs.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef GLANCE_HTTPD_PRIVATE_H
#define GLANCE_HTTPD_PRIVATE_H

#include "httpd.h"

#include "ap_mmn.h"
#include "http_config.h"
#include "http_log.h"

#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 110)
#error "mod_glance needs httpd 2.4.49 or newer: without its child_stopping hook, \
streams would keep old children alive after a graceful restart"
#endif

#ifndef __linux__
#error "mod_glance needs Linux: the streams rest on epoll and eventfd"
#endif

/* Whether httpd still holds bytes for the client. conn_rec says so in httpd 2.4; what comes
 * after 2.4 asks the filters. */
#if AP_MODULE_MAGIC_AT_LEAST(20150222, 5)
#include "util_filter.h"
#define GLANCE_OUTPUT_IS_PENDING(c) ap_filter_should_yield((c)->output_filters)
#else
#define GLANCE_OUTPUT_IS_PENDING(c) ((c)->data_in_output_filters)
#endif

/* The one symbol that httpd looks up; all others stay inside. */
extern module AP_MODULE_DECLARE_DATA glance_module __attribute__((visibility("default")));

#ifdef APLOG_USE_MODULE
APLOG_USE_MODULE(glance);
#endif

/** The stable tag of a log message, GL0001 and up. Numbers are never used again. */
#define GLANCE_LOGNO(number) "GL" #number ": "

#endif
