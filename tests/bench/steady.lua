-- Memory after a million messages and after ten million: make bench-steady. Fails when it has
-- grown. The kernel's figure is off by some dozens of pages either way, so it is the median of
-- several.
--
--   ./node --lua tests/bench/steady.lua BUILD-FOLDER

package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path

local inputs = require "inputs"
local json = require "hearsay.json"
local sample = require "sample"

local BLOCK = 100000
local ROUNDS = 5
local SLACK_KB = 256

local build = arg[1]
local folder = build .. "/bench"
local SCRIPTS = {
  { script = "challenges/echo_1.lua", body = inputs.echo, name = "echo" },
  { script = "challenges/unique_ids_2.lua", body = inputs.generate, name = "generate" },
}

local function resident_kb(script, path, blocks)
  local feed = ("(for i in $(seq %d); do cat %s; done)"):format(blocks, path)
  local command = ("%s | %s/tests/bench/measure feed /dev/stdin ./node %s 2>%s/steady.log")
    :format(feed, build, script, folder)
  local pipe = assert(io.popen(command))
  local line = pipe:read("l")
  assert(pipe:close() and line, script .. " did not run")
  return json.decode(line).rss_kb
end

assert(os.execute("mkdir -p " .. folder))
local failed = false
for _, case in ipairs(SCRIPTS) do
  local path = inputs.write(folder, case.name, BLOCK, case.body)
  local one, ten = table.unpack(sample.interleaved(ROUNDS, {
    function() return resident_kb(case.script, path, 10) end,
    function() return resident_kb(case.script, path, 100) end,
  }))
  local good = ten <= one + SLACK_KB
  failed = failed or not good
  print(("%-4s %s: %d KiB after 10^6 messages, %d KiB after 10^7"):format(good and "ok" or "FAIL",
    case.script, one, ten))
end
os.exit(not failed)
