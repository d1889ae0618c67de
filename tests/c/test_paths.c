/* Where a program looks depends on where it lies, so this one puts a link to itself into
 * folders that it makes, and runs that: `test_paths --find` prints what it finds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A tree beside this program, and what is in it, in the order of making. */
static char tree[PATH_MAX];
static char made[16][PATH_MAX];
static size_t made_count;

/* tree/name */
static const char *at(const char *name)
{
  static char path[2][PATH_MAX];
  static int turn;
  turn = !turn;
  int length = snprintf(path[turn], PATH_MAX, "%s/%s", tree, name);
  assert_in_range(length, 1, PATH_MAX - 1);
  return path[turn];
}

static void remember(const char *path)
{
  assert_true(made_count < sizeof made / sizeof *made);
  (void)snprintf(made[made_count++], PATH_MAX, "%s", path);
}

static void make_folder(const char *name)
{
  assert_int_equal(mkdir(at(name), 0700), 0);
  remember(at(name));
}

static void make_file(const char *name)
{
  FILE *f = fopen(at(name), "w");
  assert_non_null(f);
  assert_int_equal(fclose(f), 0);
  remember(at(name));
}

static void own_path(char *path)
{
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  assert_true(length > 0);
  path[length] = '\0';
}

static void link_this_program(const char *name)
{
  char self[PATH_MAX];
  own_path(self);
  assert_int_equal(link(self, at(name)), 0);
  remember(at(name));
}

static int make_tree(void **state)
{
  (void)state;
  char self[PATH_MAX];
  own_path(self);
  int folder = (int)(strrchr(self, '/') - self);
  (void)snprintf(tree, sizeof tree, "%.*s/paths-XXXXXX", folder, self);
  return mkdtemp(tree) == NULL ? -1 : 0;
}

static int remove_tree(void **state)
{
  (void)state;
  while (made_count > 0)
    (void)remove(made[--made_count]);
  return rmdir(tree);
}

/* Runs a link to this program; its output, and through `status` its exit status. */
static void find_from(const char *name, char *output, size_t size, int *status)
{
  int fds[2];
  assert_int_equal(pipe(fds), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    (void)dup2(fds[1], STDOUT_FILENO);
    (void)execl(at(name), name, "--find", (char *)NULL);
    _exit(127);
  }
  (void)close(fds[1]);
  FILE *f = fdopen(fds[0], "r");
  assert_non_null(f);
  output[fread(output, 1, size - 1, f)] = '\0';
  (void)fclose(f);
  assert_true(waitpid(child, status, 0) == child);
}

static int print_paths(void)
{
  struct paths p;
  struct error e;
  if (paths_find(&p, &e) != 0) {
    printf("%s\n", e.text);
    return 1;
  }
  printf("%s\n%s\n", p.program, p.root);
  return 0;
}

static void the_root_is_where_the_library_is(void **state)
{
  (void)state;
  char output[3 * PATH_MAX], expected[3 * PATH_MAX];
  int status;
  make_folder("source");
  make_folder("source/lua");
  make_folder("source/lua/hearsay");
  make_file("source/lua/hearsay/init.lua");
  link_this_program("source/program");
  find_from("source/program", output, sizeof output, &status);
  (void)snprintf(expected, sizeof expected, "%s/source\n%s/source\n", tree, tree);
  assert_string_equal(output, expected);
  assert_int_equal(status, 0);
}

static void an_installation_has_it_under_share(void **state)
{
  (void)state;
  char output[3 * PATH_MAX], expected[3 * PATH_MAX];
  int status;
  make_folder("bin");
  make_folder("share");
  make_folder("share/hearsay");
  make_folder("share/hearsay/lua");
  make_folder("share/hearsay/lua/hearsay");
  make_file("share/hearsay/lua/hearsay/init.lua");
  link_this_program("bin/program");
  find_from("bin/program", output, sizeof output, &status);
  (void)snprintf(expected, sizeof expected, "%s/bin\n%s/bin/../share/hearsay\n", tree, tree);
  assert_string_equal(output, expected);
  assert_int_equal(status, 0);
}

static void without_a_library_there_is_an_error(void **state)
{
  (void)state;
  char output[3 * PATH_MAX], expected[3 * PATH_MAX];
  int status;
  make_folder("alone");
  make_folder("alone/lua");
  make_folder("alone/lua/hearsay");
  make_folder("alone/lua/hearsay/init.lua"); /* a folder is not it */
  link_this_program("alone/program");
  find_from("alone/program", output, sizeof output, &status);
  (void)snprintf(expected, sizeof expected,
                 "cannot find lua/hearsay/init.lua in %s/alone or in ../share/hearsay from there\n",
                 tree);
  assert_string_equal(output, expected);
  assert_int_not_equal(status, 0);
}

static void a_script_is_looked_for_in_three_places(void **state)
{
  (void)state;
  struct paths p;
  struct error e;
  char found[PATH_MAX], here[PATH_MAX];
  make_folder("program");
  make_folder("root");
  make_file("both.lua");
  make_file("program/both.lua");
  make_file("program/two.lua");
  make_file("root/two.lua");
  make_file("root/one.lua");
  (void)snprintf(p.program, sizeof p.program, "%s", at("program"));
  (void)snprintf(p.root, sizeof p.root, "%s", at("root"));
  assert_non_null(getcwd(here, sizeof here));
  assert_int_equal(chdir(tree), 0);
  assert_int_equal(paths_script(&p, "both.lua", found, &e), 0);
  assert_string_equal(found, "both.lua"); /* as given, first */
  assert_int_equal(paths_script(&p, "two.lua", found, &e), 0);
  assert_string_equal(found, at("program/two.lua"));
  assert_int_equal(paths_script(&p, "one.lua", found, &e), 0);
  assert_string_equal(found, at("root/one.lua"));
  assert_int_equal(paths_script(&p, "./../root/one.lua", found, &e), 0);
  assert_int_equal(paths_script(&p, at("root/one.lua"), found, &e), 0);
  assert_string_equal(found, at("root/one.lua"));
  assert_int_equal(chdir(here), 0);
}

static void the_nearest_script_is_named(void **state)
{
  (void)state;
  struct paths p;
  struct error e;
  char found[PATH_MAX];
  make_folder("program");
  make_folder("root");
  make_file("root/two.lua");
  make_folder("root/challenges");
  make_file("root/challenges/echo_1.lua");
  make_file("root/challenges/echo_2.lua");
  make_file("root/challenges/echo_3.txt");
  (void)snprintf(p.program, sizeof p.program, "%s", at("program"));
  (void)snprintf(p.root, sizeof p.root, "%s", at("root"));
  static const char *const cases[][2] = {
    {"tow.lua", "no such script: tow.lua; did you mean two.lua?"},
    {"echo_3.lua", "no such script: echo_3.lua; did you mean challenges/echo_1.lua?"},
    {"challenges/eco_2.lua",
     "no such script: challenges/eco_2.lua; did you mean challenges/echo_2.lua?"},
    {"challenges", "challenges is a folder: expected a Lua script, such as challenges/echo_1.lua"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(paths_script(&p, cases[i][0], found, &e), -1);
    assert_string_equal(e.text, cases[i][1]);
  }
}

static void a_script_that_is_nowhere(void **state)
{
  (void)state;
  struct paths p;
  struct error e;
  char found[PATH_MAX], expected[PATH_MAX + 64];
  (void)snprintf(p.program, sizeof p.program, "%s", at("program"));
  (void)snprintf(p.root, sizeof p.root, "%s", at("root"));
  assert_int_equal(paths_script(&p, "none.lua", found, &e), -1);
  (void)snprintf(expected, sizeof expected, "no such script: none.lua (looked here, and in %s)",
                 p.root);
  assert_memory_equal(e.text, expected, strlen(e.text));
  assert_int_equal(paths_script(&p, "/none.lua", found, &e), -1);
  assert_string_equal(e.text, "no such script: /none.lua");
  assert_int_equal(paths_script(&p, tree, found, &e), -1); /* a folder */
  assert_int_equal(paths_script(&p, "", found, &e), -1);
  char *name = malloc(2 * PATH_MAX);
  assert_non_null(name);
  memset(name, 'x', 2 * PATH_MAX - 1);
  name[2 * PATH_MAX - 1] = '\0';
  assert_int_equal(paths_script(&p, name, found, &e), -1);
  free(name);
}

int main(int argc, char **argv)
{
  if (argc == 2 && strcmp(argv[1], "--find") == 0)
    return print_paths();
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(the_root_is_where_the_library_is, make_tree, remove_tree),
    cmocka_unit_test_setup_teardown(an_installation_has_it_under_share, make_tree, remove_tree),
    cmocka_unit_test_setup_teardown(without_a_library_there_is_an_error, make_tree, remove_tree),
    cmocka_unit_test_setup_teardown(a_script_is_looked_for_in_three_places, make_tree, remove_tree),
    cmocka_unit_test_setup_teardown(the_nearest_script_is_named, make_tree, remove_tree),
    cmocka_unit_test_setup_teardown(a_script_that_is_nowhere, make_tree, remove_tree),
  };
  return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
