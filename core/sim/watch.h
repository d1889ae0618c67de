/* watch.h - whether files are saved, for who runs them again then.
 *
 * Files are looked at again and again: that works on every file system, for editors that write in
 * place and for those that put a new file in the old one's place, and for files that are not there
 * yet. A look costs a system call a file. */
#ifndef HEARSAY_SIM_WATCH_H
#define HEARSAY_SIM_WATCH_H

#include <stdint.h>

/* A number that is another one after the file was written, replaced or removed; 0: it is not there. */
uint64_t watch_stamp(const char *path);

/* Waits for microseconds of this machine's time. Returns 0, or -1 when an interrupt has come (see
 * interrupt.h), which ends the wait. */
int watch_wait(int64_t us);

#endif
