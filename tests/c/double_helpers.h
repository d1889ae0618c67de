/* double_helpers.h - doubles by their bits, for the tests of numbers. All functions but the first
 * assert. */
#ifndef HEARSAY_TESTS_DOUBLE_HELPERS_H
#define HEARSAY_TESTS_DOUBLE_HELPERS_H

#include <stdint.h>

double double_of(uint64_t bits);

/* The same bits: -0.0 is not 0.0. */
void assert_same_double(double a, double b, const char *text);

/* The text is a double, and no integer. */
double read_double(const char *text);

#endif
