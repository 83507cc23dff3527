/* options.c: the command line.
 *
 * SPDX-License-Identifier: ISC
 */
#include "options.h"

#include <err.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

#define LONGEST 600
#define RETURN_TIMEOUT 120

options_t options = {.viewers = 1,
                     .ramp = 4000,
                     .rate = 1,
                     .seconds = 5,
                     .warmup = 1,
                     .settle = 1,
                     .drain = 5,
                     .mod = 1000000,
                     .kmod = 7};

static const char help[] =
    "fanload --url URL --post URL --pattern TEXT [options]\n"
    "  --url URL           of the stream or feed: http, https, ws or wss, on 127.0.0.0/8.\n"
    "                      TLS accepts any certificate. All viewers but the first resume its\n"
    "                      session, or none with --full-handshakes\n"
    "  --mode sse|ws       default sse\n"
    "  --viewers N         default 1\n"
    "  --ramp N            new viewers a second, default 4000; 0 is as fast as possible\n"
    "  --header 'X: y'     further header of the viewers' requests; may be repeated\n"
    "  --post URL          one POST for each event; --body TEXT gives it a body.\n"
    "                      %I% stands for n modulo --mod, %K% for (n / mod) modulo --kmod\n"
    "  --pattern TEXT      how viewers find an event: text before and after %I%\n"
    "  --rate N            POSTs a second, default 1\n"
    "  --warmup S          seconds of events that do not count, default 1\n"
    "  --seconds S         seconds of events that count, default 5\n"
    "  --settle S          between the last new viewer and the first event, default 1\n"
    "  --drain S           wait at most so long for the last events, default 5\n"
    "  --restart PID       at the end, send SIGUSR1 to PID. Viewers come back as EventSource\n"
    "                      does. Events go on until all are back, for 120 s at most\n"
    "  --rss-tree PID      measure processor time and memory of PID and its descendants\n"
    "Prints one line of JSON. Processor time is from the end of the warm-up to the end of the drain.";

static void parse_address(url_t *url)
{
    char host[sizeof url->host];
    char *colon;

    memcpy(host, url->host, sizeof host);
    colon = strchr(host, ':');
    if (colon) {
        *colon = '\0';
    }
    url->address.sin_family = AF_INET;
    url->address.sin_port = htons((uint16_t)(colon ? atoi(colon + 1) : url->is_tls ? 443 : 80));
    if (inet_pton(AF_INET, host, &url->address.sin_addr) != 1
        || (ntohl(url->address.sin_addr.s_addr) >> 24) != IN_LOOPBACKNET) {
        errx(2, "only addresses of 127.0.0.0/8: %s", host);
    }
}

static void parse_url(const char *text, url_t *url)
{
    const char *host = strstr(text, "://");
    size_t length;

    url->is_tls = !strncmp(text, "https://", 8) || !strncmp(text, "wss://", 6);
    if (!host
        || (!url->is_tls && strncmp(text, "http://", 7) != 0 && strncmp(text, "ws://", 5) != 0)) {
        errx(2, "not a http, https, ws or wss URL: %s", text);
    }
    host += 3;
    length = strcspn(host, "/");
    if (length >= sizeof url->host) {
        errx(2, "host too long: %s", text);
    }
    snprintf(url->host, sizeof url->host, "%.*s", (int)length, host);
    snprintf(url->path, sizeof url->path, "%s", host[length] ? host + length : "/");
    parse_address(url);
}

static void take_pattern(char *text)
{
    char *number = strstr(text, "%I%");

    if (!number || number == text || !number[3]) {
        errx(2, "--pattern needs text, %%I%% and text");
    }
    *number = '\0';
    options.prefix = text;
    options.prefix_length = (size_t)(number - text);
    options.suffix = number + 3;
    options.suffix_length = strlen(options.suffix);
}

static void take_mode(char *mode)
{
    options.is_websocket = !strcmp(mode, "ws");
    if (!options.is_websocket && strcmp(mode, "sse") != 0) {
        errx(2, "--mode is sse or ws");
    }
}

static void take_header(char *header)
{
    size_t length = strlen(options.headers);
    size_t room = sizeof options.headers - length;

    if ((size_t)snprintf(options.headers + length, room, "%s\r\n", header) >= room) {
        errx(2, "headers too long");
    }
}

static void take_body(char *text)
{
    options.body = text;
}

static void take_url(char *text)
{
    parse_url(text, &options.url);
}

static void take_post(char *text)
{
    parse_url(text, &options.post);
}

/* One of the last three takes the value. */
typedef struct {
    const char *name;
    int *integer;
    double *number;
    void (*take)(char *value);
} option_t;

static const option_t OPTIONS[] = {
    {"--url", .take = take_url},
    {"--post", .take = take_post},
    {"--mode", .take = take_mode},
    {"--body", .take = take_body},
    {"--pattern", .take = take_pattern},
    {"--header", .take = take_header},
    {"--viewers", .integer = &options.viewers},
    {"--mod", .integer = &options.mod},
    {"--kmod", .integer = &options.kmod},
    {"--rss-tree", .integer = &options.tree},
    {"--restart", .integer = &options.restart},
    {"--ramp", .number = &options.ramp},
    {"--rate", .number = &options.rate},
    {"--seconds", .number = &options.seconds},
    {"--warmup", .number = &options.warmup},
    {"--settle", .number = &options.settle},
    {"--drain", .number = &options.drain},
};

static const option_t *find_option(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        if (!strcmp(name, OPTIONS[i].name)) {
            return &OPTIONS[i];
        }
    }
    return NULL;
}

static void take_option(const char *name, char *value)
{
    const option_t *option = find_option(name);

    if (!option || !value) {
        errx(2, "unknown option or missing value: %s", name);
    }
    if (option->integer) {
        *option->integer = atoi(value);
    }
    else if (option->number) {
        *option->number = atof(value);
    }
    else {
        option->take(value);
    }
}

static void check(void)
{
    double seconds = options.seconds + options.warmup + (options.restart ? RETURN_TIMEOUT : 0);

    if (!options.url.host[0] || !options.post.host[0] || !options.prefix) {
        errx(2, "--url, --post and --pattern are needed; see --help");
    }
    if (options.post.is_tls) {
        errx(2, "POSTs go over clear HTTP");
    }
    if (options.prefix_length >= 128) {
        errx(2, "--pattern is too long");
    }
    if (options.viewers < 0 || options.viewers > 1000000 || options.mod < 1 || options.kmod < 1
        || options.rate <= 0 || options.rate > 100000) {
        errx(2, "a number is out of range");
    }
    if (options.restart == 1 || options.restart < 0 || (options.restart && options.is_websocket)) {
        errx(2, "--restart needs a process, and --mode sse");
    }
    if (seconds > LONGEST) {
        errx(2, "longer than %d s", LONGEST);
    }
}

void options_parse(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help")) {
            puts(help);
            exit(0);
        }
        else if (!strcmp(argv[i], "--full-handshakes")) {
            options.full_handshakes = 1;
        }
        else {
            take_option(argv[i], argv[i + 1]);
            i++;
        }
    }
    check();
    /* With few ports in use per address, connect() finds a free one at once. */
    options.source_addresses = 1 + options.viewers / 4000;
    if (options.source_addresses > 200) {
        errx(2, "too many viewers for 200 source addresses");
    }
}
