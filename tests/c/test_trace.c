/* Messages as a person reads them: what is shown of each, how it is cut, and what a terminal must
 * not get. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "host/trace.h"

#include <string.h>

static const struct trace_style whole = {0, 0};

static const char *shown(enum trace_direction direction, const char *line,
                         const struct trace_style *style, size_t used)
{
  static char text[1024];
  struct bytes out = {0};
  assert_int_equal(trace_format(&out, style, direction, slice_of(line), used), 0);
  assert_true(out.length < sizeof text);
  memcpy(text, out.data, out.length);
  text[out.length] = '\0';
  bytes_free(&out);
  return text;
}

static void a_message_has_who_what_which_and_the_rest(void **state)
{
  (void)state;
  static const char echo[] = "{\"id\":3,\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"echo\","
                             "\"msg_id\":2,\"echo\":\"hi\", \"x\":[1,{\"type\":2}]}}";
  assert_string_equal(
    shown(TRACE_IN, echo, &whole, 0),
    "<- c1      echo            #2       {\"echo\":\"hi\",\"x\":[1,{\"type\":2}]}");
  assert_string_equal(
    shown(TRACE_OUT, echo, &whole, 0),
    "-> n1      echo            #2       {\"echo\":\"hi\",\"x\":[1,{\"type\":2}]}");
}

static void a_reply_says_to_what(void **state)
{
  (void)state;
  assert_string_equal(shown(TRACE_OUT,
                            "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"in_reply_to\":7,"
                            "\"type\":\"echo_ok\"}}",
                            &whole, 0),
                      "-> c1      echo_ok         re 7");
  assert_string_equal(shown(TRACE_IN,
                            "{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"in_reply_to\":7,"
                            "\"msg_id\":-1,\"type\":\"t\",\"a\":null}}",
                            &whole, 0),
                      "<- n2      t               #-1 re 7 {\"a\":null}");
}

static void longer_names_push_the_rest_aside(void **state)
{
  (void)state;
  assert_string_equal(shown(TRACE_IN,
                            "{\"src\":\"a-long-name\",\"dest\":\"n1\",\"body\":{\"type\":"
                            "\"a_type_of_18_bytes\",\"msg_id\":123456789}}",
                            &whole, 0),
                      "<- a-long-name a_type_of_18_bytes #123456789");
}

static void what_is_no_message_is_shown_as_it_is(void **state)
{
  (void)state;
  assert_string_equal(shown(TRACE_IN, "nonsense", &whole, 0), "<- nonsense");
  assert_string_equal(shown(TRACE_IN, "{\"src\":\"c1\"}", &whole, 0), "<- {\"src\":\"c1\"}");
  assert_string_equal(shown(TRACE_IN, "", &whole, 0), "<-");
}

static void a_line_is_cut_to_the_columns_that_are_left(void **state)
{
  (void)state;
  static const char line[] = "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"t\",\"a\":"
                             "\"0123456789\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}}";
  static const char all[] =
    "<- c1      t                        {\"a\":\"0123456789\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}";
  struct trace_style style = {58, 0};
  assert_string_equal(shown(TRACE_IN, line, &style, 0), all); /* 58 columns */
  style.columns = 57;
  assert_string_equal(
    shown(TRACE_IN, line, &style, 0),
    "<- c1      t                        {\"a\":\"0123456789\xc3\xa9\xc3\xa9\xc3\xa9..");
  style.columns = 67;
  assert_string_equal(
    shown(TRACE_IN, line, &style, 10),
    "<- c1      t                        {\"a\":\"0123456789\xc3\xa9\xc3\xa9\xc3\xa9..");
  style.columns = TRACE_LEAST;
  assert_string_equal(shown(TRACE_IN, line, &style, 30), "<- c1      t                        ..");
}

static void a_terminal_gets_no_commands(void **state)
{
  (void)state;
  assert_string_equal(shown(TRACE_IN,
                            "{\"src\":\"c\\u001b[2J\",\"dest\":\"n1\",\"body\":{\"type\":"
                            "\"\\u0007\\u007f\\u009b\",\"a\":\"\\u001b\x7f\"}}",
                            &whole, 0),
                      "<- c?[2J   ??\xc2\xbf             "
                      "         {\"a\":\"\\u001b?\"}");
  assert_string_equal(shown(TRACE_IN, "\x1b[2J\xff\t\xc3\xa9", &whole, 0), "<- ?[2J??\xc3\xa9");
}

static void colors_are_asked_for(void **state)
{
  (void)state;
  struct trace_style style = {0, 1};
  static const char line[] =
    "{\"src\":\"a\",\"dest\":\"b\",\"body\":{\"type\":\"t\",\"msg_id\":1}}";
  assert_string_equal(shown(TRACE_OUT, line, &style, 0),
                      "\x1b[32m->\x1b[0m b       \x1b[1mt\x1b[0m               "
                      "\x1b[2m#1\x1b[0m");
}

static void without_memory_it_fails(void **state)
{
  (void)state;
  static const char line[] =
    "{\"src\":\"\\u0061\",\"dest\":\"b\",\"body\":{\"type\":\"t\",\"a\":1}}";
  long failures = 0;
  for (;; failures++) {
    struct bytes out = {0};
    failing_alloc_after(failures);
    int result = trace_format(&out, &whole, TRACE_IN, slice_of(line), 0);
    failing_alloc_off();
    bytes_free(&out);
    if (result == 0)
      break;
    assert_int_equal(result, -1);
  }
  assert_in_range(failures, 2, 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_message_has_who_what_which_and_the_rest),
    cmocka_unit_test(a_reply_says_to_what),
    cmocka_unit_test(longer_names_push_the_rest_aside),
    cmocka_unit_test(what_is_no_message_is_shown_as_it_is),
    cmocka_unit_test(a_line_is_cut_to_the_columns_that_are_left),
    cmocka_unit_test(a_terminal_gets_no_commands),
    cmocka_unit_test(colors_are_asked_for),
    cmocka_unit_test(without_memory_it_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
