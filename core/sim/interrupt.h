/* interrupt.h - an interrupt (^C) or a request to end, taken note of. */
#ifndef HEARSAY_SIM_INTERRUPT_H
#define HEARSAY_SIM_INTERRUPT_H

/* From here on SIGINT and SIGTERM are taken note of; a second one, 0.2 s after the first or later,
 * ends the process. */
void interrupt_watch(void);

/* Whether one has come. */
int interrupt_came(void);

#endif
