#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "failing_alloc.h"
#include "wire/envelope.h"
#include "wire/json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_slice(struct slice s, const char *expected)
{
  if (expected == NULL) {
    assert_null(s.data);
    return;
  }
  assert_non_null(s.data);
  if (!slice_equal(s, slice_of(expected)))
    fail_msg("%.*s, expected %s", (int)s.length, s.data, expected);
}

static void finds_the_fields_of_a_message(void **state)
{
  (void)state;
  struct envelope e;
  envelope_init(&e);
  assert_int_equal(
    envelope_parse(&e,
                   SLICE("{\"id\":12,\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"echo\","
                         "\"msg_id\":1,\"echo\":\"Please echo 35\"}}")),
    0);
  assert_slice(e.src, "c1");
  assert_slice(e.dest, "n1");
  assert_slice(e.type, "echo");
  assert_slice(e.body, "{\"type\":\"echo\",\"msg_id\":1,\"echo\":\"Please echo 35\"}");
  assert_true(e.has_msg_id);
  assert_int_equal(e.msg_id, 1);
  assert_false(e.has_in_reply_to);
  assert_null(e.error);
  /* The next line has nothing of the one before. */
  assert_int_equal(envelope_parse(&e, SLICE("{\"src\":\"n2\",\"dest\":\"n1\",\"body\":{\"type\":"
                                            "\"read_ok\",\"in_reply_to\":77}}\r")),
                   0);
  assert_slice(e.src, "n2");
  assert_slice(e.type, "read_ok");
  assert_false(e.has_msg_id);
  assert_true(e.has_in_reply_to);
  assert_int_equal(e.in_reply_to, 77);
  assert_int_equal(envelope_parse(&e, SLICE("{}")), -1);
  assert_slice(e.src, NULL);
  assert_slice(e.dest, NULL);
  assert_slice(e.type, NULL);
  assert_slice(e.body, NULL);
  assert_false(e.has_in_reply_to);
  envelope_free(&e);
}

/* However JSON allows to write it, it is the same message. */
static void the_way_of_writing_does_not_matter(void **state)
{
  (void)state;
  static const char *const lines[] = {
    "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"t\",\"msg_id\":-5,\"in_reply_to\":0}}",
    " { \"src\" : \"c1\" , \"dest\" : \"n1\" , \"body\" : { \"type\" : \"t\" , \"msg_id\" : -5 , "
    "\"in_reply_to\" : 0 } } \r\n",
    "{\"body\":{\"in_reply_to\":0,\"msg_id\":-5,\"type\":\"t\"},\"dest\":\"n1\",\"src\":\"c1\"}",
    "{\"\\u0073rc\":\"\\u00631\",\"d\\u0065st\":\"n\\u0031\",\"bod\\u0079\":{\"t\\u0079pe\":"
    "\"\\u0074\",\"\\u006dsg_id\":-5,\"in\\u005freply_to\":0}}",
    "{\"x\":{\"src\":\"no\",\"body\":{\"type\":\"no\"}},\"src\":\"c1\",\"y\":[{\"dest\":1}],"
    "\"dest\":\"n1\",\"type\":7,\"msg_id\":8,\"body\":{\"src\":9,\"body\":{\"type\":1,\"msg_id\":"
    "{}},\"type\":\"t\",\"msg_id\":-5,\"dest\":[],\"in_reply_to\":0},\"id\":null}",
  };
  struct envelope e;
  envelope_init(&e);
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    if (envelope_parse(&e, slice_of(lines[i])) != 0)
      fail_msg("%s: %s", lines[i], e.error);
    assert_slice(e.src, "c1");
    assert_slice(e.dest, "n1");
    assert_slice(e.type, "t");
    assert_true(e.has_msg_id && e.msg_id == -5);
    assert_true(e.has_in_reply_to && e.in_reply_to == 0);
    assert_int_equal(e.body.data[0], '{');
    assert_int_equal(e.body.data[e.body.length - 1], '}');
    assert_int_equal(json_validate(e.body, JSON_MAX_DEPTH, NULL, NULL), 0);
  }
  envelope_free(&e);
}

static void names_may_have_any_text(void **state)
{
  (void)state;
  struct envelope e;
  envelope_init(&e);
  assert_int_equal(
    envelope_parse(&e,
                   SLICE("{\"src\":\"a \\\"quoted\\\" name\",\"dest\":\"caf\xc3\xa9\","
                         "\"body\":{\"type\":\"\\ud83d\\ude00\\n\",\"msg_id\":1234567890123456789"
                         "}}")),
    0);
  assert_slice(e.src, "a \"quoted\" name"); /* all three at a time */
  assert_slice(e.dest, "caf\xc3\xa9");
  assert_slice(e.type, "\xf0\x9f\x98\x80\n");
  assert_true(e.msg_id == 1234567890123456789);
  assert_int_equal(
    envelope_parse(&e, SLICE("{\"src\":\"\",\"dest\":\"\\u0000\",\"body\":{\"type\":\"\"}}")), 0);
  assert_slice(e.src, "");
  assert_slice(e.type, "");
  assert_true(slice_equal(e.dest, SLICE("\0")));
  envelope_free(&e);
}

/* Decoded names stay valid while others follow, however much room the first one took. */
static void decoded_names_stay_where_they_are(void **state)
{
  (void)state;
  struct envelope e;
  envelope_init(&e);
  for (size_t padding = 0; padding < 300; padding++) {
    struct bytes line = {0};
    assert_int_equal(bytes_append_slice(&line, SLICE("{\"x\":\"")), 0);
    for (size_t i = 0; i < padding; i++)
      assert_int_equal(bytes_append_byte(&line, 'x'), 0);
    assert_int_equal(
      bytes_append_slice(&line, SLICE("\",\"src\":\"\\u0063 a client\",\"dest\":\"\\u006e a node\","
                                      "\"body\":{\"type\":\"\\u0074 a type\"}}")),
      0);
    assert_int_equal(envelope_parse(&e, bytes_slice(&line)), 0);
    assert_slice(e.src, "c a client");
    assert_slice(e.dest, "n a node");
    assert_slice(e.type, "t a type");
    bytes_free(&line);
    if (padding % 3 == 0) { /* with room from before, and without */
      envelope_free(&e);
      envelope_init(&e);
    }
  }
  envelope_free(&e);
}

/* What is found in spite of the error is found, and what is not is empty. */
static void errors_leave_what_was_found(void **state)
{
  (void)state;
  const struct {
    const char *line;
    const char *error;
    size_t position;
    const char *src, *dest, *type;
    int body; /* is found */
    int msg_id, in_reply_to;
  } cases[] = {
#define HEAD "{\"src\":\"c1\",\"dest\":\"n1\",\"body\":"
    {"", "expected a value", 0, NULL, NULL, NULL, 0, 0, 0},
    {"[1]", "expected an object", 0, NULL, NULL, NULL, 0, 0, 0},
    {" \"src\"", "expected an object", 1, NULL, NULL, NULL, 0, 0, 0},
    {"hello", "expected a value", 0, NULL, NULL, NULL, 0, 0, 0},
    {"{}", "missing \"src\"", 1, NULL, NULL, NULL, 0, 0, 0},
    {"{\"src\":\"c1\"}", "missing \"dest\"", 11, "c1", NULL, NULL, 0, 0, 0},
    {"{\"src\":\"c1\",\"dest\":\"n1\"}", "missing \"body\"", 23, "c1", "n1", NULL, 0, 0, 0},
    {"{\"dest\":\"n1\",\"body\":{\"type\":\"t\",\"msg_id\":5}}", "missing \"src\"", 43, NULL, "n1",
     "t", 1, 5, 0},
    {HEAD "{\"msg_id\":5}}", "missing \"body\".\"type\"", 42, "c1", "n1", NULL, 1, 5, 0},
    {HEAD "{}}", "missing \"body\".\"type\"", 32, "c1", "n1", NULL, 1, 0, 0},
    {HEAD "[]}", "\"body\": expected an object", 31, "c1", "n1", NULL, 0, 0, 0},
    {HEAD "null}", "\"body\": expected an object", 31, "c1", "n1", NULL, 0, 0, 0},
    {"{\"src\":1,\"dest\":\"n1\",\"body\":{\"type\":\"t\",\"msg_id\":5}}",
     "\"src\": expected a string", 7, NULL, "n1", "t", 1, 5, 0},
    {"{\"src\":\"c1\",\"dest\":[{\"src\":1}],\"body\":{\"type\":\"t\",\"msg_id\":5}}",
     "\"dest\": expected a string", 19, "c1", NULL, "t", 1, 5, 0},
    {HEAD "{\"type\":null,\"msg_id\":5}}", "\"body\".\"type\": expected a string", 39, "c1", "n1",
     NULL, 1, 5, 0},
    {HEAD "{\"type\":\"t\",\"msg_id\":1.0,\"in_reply_to\":6}}",
     "\"body\".\"msg_id\": expected an integer", 52, "c1", "n1", "t", 1, 0, 6},
    {HEAD "{\"type\":\"t\",\"msg_id\":\"1\"}}", "\"body\".\"msg_id\": expected an integer", 52,
     "c1", "n1", "t", 1, 0, 0},
    {HEAD "{\"type\":\"t\",\"msg_id\":{\"a\":[]},\"in_reply_to\":6}}",
     "\"body\".\"msg_id\": expected an integer", 52, "c1", "n1", "t", 1, 0, 6},
    {HEAD "{\"type\":\"t\",\"in_reply_to\":null,\"msg_id\":5}}",
     "\"body\".\"in_reply_to\": expected an integer", 57, "c1", "n1", "t", 1, 5, 0},
    {HEAD "{\"type\":\"t\",\"msg_id\":9223372036854775808}}", "integer does not fit in 64 bits", 52,
     "c1", "n1", "t", 0, 0, 0},
    /* The body comes first, and the sender is found behind its error. */
    {"{\"body\":{\"msg_id\":5,\"type\":1},\"dest\":\"n1\",\"src\":\"c1\"}",
     "\"body\".\"type\": expected a string", 27, "c1", "n1", NULL, 1, 5, 0},
    {"{\"src\":\"c1\",\"src\":\"c2\",\"dest\":\"n1\",\"body\":{\"type\":\"t\"}}",
     "\"src\": given twice", 18, "c1", "n1", "t", 1, 0, 0},
    {"{\"src\":\"c1\",\"dest\":\"n1\",\"dest\":{},\"body\":{\"type\":\"t\"}}",
     "\"dest\": given twice", 31, "c1", "n1", "t", 1, 0, 0},
    {HEAD "{\"type\":\"t\"},\"body\":{\"type\":\"u\",\"msg_id\":5}}", "\"body\": given twice", 51,
     "c1", "n1", "t", 1, 0, 0},
    {HEAD "{\"type\":\"t\",\"t\\u0079pe\":\"u\"}}", "\"body\".\"type\": given twice", 55, "c1",
     "n1", "t", 1, 0, 0},
    {HEAD "{\"type\":\"t\",\"msg_id\":5,\"msg_id\":6}}", "\"body\".\"msg_id\": given twice", 63,
     "c1", "n1", "t", 1, 5, 0},
    {HEAD "{\"type\":\"t\",\"in_reply_to\":5,\"in_reply_to\":6}}",
     "\"body\".\"in_reply_to\": given twice", 73, "c1", "n1", "t", 1, 0, 5},
    /* Not JSON: nothing behind the error counts. */
    {HEAD "{\"type\":\"t\",\"msg_id\":5,\"x\":tru},\"src\":1}", "expected a value", 58, "c1", "n1",
     "t", 0, 5, 0},
    {HEAD "{\"type\":\"t\",\"msg_id\":5}", "expected ',' or '}' after a value", 54, "c1", "n1", "t",
     1, 5, 0},
    {HEAD "{\"type\":\"t\",\"msg_id\":5}}}", "expected nothing after the value", 55, "c1", "n1",
     "t", 1, 5, 0},
    {HEAD "{\"type\":\"t\"}} {}", "expected nothing after the value", 45, "c1", "n1", "t", 1, 0, 0},
    {HEAD "{\"type\":\"t\",}}", "expected a key", 43, "c1", "n1", "t", 0, 0, 0},
    {HEAD "{\"type\" \"t\"}}", "expected ':' after a key", 39, "c1", "n1", NULL, 0, 0, 0},
    {HEAD "{\"type\":\"\xff\"}}", "expected valid UTF-8", 40, "c1", "n1", NULL, 0, 0, 0},
    {"{\"src\":\"c1\" \"dest\":\"n1\"}", "expected ',' or '}' after a value", 12, "c1", NULL, NULL,
     0, 0, 0},
    {"{\"src\":\"c1\n\"}", "a control character in a string must be escaped", 10, NULL, NULL, NULL,
     0, 0, 0},
    {"{,\"src\":\"c1\"}", "expected a key", 1, NULL, NULL, NULL, 0, 0, 0},
    {"{\"src\":}", "expected a value", 7, NULL, NULL, NULL, 0, 0, 0},
    {"{\"src\":\"c1\",\"id\":1x}", "expected ',' or '}' after a value", 18, "c1", NULL, NULL, 0, 0,
     0},
    {"{\"src\":1,\"dest\"}", "\"src\": expected a string", 7, NULL, NULL, NULL, 0, 0, 0},
  };
  struct envelope e;
  envelope_init(&e);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(envelope_parse(&e, slice_of(cases[i].line)), -1);
    if (strcmp(e.error, cases[i].error) != 0 || e.error_position != cases[i].position)
      fail_msg("%s: %s at %zu", cases[i].line, e.error, e.error_position);
    assert_slice(e.src, cases[i].src);
    assert_slice(e.dest, cases[i].dest);
    assert_slice(e.type, cases[i].type);
    assert_int_equal(e.body.data != NULL, cases[i].body);
    assert_int_equal(e.has_msg_id, cases[i].msg_id != 0);
    assert_int_equal(e.has_in_reply_to, cases[i].in_reply_to != 0);
    if (e.has_msg_id)
      assert_int_equal(e.msg_id, cases[i].msg_id);
    if (e.has_in_reply_to)
      assert_int_equal(e.in_reply_to, cases[i].in_reply_to);
  }
  envelope_free(&e);
}

static void nul_bytes_and_depth_are_errors(void **state)
{
  (void)state;
  struct envelope e;
  envelope_init(&e);
  assert_int_equal(envelope_parse(&e, SLICE("{\"src\":\"c1\"\0}")), -1);
  assert_int_equal(e.error_position, 11);
  assert_slice(e.src, "c1");
  struct bytes line = {0};
  assert_int_equal(
    bytes_append_slice(&line, SLICE("{\"src\":\"c1\",\"body\":{\"msg_id\":3,\"x\":")), 0);
  for (int i = 0; i < 100000; i++)
    assert_int_equal(bytes_append_byte(&line, '['), 0);
  assert_int_equal(envelope_parse(&e, bytes_slice(&line)), -1);
  assert_string_equal(e.error, "nested too deeply");
  assert_slice(e.src, "c1");
  assert_int_equal(e.msg_id, 3);
  bytes_free(&line);
  envelope_free(&e);
}

/* All prefixes of a line fail, and find what they hold; the last step finds all. */
static void a_line_cut_off_anywhere_is_an_error(void **state)
{
  (void)state;
  struct slice line = SLICE("{\"id\":12,\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"echo\","
                            "\"msg_id\":1,\"echo\":[\"a\\n\",{}],\"in_reply_to\":2}}");
  struct envelope e;
  envelope_init(&e);
  for (size_t length = 0; length <= line.length; length++) {
    char *copy = malloc(length + (length == 0));
    assert_non_null(copy);
    memcpy(copy, line.data, length);
    assert_int_equal(envelope_parse(&e, (struct slice){copy, length}),
                     length == line.length ? 0 : -1);
    assert_slice(e.src, length < 19 ? NULL : "c1");
    assert_slice(e.dest, length < 31 ? NULL : "n1");
    assert_slice(e.type, length < 53 ? NULL : "echo");
    if (length < line.length)
      assert_int_equal(e.error_position <= length, 1);
    free(copy);
  }
  envelope_free(&e);
}

static void a_steady_node_allocates_nothing(void **state)
{
  (void)state;
  struct slice plain =
    SLICE("{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"echo\",\"x\":\"\\n\"}}");
  struct slice escaped =
    SLICE("{\"src\":\"\\u0063\",\"dest\":\"\\u006e\",\"body\":{\"type\":\"\\n\"}}");
  struct envelope e;
  envelope_init(&e);
  failing_alloc_after(0);
  int first = envelope_parse(&e, plain);
  failing_alloc_off();
  assert_int_equal(first, 0);
  assert_int_equal(envelope_parse(&e, escaped), 0);
  failing_alloc_after(0);
  int second = envelope_parse(&e, escaped);
  failing_alloc_off();
  assert_int_equal(second, 0);
  assert_slice(e.src, "c");
  envelope_free(&e);
}

static void out_of_memory_is_an_error_and_passes(void **state)
{
  (void)state;
  struct slice line =
    SLICE("{\"src\":\"c1\",\"dest\":\"\\u006e1\",\"body\":{\"type\":\"\\n\",\"msg_id\":1}}");
  long n = 0;
  for (;; n++) {
    struct envelope e;
    envelope_init(&e);
    failing_alloc_after(n);
    int status = envelope_parse(&e, line);
    failing_alloc_off();
    if (status != 0) {
      assert_string_equal(e.error, "out of memory");
      assert_slice(e.src, "c1");
      assert_slice(e.dest, NULL);
      assert_int_equal(envelope_parse(&e, line), 0);
    }
    assert_slice(e.dest, "n1");
    assert_slice(e.type, "\n");
    envelope_free(&e);
    if (status == 0)
      break;
  }
  assert_int_equal(n, 2); /* the reader's memory and ours */
}

static void one_huge_line_does_not_keep_its_memory(void **state)
{
  (void)state;
  struct bytes line = {0};
  assert_int_equal(bytes_append_slice(&line, SLICE("{\"src\":\"\\n")), 0);
  for (int i = 0; i < 1000000; i++)
    assert_int_equal(bytes_append_byte(&line, 'x'), 0);
  assert_int_equal(bytes_append_slice(&line, SLICE("\"}")), 0);
  struct envelope e;
  envelope_init(&e);
  assert_int_equal(envelope_parse(&e, bytes_slice(&line)), -1);
  assert_int_equal(e.src.length, 1000001);
  assert_int_equal(envelope_parse(&e, SLICE("{}")), -1);
  assert_in_range(e.scratch.capacity, 0, 65536);
  assert_in_range(e.reader.scratch.capacity, 0, 65536);
  envelope_free(&e);
  bytes_free(&line);
}

static void writes_a_line(void **state)
{
  (void)state;
  struct bytes out = {0};
  assert_int_equal(envelope_write(&out, SLICE("n1"), SLICE("c2"),
                                  SLICE("{\"type\":\"echo_ok\",\"in_reply_to\":1}")),
                   0);
  assert_int_equal(envelope_write(&out, SLICE("a\"b"), SLICE("\n"), SLICE("{}")), 0);
  assert_slice(bytes_slice(&out), "{\"src\":\"n1\",\"dest\":\"c2\",\"body\":{\"type\":\"echo_ok\","
                                  "\"in_reply_to\":1}}\n"
                                  "{\"src\":\"a\\\"b\",\"dest\":\"\\n\",\"body\":{}}\n");
  size_t length = out.length;
  assert_int_equal(envelope_write(&out, SLICE("\xff"), SLICE("c"), SLICE("{}")), JSON_UNENCODABLE);
  assert_int_equal(envelope_write(&out, SLICE("n"), SLICE("\xff"), SLICE("{}")), JSON_UNENCODABLE);
  assert_int_equal(out.length, length);
  bytes_free(&out);
}

static void a_written_line_parses(void **state)
{
  (void)state;
  static const char *const names[] = {"n1", "", "caf\xc3\xa9", "\"\\\n\x01",
                                      "a longer name than 16"};
  struct envelope e;
  struct bytes line = {0};
  envelope_init(&e);
  for (size_t i = 0; i < 25; i++) {
    line.length = 0;
    struct slice src = slice_of(names[i / 5]);
    struct slice dest = slice_of(names[i % 5]);
    struct slice body = SLICE("{\"type\":\"t\",\"msg_id\":1}");
    assert_int_equal(envelope_write(&line, src, dest, body), 0);
    assert_int_equal(envelope_parse(&e, bytes_slice(&line)), 0);
    assert_true(slice_equal(e.src, src));
    assert_true(slice_equal(e.dest, dest));
    assert_true(slice_equal(e.body, body));
  }
  bytes_free(&line);
  envelope_free(&e);
}

static void writing_out_of_memory_changes_nothing(void **state)
{
  (void)state;
  char name[80];
  char body[200];
  memset(name, 'n', sizeof name);
  memset(body, ' ', sizeof body);
  long failures = 0;
  for (long n = 0;; n++) {
    struct bytes out = {0};
    assert_int_equal(bytes_append_slice(&out, SLICE("before")), 0);
    failing_alloc_after(n);
    int status =
      envelope_write(&out, (struct slice){name, sizeof name}, (struct slice){name, sizeof name},
                     (struct slice){body, sizeof body});
    failing_alloc_off();
    if (status != 0) {
      assert_int_equal(status, -1);
      assert_slice(bytes_slice(&out), "before");
      failures++;
    }
    bytes_free(&out);
    if (status == 0)
      break;
  }
  assert_int_equal(failures, 3);
}

/* Whatever the line, the envelope accepts no more than the reader does, and names fields
 * only where they stand in it. */
static void random_damage_is_never_accepted_silently(void **state)
{
  (void)state;
  static const char alphabet[] = "{}[],:\"\\ 0-.eu\n\x80sdtbm_";
  struct slice line = SLICE("{\"id\":12,\"src\":\"c1\",\"dest\":\"n1\",\"body\":{\"type\":\"echo\","
                            "\"msg_id\":1,\"echo\":[\"a\\n\",{\"b\":2.5}],\"in_reply_to\":2}}");
  const uint64_t seed = 41;
  print_message("seed %llu\n", (unsigned long long)seed);
  struct rng r;
  rng_init(&r, seed, "damage");
  struct envelope e;
  envelope_init(&e);
  int accepted = 0;
  for (int i = 0; i < 100000; i++) {
    char text[160];
    memcpy(text, line.data, line.length);
    for (uint64_t changes = rng_below(&r, 3); changes > 0; changes--)
      text[rng_below(&r, line.length)] = alphabet[rng_below(&r, sizeof alphabet - 1)];
    struct slice damaged = {text, line.length};
    size_t position;
    const char *why;
    int json = json_validate(damaged, JSON_MAX_DEPTH, &position, &why);
    int status = envelope_parse(&e, damaged);
    accepted += status == 0;
    if (status == 0) {
      assert_int_equal(json, 0);
      assert_true(e.src.data != NULL && e.dest.data != NULL && e.type.data != NULL);
      assert_int_equal(json_validate(e.body, JSON_MAX_DEPTH, NULL, NULL), 0);
    } else if (json != 0) {
      assert_true(e.error_position <= position); /* another fault may come first */
      if (e.error_position == position)
        assert_string_equal(e.error, why);
    }
  }
  assert_in_range(accepted, 30000, 90000);
  envelope_free(&e);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(finds_the_fields_of_a_message),
    cmocka_unit_test(the_way_of_writing_does_not_matter),
    cmocka_unit_test(names_may_have_any_text),
    cmocka_unit_test(decoded_names_stay_where_they_are),
    cmocka_unit_test(errors_leave_what_was_found),
    cmocka_unit_test(nul_bytes_and_depth_are_errors),
    cmocka_unit_test(a_line_cut_off_anywhere_is_an_error),
    cmocka_unit_test(a_steady_node_allocates_nothing),
    cmocka_unit_test(out_of_memory_is_an_error_and_passes),
    cmocka_unit_test(one_huge_line_does_not_keep_its_memory),
    cmocka_unit_test(writes_a_line),
    cmocka_unit_test(a_written_line_parses),
    cmocka_unit_test(writing_out_of_memory_changes_nothing),
    cmocka_unit_test(random_damage_is_never_accepted_silently),
  };
  return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
