/* The bench's command line: any words are either parsed or answered with one line that says what
 * is wrong; and the command that a run prints parses to that command again. */
#include "fuzz_lua.h"

static const char prelude[] =
  "local options = require 'sim.options'\n"
  "local function words(text)\n"
  "  local list = {}\n"
  "  for word in text:gmatch('[^\\n]+') do list[#list + 1] = word end\n"
  "  return list\n"
  "end\n"
  "return function(text)\n"
  "  local opts, message = options.parse(words(text), 'test')\n"
  "  if not opts then\n"
  "    assert(type(message) == 'string' and not message:find('\\n'), message)\n"
  "    return\n"
  "  elseif opts.help then\n"
  "    return\n"
  "  end\n"
  "  assert(#opts.nodes == opts.node_count and opts.concurrency >= 1)\n"
  "  local changed = { seed = tostring(opts.seed) }\n"
  "  for name, value in pairs(opts.given) do changed[name] = value end\n"
  "  local again = {}\n"
  "  for name, value in pairs(changed) do\n"
  "    again[#again + 1] = '--' .. name .. (value == true and '' or '=' .. value)\n"
  "  end\n"
  "  table.sort(again)\n"
  "  again[#again + 1] = '--'\n"
  "  table.move(opts.args, 1, #opts.args, #again + 1, again)\n"
  "  local second = assert(options.parse(again, 'test'))\n"
  "  assert(options.command(second) == options.command(opts))\n"
  "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (memchr(data, 0, size) == NULL) // no argument has one
    check_in_lua(prelude, data, size);
  return 0;
}
