/* options.h: the command line.
 *
 * SPDX-License-Identifier: ISC
 */
#ifndef FANLOAD_OPTIONS_H
#define FANLOAD_OPTIONS_H

#include <netinet/in.h>
#include <stddef.h>

typedef struct {
    struct sockaddr_in address;
    char host[64]; /* with its port, for the Host header */
    char path[1024];
    int is_tls;
} url_t;

typedef struct {
    url_t url;
    url_t post;
    int is_websocket;
    int viewers;
    int source_addresses;
    double ramp; /* viewers a second; 0: unpaced */
    double rate; /* POSTs a second */
    double seconds, warmup, settle, drain;
    const char *body;   /* NULL: POSTs without a body */
    int mod, kmod;      /* %I% and %K% wrap there */
    const char *prefix; /* an event's number stands between these two */
    const char *suffix;
    size_t prefix_length, suffix_length;
    char headers[2048]; /* of the viewers' requests */
    int tree;           /* measure this process and its descendants; 0: none */
    int restart;        /* restart this httpd at the end of the run; 0: none */
    int full_handshakes;
} options_t;

extern options_t options;

/* Fills in the options, or exits: with 2 and a message for wrong ones, with 0 after --help. */
void options_parse(int argc, char **argv);

#endif
