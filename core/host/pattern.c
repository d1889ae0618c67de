/* Backtracking by recursion, as deep as the pattern has items that can match in several ways. Each
 * look at a character of the subject and at an item of the pattern is a step. Errors and the end of
 * steps lead out through NULL: whatever tries further ways asks `is_over` first. */
#include "host/pattern.h"

#include <ctype.h>
#include <string.h>

enum { NOT_CLOSED = -1, DEPTH = 200 };

void pattern_init(struct pattern *m, struct slice subject, struct slice text, uint64_t steps)
{
  m->subject = subject;
  m->text = text;
  m->steps_left = steps;
  m->error = NULL;
  m->error_index = 0;
  m->count = 0;
  m->depth = DEPTH;
}

int pattern_is_plain(struct slice text)
{
  size_t i = 0;
  do /* from zero to zero */
    i += strcspn(text.data + i, "^$*+?.([%-");
  while (i < text.length && text.data[i] == '\0' && ++i);
  return i >= text.length;
}

static const char *subject_end(const struct pattern *m)
{
  return m->subject.data + m->subject.length;
}

static const char *text_end(const struct pattern *m)
{
  return m->text.data + m->text.length;
}

/* The pattern is wrong: that is all that comes of it. */
static const char *fail(struct pattern *m, const char *error, int index)
{
  if (m->error == NULL) {
    m->error = error;
    m->error_index = index;
  }
  m->steps_left = 0;
  return NULL;
}

static int is_over(const struct pattern *m)
{
  return m->steps_left == 0;
}

static void step(struct pattern *m)
{
  m->steps_left -= m->steps_left > 0;
}

/* --- one character ------------------------------------------------------ */

static int is_of_class(int c, int letter)
{
  int is_it;
  switch (tolower(letter)) {
  case 'a':
    is_it = isalpha(c);
    break;
  case 'c':
    is_it = iscntrl(c);
    break;
  case 'd':
    is_it = isdigit(c);
    break;
  case 'g':
    is_it = isgraph(c);
    break;
  case 'l':
    is_it = islower(c);
    break;
  case 'p':
    is_it = ispunct(c);
    break;
  case 's':
    is_it = isspace(c);
    break;
  case 'u':
    is_it = isupper(c);
    break;
  case 'w':
    is_it = isalnum(c);
    break;
  case 'x':
    is_it = isxdigit(c);
    break;
  case 'z': /* of Lua 5.1, and still there */
    is_it = c == 0;
    break;
  default:
    return letter == c;
  }
  return isupper(letter) ? !is_it : is_it != 0;
}

/* Whether a set, from its '[' to its ']', has the character. */
static int is_in_set(int c, const char *set, const char *last)
{
  const char *p = set + 1;
  int is_negated = *p == '^';
  for (p += is_negated; p < last; p++) {
    int is_it;
    if (*p == '%') {
      p++;
      is_it = is_of_class(c, (unsigned char)*p);
    } else if (p[1] == '-' && p + 2 < last) {
      is_it = (unsigned char)p[0] <= c && c <= (unsigned char)p[2];
      p += 2;
    } else {
      is_it = (unsigned char)*p == c;
    }
    if (is_it)
      return !is_negated;
  }
  return is_negated;
}

/* The end of the item for one character that begins at p: without what says how often. */
static const char *item_end(struct pattern *m, const char *p)
{
  const char *end = text_end(m);
  char first = *p++;
  if (first == '%')
    return p == end ? fail(m, "malformed pattern (ends with '%%')", 0) : p + 1;
  if (first != '[')
    return p;
  p += *p == '^';
  do { /* the first character is of the set, also when it is ']' */
    if (p == end)
      return fail(m, "malformed pattern (missing ']')", 0);
    if (*p++ == '%' && p < end)
      p++;
  } while (*p != ']');
  return p + 1;
}

/* Whether the character at s is one for the item from p to `end`. */
static int is_single(struct pattern *m, const char *s, const char *p, const char *end)
{
  step(m);
  if (s >= subject_end(m))
    return 0;
  int c = (unsigned char)*s;
  switch (*p) {
  case '.':
    return 1;
  case '%':
    return is_of_class(c, (unsigned char)p[1]);
  case '[':
    return is_in_set(c, p, end - 1);
  default:
    return (unsigned char)*p == c;
  }
}

/* --- several ways ------------------------------------------------------- */

static const char *match(struct pattern *m, const char *s, const char *p);

/* As many as there are, and then fewer. */
static const char *match_longest(struct pattern *m, const char *s, const char *p, const char *end)
{
  const char *at = s, *result;
  while (!is_over(m) && is_single(m, at, p, end))
    at++;
  for (; at >= s && !is_over(m); at--)
    if ((result = match(m, at, end + 1)) != NULL)
      return result;
  return NULL;
}

/* As few as will do. */
static const char *match_shortest(struct pattern *m, const char *s, const char *p, const char *end)
{
  while (!is_over(m)) {
    const char *result = match(m, s, end + 1);
    if (result != NULL)
      return result;
    if (!is_single(m, s, p, end))
      return NULL;
    s++;
  }
  return NULL;
}

/* --- captures ----------------------------------------------------------- */

static const char *open_capture(struct pattern *m, const char *s, const char *p, ptrdiff_t length)
{
  if (m->count >= PATTERN_CAPTURES)
    return fail(m, "too many captures", 0);
  m->captures[m->count++] = (struct pattern_capture){s, length};
  const char *result = match(m, s, p);
  m->count -= result == NULL;
  return result;
}

static const char *close_capture(struct pattern *m, const char *s, const char *p)
{
  int i = m->count - 1;
  while (i >= 0 && m->captures[i].length != NOT_CLOSED)
    i--;
  if (i < 0)
    return fail(m, "invalid pattern capture", 0);
  m->captures[i].length = s - m->captures[i].start;
  const char *result = match(m, s, p);
  if (result == NULL)
    m->captures[i].length = NOT_CLOSED;
  return result;
}

/* What a capture has, once more. */
static const char *match_again(struct pattern *m, const char *s, char digit)
{
  int i = digit - '1';
  if (i < 0 || i >= m->count || m->captures[i].length == NOT_CLOSED)
    return fail(m, "invalid capture index %%%d", i + 1);
  const struct pattern_capture *c = &m->captures[i];
  if (c->length < 0 || subject_end(m) - s < c->length)
    return NULL;
  size_t length = (size_t)c->length;
  m->steps_left -= m->steps_left < length / 16 ? m->steps_left : length / 16;
  return memcmp(c->start, s, length) == 0 ? s + length : NULL;
}

/* --- other items -------------------------------------------------------- */

/* %b: from one character to the other that closes it. `p` is at the two. */
static const char *match_balance(struct pattern *m, const char *s, const char *p)
{
  if (p >= text_end(m) - 1)
    return fail(m, "malformed pattern (missing arguments to '%%b')", 0);
  char opens = p[0], closes = p[1];
  int open = 1;
  if (*s != opens)
    return NULL;
  while (++s < subject_end(m) && !is_over(m)) {
    step(m);
    if (*s == closes) {
      if (--open == 0)
        return s + 1;
    } else if (*s == opens) {
      open++;
    }
  }
  return NULL;
}

/* %f: whether a set begins here. `set` is at its '['. */
static int is_frontier(const struct pattern *m, const char *s, const char *set, const char *end)
{
  int before = s == m->subject.data ? '\0' : (unsigned char)s[-1];
  return !is_in_set(before, set, end - 1) && is_in_set((unsigned char)*s, set, end - 1);
}

/* An item for one character at p, and how often. Where the rest of the pattern is matched too, the
 * result is at `result` and 1 is returned; else s and p go on. */
static int match_item(struct pattern *m, const char **s, const char **p, const char **result)
{
  const char *end = item_end(m, *p);
  *result = NULL;
  if (end == NULL)
    return 1;
  switch (*end) {
  case '*':
    *result = match_longest(m, *s, *p, end);
    return 1;
  case '-':
    *result = match_shortest(m, *s, *p, end);
    return 1;
  case '+':
    if (is_single(m, *s, *p, end))
      *result = match_longest(m, *s + 1, *p, end);
    return 1;
  case '?':
    if (is_single(m, *s, *p, end) && (*result = match(m, *s + 1, end + 1)) != NULL)
      return 1;
    *p = end + 1;
    return is_over(m);
  default:
    if (!is_single(m, *s, *p, end))
      return 1;
    *s += 1;
    *p = end;
    return 0;
  }
}

/* An item that begins with '%' and is none for one character: as match_item; or -1 for the others. */
static int match_special(struct pattern *m, const char **s, const char **p)
{
  const char *end;
  switch ((*p)[1]) {
  case 'b':
    *s = match_balance(m, *s, *p + 2);
    *p += 4;
    return *s == NULL;
  case 'f':
    if ((*p)[2] != '[')
      return fail(m, "missing '[' after '%%f' in pattern", 0) == NULL;
    end = item_end(m, *p + 2);
    if (end == NULL || !is_frontier(m, *s, *p + 2, end))
      return 1;
    *p = end;
    return 0;
  default:
    if (!isdigit((unsigned char)(*p)[1]))
      return -1;
    *s = match_again(m, *s, (*p)[1]);
    *p += 2;
    return *s == NULL;
  }
}

static const char *match_here(struct pattern *m, const char *s, const char *p)
{
  const char *result = NULL;
  for (int is_done; p != text_end(m); step(m)) {
    if (is_over(m))
      return NULL;
    if (*p == '(')
      return p[1] == ')' ? open_capture(m, s, p + 2, PATTERN_POSITION)
                         : open_capture(m, s, p + 1, NOT_CLOSED);
    if (*p == ')')
      return close_capture(m, s, p + 1);
    if (*p == '$' && p + 1 == text_end(m))
      return s == subject_end(m) ? s : NULL;
    is_done = *p == '%' ? match_special(m, &s, &p) : -1;
    if (is_done < 0)
      is_done = match_item(m, &s, &p, &result);
    if (is_done)
      return result;
  }
  return s;
}

static const char *match(struct pattern *m, const char *s, const char *p)
{
  if (m->depth == 0)
    return fail(m, "pattern too complex", 0);
  m->depth--;
  const char *result = match_here(m, s, p);
  m->depth++;
  return is_over(m) ? NULL : result;
}

const char *pattern_match(struct pattern *m, const char *start)
{
  m->count = 0;
  m->depth = DEPTH;
  return match(m, start, m->text.data);
}
