/* terminal.h - what a terminal can show. */
#ifndef HEARSAY_HOST_TERMINAL_H
#define HEARSAY_HOST_TERMINAL_H

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Whether a descriptor is a terminal. */
int terminal_is(int descriptor);

/* How wide it is, in columns; 0 when it is no terminal, or does not know. */
int terminal_columns(int descriptor);

/* Whether to use colours on it. COLOR_AUTO: on a terminal that has some, unless the environment
 * has a NO_COLOR that is not empty (https://no-color.org). */
int terminal_has_color(int descriptor, enum color_when when);

#endif
