-- The README says only what is true: its options, files and names exist, and its script runs.

local commands = require "sim.commands"
local faults = require "sim.nemesis.faults"
local help = require "sim.help"
local lab = require "hearsay.testing"
local options = require "sim.options"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

local readme = read("README.md")

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return text
end

describe("the README", function()
  it("names options that exist", function()
    local text = output_of("./node --help")
    for _, name in ipairs(commands.names()) do
      text = text .. help.command(name)
    end
    for option in readme:gmatch("%f[%-%w](%-%-%l[%l%-]+)") do
      assert.is_truthy(text:find(option, 1, true), option)
    end
  end)

  it("names files that exist", function()
    for _, folder in ipairs({ "challenges", "core", "lua", "scripts", "tests", "vendor" }) do
      for path in readme:gmatch("%f[%w]" .. folder .. "/[%w_/.%-]+[%w]") do
        assert.is_truthy(os.rename(path, path), path)
      end
    end
  end)

  it("names all faults and workloads, and no others", function()
    for _, name in ipairs(faults.names) do
      assert.is_truthy(readme:find("| `" .. name .. "` | " .. faults[name].help, 1, true), name)
    end
    local line = readme:match("Workloads %(.-%): (.-)%.\n")
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
