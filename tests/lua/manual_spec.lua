-- What people are told of options is the same wherever they look: --help, manual pages, completion.

local command_line = require "hearsay.command_line"
local commands = require "sim.commands"
local completion = require "sim.completion"
local help = require "sim.help"
local manual = require "sim.manual"
local options = require "sim.options"
local sorted = require "hearsay.sorted"

-- All long options in the lines of a text that match a pattern.
local function flags_in(text, pattern)
  local set = {}
  for line in text:gmatch("[^\n]+") do
    local flag = line:match(pattern)
    if flag then
      set[flag] = true
    end
  end
  return sorted.keys(set)
end

local function expected_of(name)
  local set = {}
  for _, option in ipairs(name == "node" and command_line.node() or options.of(name)) do
    if option.name then
      set[option.name:match("^%-*(.*)$")] = true
    end
  end
  return sorted.keys(set)
end

-- The long options of a manual page, which stand in bold at the beginning of an entry.
local function manual_flags(text)
  return flags_in(text:gsub("\\%-", "-"), "\\fB%-%-(%l[%l-]+)\\fR")
end

local pages = {}
for _, page in ipairs(manual.pages()) do
  pages[page.name] = page.text
end

-- The part of a shell's text that is about a command.
local PARTS = {
  bash = function(text, name)
    return name == "node" and text:match("\n_hearsay_node%(%) {(.-)\n}\n")
      or text:match("\n_hearsay_sim%(%) {.-\n  " .. name .. "%)\n(.-)\n    ;;\n")
  end,
  zsh = function(text, name)
    return name == "node" and text:match("\n_hearsay_node%(%) {(.-)\n}\n")
      or text:match("\n_hearsay_sim%(%) {.-\n  " .. name .. "%)\n(.-)\n    ;;\n")
  end,
  fish = function(text, name)
    local lines = {}
    for line in text:gmatch("complete [^\n]+") do
      local is_mine = name == "node" and line:find("-c node", 1, true)
        or line:find("_from " .. name .. "'", 1, true)
      lines[#lines + 1] = is_mine and line or nil
    end
    return table.concat(lines, "\n")
  end,
}

local FLAGS = {
  bash = function(part)
    local set = {}
    for flag in part:match('%[%[ $cur == %-%* ]].-"words:(.-)"'):gmatch("%-%-(%S+)") do
      set[flag] = true
    end
    return sorted.keys(set)
  end,
  zsh = function(part) return flags_in(part, "^ *'%-%-(%l[%l-]*%l)=?%-?%[") end,
  fish = function(part) return flags_in(part, " %-l (%l[%l-]+) ") end,
}

local names = commands.names()
names[#names + 1] = "node"

for _, name in ipairs(names) do
  describe("the options of " .. name, function()
    local expected = expected_of(name)

    it("are all in its help", function()
      if name ~= "node" then
        assert.same(expected, flags_in(help.command(name), "^  [- ][%w ][, ] %-%-(%l[%l-]+)"))
      else
        local pipe = assert(io.popen("./node --help"))
        assert.same(expected, flags_in(pipe:read("a"), "^  %-%-(%l[%l-]+)"))
        pipe:close()
      end
    end)

    it("are all in its manual page", function()
      assert.same(expected, manual_flags(pages[(name == "node" and "" or "sim-") .. name .. ".1"]))
    end)

    for shell, part_of in pairs(PARTS) do
      it("are all completed by " .. shell, function()
        assert.same(expected, FLAGS[shell](part_of(completion.text(shell), name)))
      end)
    end
  end)
end

describe("manual pages", function()
  it("are there for both programs and each command", function()
    assert.is_string(pages["sim.1"])
    assert.is_string(pages["node.1"])
    for _, name in ipairs(commands.names()) do
      assert.matches("\n\\fB" .. name .. "\\fR\n", pages["sim.1"], 1, true)
      assert.is_string(pages["sim-" .. name .. ".1"])
    end
  end)

  it("have short options beside the long ones", function()
    assert.matches("\n\\fB\\-w\\fR, \\fB\\-\\-workload\\fR \\fINAME\\fR\n",
      pages["sim-test.1"], 1, true)
    assert.matches("\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n", pages["sim-check.1"], 1, true)
    assert.matches("\n\\fB\\-\\-trace\\fR[=\\fIfull\\fR]\n", pages["node.1"], 1, true)
  end)

  it("are text that troff takes as it is meant", function()
    for name, text in pairs(pages) do
      for line in text:gmatch("[^\n]+") do
        local request = line:match("^%.(%u*)")
        assert.is_true(request == nil or ({ TH = 1, SH = 1, SS = 1, TP = 1, PP = 1, B = 1, BR = 1 })
          [request] ~= nil or line == ".br" or line == ".nf" or line == ".fi", name .. ": " .. line)
        assert.not_matches("^'", line)
        assert.not_matches("[^\\]%-%-", line) -- hyphens that may break or become dashes
      end
    end
  end)

  it("have no warning from groff and mandoc, where these are", function()
    local tools = {
      { "groff", "groff -ww -man -Tutf8 %s 2>&1 >/dev/null" },
      { "mandoc", "mandoc -Tlint %s 2>&1" },
    }
    local path = os.tmpname()
    for _, tool in ipairs(tools) do
      if os.execute("command -v " .. tool[1] .. " >/dev/null") then
        for name, text in pairs(pages) do
          local file = assert(io.open(path, "w"))
          file:write(text)
          file:close()
          local pipe = assert(io.popen(tool[2]:format(path)))
          assert.equal("", (pipe:read("a"):gsub(path, name)))
          pipe:close()
        end
      end
    end
    os.remove(path)
  end)
end)
