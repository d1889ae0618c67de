#include "failing_alloc.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>

/* The names that the linker's --wrap makes: a call of malloc becomes one of
 * __wrap_malloc, and __real_malloc is what malloc was. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);

/* How many allocations still succeed; off is more than any test makes. */
static atomic_llong left = LLONG_MAX;

void failing_alloc_after(long n)
{
  atomic_store(&left, n);
}

void failing_alloc_off(void)
{
  atomic_store(&left, LLONG_MAX);
}

static int fails(void)
{
  if (atomic_fetch_sub(&left, 1) > 0)
    return 0;
  errno = ENOMEM;
  return 1;
}

void *__wrap_malloc(size_t size)
{
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
  return fails() ? NULL : __real_realloc(block, size);
}

char *__wrap_strdup(const char *text)
{
  return fails() ? NULL : __real_strdup(text);
}
