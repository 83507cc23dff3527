/* replay.c - runs every file of a fuzz target's corpus through it, and prints TAP
 * SPDX-License-Identifier: ISC
 *
 * Linked with a target in place of libFuzzer, so that what the fuzzer once found stays
 * found in every test run. Usage: target [FOLDER]; the default is compiled in. */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* Corpora are small files by nature; a larger one is a mistake worth hearing about. */
enum { LARGEST_INPUT = 1 << 20 };

/* Runs one file: 0, or -1 when it cannot be read. A fault in the target ends the program,
 * which leaves the plan unfulfilled. The data is a block of its exact size, so that a
 * sanitizer sees the first byte read beyond it. */
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
