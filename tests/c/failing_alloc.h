/* failing_alloc.h - makes the n-th allocation fail, to walk through every out of
 * memory path of a unit:
 *
 *   for (long n = 0;; n++) {
 *     failing_alloc_after(n);
 *     int result = unit_under_test(..);
 *     failing_alloc_off();
 *     if (result == 0)
 *       break;
 *     .. check that nothing changed ..
 *   }
 *
 * The linker must be told: FAILING_ALLOC in the Makefile. Only calls from what
 * is linked statically are counted: not those that a shared library makes. Off
 * at the start. Callable from any thread; the count is one for all of them. */
#ifndef HEARSAY_TESTS_FAILING_ALLOC_H
#define HEARSAY_TESTS_FAILING_ALLOC_H

/* The n-th allocation from now (0: the very next) and all after it fail. */
void failing_alloc_after(long n);

/* No allocation fails any more. */
void failing_alloc_off(void);

#endif
