/* httpd_private.h: what every file outside core/ needs of httpd.
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
#error "mod_glance needs Linux: the hub uses epoll and eventfd"
#endif

/* Whether httpd still buffers bytes for the client. httpd 2.4 keeps that in conn_rec; later
 * versions ask the output filters. */
#if AP_MODULE_MAGIC_AT_LEAST(20150222, 5)
#include "util_filter.h"
#define GLANCE_OUTPUT_IS_PENDING(c) ap_filter_should_yield((c)->output_filters)
#else
#define GLANCE_OUTPUT_IS_PENDING(c) ((c)->data_in_output_filters)
#endif

/* The only exported symbol: httpd looks it up. */
extern module AP_MODULE_DECLARE_DATA glance_module __attribute__((visibility("default")));

#ifdef APLOG_USE_MODULE
APLOG_USE_MODULE(glance);
#endif

/** The stable tag of a log message, GL0001 and up. Numbers are never reused. */
#define GLANCE_LOGNO(number) "GL" #number ": "

#endif
