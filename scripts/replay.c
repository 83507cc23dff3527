/* replay.c: runs a fuzz target with every file of its corpus, and prints TAP.
 * SPDX-License-Identifier: ISC
 *
 * Linked with a target instead of libFuzzer, so that every test run repeats what the fuzzer has
 * found. Usage: target [FOLDER]; the default is compiled in. */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* A larger file in a corpus is a mistake. */
enum { LARGEST_INPUT = 1 << 20 };

/* Runs one file. Returns 0, or -1 when it cannot be read. A fault in the target ends the program,
 * and the TAP plan is incomplete. The data is a block of its exact size, so that a sanitizer
 * detects the first read beyond it. */
static int replay(const char *path)
{
    static uint8_t buffer[LARGEST_INPUT];
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    size_t size;

    if (!file)
        return -1;
    size = fread(buffer, 1, sizeof buffer, file);
    if (ferror(file) || !feof(file)) {
        fclose(file);
        return -1;
    }
    fclose(file);
    data = malloc(size ? size : 1);
    if (!data)
        return -1;
    memcpy(data, buffer, size);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : REPLAY_CORPUS;
    struct dirent **entries;
    int i, count, failed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    count = scandir(folder, &entries, not_hidden, alphasort);
    if (count <= 0) {
        printf("Bail out! no corpus in %s\n", folder);
        return 1;
    }
    printf("1..%d\n", count);
    for (i = 0; i < count; i++) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        int ok = length < (int)sizeof path && replay(path) == 0;

        printf("%s %d - %s\n", ok ? "ok" : "not ok", i + 1, entries[i]->d_name);
        failed += !ok;
        free(entries[i]);
    }
    free(entries);
    return failed > 0;
}
