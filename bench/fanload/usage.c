/* usage.c: processor time and memory of processes and of the system, from /proc.
 *
 * SPDX-License-Identifier: ISC
 */
#include "usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "options.h"

#define MOST_PROCESSES 512

typedef struct {
    int pid, parent;
    double cpu, reaped;
} process_t;

/* Returns 0 if there is no such process. */
static int read_process(int pid, process_t *process)
{
    char text[1024];
    unsigned long user, system, reaped_user, reaped_system;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    size_t length;
    char *rest;
    FILE *file;

    snprintf(text, sizeof text, "/proc/%d/stat", pid);
    file = fopen(text, "r");
    if (!file) {
        return 0;
    }
    length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    rest = strrchr(text, ')'); /* the name before it may contain anything */
    if (!rest
        || sscanf(rest + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu",
                  &process->parent, &user, &system, &reaped_user, &reaped_system)
               != 5) {
        return 0;
    }
    process->pid = pid;
    process->cpu = (double)(user + system) / ticks;
    process->reaped = (double)(reaped_user + reaped_system) / ticks;
    return 1;
}

/* Seconds that the threads of a process have run; -1 where the kernel has no schedstat */
static double exact_cpu(int pid)
{
    char name[300];
    unsigned long long time;
    double sum = -1;
    struct dirent *entry;
    DIR *folder;

    snprintf(name, sizeof name, "/proc/%d/task", pid);
    folder = opendir(name);
    while (folder && (entry = readdir(folder))) {
        FILE *file;

        snprintf(name, sizeof name, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
        file = fopen(name, "r");
        if (file && fscanf(file, "%llu", &time) == 1) {
            sum = (sum < 0 ? 0 : sum) + (double)time / (double)SECOND;
        }
        if (file) {
            fclose(file);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return sum;
}

static int has(const process_t *processes, int count, int pid)
{
    while (count-- > 0) {
        if (processes[count].pid == pid) {
            return 1;
        }
    }
    return 0;
}

/* Adds the children of those that are in the list. Returns the new count. */
static int add_children(process_t *processes, int count)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    process_t process;

    while (folder && count < MOST_PROCESSES && (entry = readdir(folder))) {
        int pid = atoi(entry->d_name);

        if (pid > 0 && read_process(pid, &process) && has(processes, count, process.parent)
            && !has(processes, count, pid)) {
            processes[count++] = process;
        }
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

static int list(process_t *processes)
{
    int count = options.tree && read_process(options.tree, processes) ? 1 : 0;
    int before = 0;

    while (count > before) {
        before = count;
        count = add_children(processes, count);
    }
    return count;
}

static double pss_of(int pid)
{
    char text[256];
    double pss = 0;
    FILE *file;
    long kilobytes;

    snprintf(text, sizeof text, "/proc/%d/smaps_rollup", pid);
    file = fopen(text, "r");
    while (file && fgets(text, sizeof text, file)) {
        if (sscanf(text, "Pss: %ld", &kilobytes) == 1) {
            pss = (double)kilobytes * 1024;
        }
    }
    if (file) {
        fclose(file);
    }
    return pss;
}

usage_t usage_of_server(int with_memory)
{
    static process_t processes[MOST_PROCESSES];
    usage_t usage = {.processes = list(processes)};
    int i;

    for (i = 0; i < usage.processes; i++) {
        double exact = exact_cpu(processes[i].pid);

        usage.cpu += processes[i].cpu;
        usage.reaped += processes[i].reaped;
        usage.exact = exact < 0 || usage.exact < 0 ? -1 : usage.exact + exact;
        usage.pss += with_memory ? pss_of(processes[i].pid) : 0;
    }
    return usage;
}

double usage_of_client(void)
{
    process_t process = {0};
    double exact = exact_cpu(getpid());

    if (exact < 0 && read_process(getpid(), &process)) {
        return process.cpu;
    }
    return exact;
}

/* Idle time is exact. The columns of busy time are samples at ticks, and ticks get lost under load.
 */
load_t usage_of_system(void)
{
    unsigned long idle = 0, waiting = 0, softirq = 0, steal = 0;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    double all = (double)now_ns() / (double)SECOND * (double)sysconf(_SC_NPROCESSORS_ONLN);
    FILE *file = fopen("/proc/stat", "r");
    load_t load = {0};

    if (file) {
        if (fscanf(file, "cpu %*u %*u %*u %lu %lu %*u %lu %lu", &idle, &waiting, &softirq, &steal)
            == 4) {
            load.busy = all - (double)(idle + waiting) / ticks;
            load.softirq = (double)softirq / ticks;
            load.steal = (double)steal / ticks;
        }
        fclose(file);
    }
    return load;
}

double usage_slab(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];
    long kilobytes = 0;

    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "Slab: %ld", &kilobytes) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return (double)kilobytes;
}
