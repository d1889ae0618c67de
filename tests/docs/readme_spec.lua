-- The README's scripts and its spec run, its commands print what it shows, and the bench's page has
-- all workloads and faults. What else they claim: claims_spec.lua.

local changes = require "sim.changes"
local faults = require "sim.nemesis.faults"
local json = require "hearsay.json"
local lab = require "hearsay.testing"
local options = require "sim.options"
local page = dofile("tests/docs/page.lua")
local watch_worker = require "sim.watch_worker"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

local readme, bench = read("README.md"), read("lua/sim/README.md")

describe("the README", function()
  it("shows what its commands print", function()
    local demo = read("Makefile"):match("\ndemo:.-\n\t(%./sim [^\n]*)")
    assert.equal(2, page.run("README.md", function(commands)
      return (commands:gsub("^make demo[^\n]*", (demo:gsub("%%", "%%%%"))))
    end))
  end)

  -- The run before and after the edit, as watch shows them.
  it("shows what the edit changes", function()
    local shown = readme:match("Write `policies.direct` there.-```\n(.-)```")
    local args = readme:match("\n%./sim watch (challenges/broadcast_3d.lua [^\n]*)")
    local script = read("challenges/broadcast_3d.lua")
    local edited, edits = script:gsub("parameters%(policies%.hub,", "parameters(policies.direct,")
    assert.equal(1, edits)
    local path = os.tmpname() .. ".lua"
    finally(function() os.remove(path) end)
    local function run(text)
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
      local words = json.array()
      for word in args:gsub("^%S+", path):gmatch("%S+") do
        words[#words + 1] = word
      end
      return json.decode(watch_worker(json.encode(words))())
    end
    local printed = changes.render(run(script), run(edited))
    local at = 1
    for line in shown:gmatch("[^\n]+") do
      if line ~= "..." then
        local _, stop = printed:find(line, at, true)
        at = assert(stop, ("no line %q in\n%s"):format(line, printed))
      end
    end
  end)

  it("shows the policy's lines as they are in the script", function()
    local lines = readme:match("```lua\n(local policies = .-)```")
    assert.is_truthy(read("challenges/broadcast_3d.lua"):find(lines, 1, true))
  end)

  it("has all faults and workloads on the bench's page, and no others", function()
    for _, name in ipairs(faults.names) do
      assert.is_truthy(bench:find("| `" .. name .. "` | " .. faults[name].help, 1, true), name)
    end
    local line = bench:match("Workloads %(.-%): (.-)%.\n")
    local named = {}
    for name in line:gmatch("`(.-)`") do
      named[#named + 1] = name
    end
    assert.same(options.workloads, named)
  end)

  it("has a node in ten lines that works", function()
    local script = readme:match("## A node in ten lines.-```lua\n(.-)```")
    local nodes = lab.start(script, { nodes = 3 })
    assert.equal("broadcast_ok", nodes:ask("n0", { type = "broadcast", message = 7 }).type)
    nodes:run(1)
    assert.same({ 7 }, nodes:ask("n2", { type = "read" }).messages)
  end)

  it("has a spec that passes", function()
    local spec = readme:match("## Test a script.-```lua\n(.-)```")
    local it_ran = 0
    local body = assert(load(spec, "spec", "t", setmetatable({
      describe = function(_, fn) fn() end,
      it = function(_, fn)
        fn()
        it_ran = it_ran + 1
      end,
    }, { __index = _G })))
    body()
    assert.equal(1, it_ran)
  end)

  it("has an echo node that works", function()
    local script = readme:match("```lua\n(.-)```")
    local nodes = lab.start(script)
    assert.equal("hi", nodes:ask("n0", { type = "echo", echo = "hi" }).echo)
  end)
end)
