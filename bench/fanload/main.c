/* main.c: fanload, a load generator for Server-Sent Events and WebSockets on this machine.
 *
 * Many viewers hold a connection each; POSTs cause events; every viewer should receive every event
 * once. It counts what each viewer received, and measures latency and the server's processor time
 * and memory. fanload --help tells its options.
 *
 * Latency is from just before the POST is written to the return of the read that brought the event,
 * so it includes the time an event waits for this program.
 *
 * SPDX-License-Identifier: ISC
 */
#include <err.h>
#include <signal.h>
#include <sys/resource.h>

#include "base.h"
#include "connection.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "scanner.h"

#define OTHER_DESCRIPTORS 100

/* Root may raise the hard limit. */
static void raise_limit(void)
{
    rlim_t wanted = (rlim_t)options.viewers + OTHER_DESCRIPTORS;
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < wanted) {
        limit.rlim_max = wanted;
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit)) {
        errx(2, "%d viewers need ulimit -n %lu", options.viewers, (unsigned long)wanted);
    }
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    options_parse(argc, argv);
    scanner_prepare();
    raise_limit();
    if (options.url.is_tls) {
        connection_prepare();
    }
    run();
    return report();
}
