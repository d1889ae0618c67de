/* The files of a stored run, which ./sim check and report read: whatever stands in them is either
 * taken or refused with one line that says where it is wrong; and every history that is taken can
 * be judged, unless two transactions write the same in it, which no run of the bench has and the
 * checkers name. The first line of an input says what the rest is: run.json, results.json,
 * messages.jsonl, or the history of the workload that it names. */
#include "fuzz_lua.h"

static const char prelude[] =
  "local options = require 'sim.options'\n"
  "local stored = require 'sim.stored'\n"
  "local workloads = require 'sim.workloads'\n"
  "local readers = {\n"
  "  ['run.json'] = stored.meta, ['results.json'] = stored.results,\n"
  "  ['messages.jsonl'] = function(text) return stored.messages(text, function() end) end,\n"
  "}\n"
  "for _, name in ipairs(options.workloads) do\n"
  "  local opts = assert(options.parse({ '-w', name, '--bin', 'node.lua' }, 'test'))\n"
  "  readers[name] = function(text)\n"
  "    local history, message = stored.history(text, name)\n"
  "    if history then\n"
  "      local ok, built = xpcall(workloads.get(name).check, debug.traceback, history, opts)\n"
  "      if not ok then\n"
  "        local line = built:match('^[^\\n]*')\n"
  "        assert(line:find('two transactions write') or line:find(' is appended to key '), "
  "built)\n"
  "      else\n"
  "        assert(({ [true] = 1, [false] = 1, unknown = 1 })[built['valid?']])\n"
  "      end\n"
  "    end\n"
  "    return history, message\n"
  "  end\n"
  "end\n"
  "return function(input)\n"
  "  local what, text = input:match('^([^\\n]*)\\n(.*)$')\n"
  "  if not readers[what] then return end\n"
  "  local taken, message = readers[what](text)\n"
  "  assert(taken or type(message) == 'string' and not message:find('\\n'), message)\n"
  "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  check_in_lua(prelude, data, size);
  return 0;
}
