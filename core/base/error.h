/* error.h - one line of text that says what went wrong, for a person. */
#ifndef HEARSAY_BASE_ERROR_H
#define HEARSAY_BASE_ERROR_H

/* Filled by a function that failed; the caller owns the struct. Longer texts
 * are cut. */
struct error {
  char text[512];
};

/* Formats like printf. Returns -1, so that `return error_set(..)` reads well.
 * `e` may be NULL: the caller does not want the text. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int error_set(struct error *e, const char *format, ...);

/* Makes one line of a text that quotes others and so may have more: each run of control
 * characters becomes a space, and nothing at the end. */
void error_flatten(struct error *e);

#endif
