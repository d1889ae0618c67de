-- The commands of ./sim: what is said of each, and that what is said is true.

local commands = require "sim.commands"
local help = require "sim.help"
local kinds = require "sim.option_kinds"
local nearest = require "sim.nearest"
local options = require "sim.options"
local worlds = require "hearsay.world"

-- Every run of an option's own lines in a help: "--name" at the beginning of a line.
local function flags_in(text)
  local flags = {}
  for line in text:gmatch("[^\n]+") do
    flags[#flags + 1] = line:match("^  [- ][%w ][, ] (%-%-%l[%l-]+)") or nil
  end
  return flags
end

describe("the commands", function()
  for _, command in ipairs(commands.list) do
    it("have a module each: " .. command.name, function()
      assert.is_function(require("sim." .. command.name).main)
    end)

    it("have examples that are right: " .. command.name, function()
      assert.is_true(#command.examples > 0)
      for _, example in ipairs(command.examples) do
        local words = kinds.command_words((example[2]:gsub(" |.*", "")))
        assert.equal(command.name, table.remove(words, 1))
        local scripts = 0
        for i = #words, 1, -1 do
          local script = words[i]:match("challenges/[%w/_]+%.lua")
          if script then
            assert.is_string(worlds.find_script(script))
            scripts = scripts + 1
            if command.name == "compare" and scripts > 1 then -- which takes it several times
              table.remove(words, i)
              if words[i - 1] == "--bin" then
                table.remove(words, i - 1)
              end
            end
          end
        end
        if command.takes_run then
          assert(options.parse(words, command.name))
        end
      end
    end)

    it("are told with all their options, in 80 columns or fewer: " .. command.name, function()
      for _, width in ipairs({ 80, 50 }) do
        local text = help.command(command.name, width)
        local flags = {}
        for _, option in ipairs(options.of(command.name)) do
          flags[#flags + 1] = option.name and "--" .. option.name
        end
        assert.same(flags, flags_in(text))
        for line in text:gmatch("[^\n]+") do
          assert(utf8.len(line) <= width or line:find("^[Usage: ]+%./sim")
            or line:find("^ +%-%-bin \""), line)
        end
        assert.matches("Examples:\n  # ", text)
        assert.matches("Exit status: 0 .*254 bad options, 255 could not run",
          (text:gsub("%s+", " ")))
      end
    end)
  end

  it("have a title before the options that it is for, and only there", function()
    local list = options.of("replay")
    assert.equal("What to run", list[1].title)
    for i, option in ipairs(list) do
      assert.is_true(option.name ~= nil or list[i + 1].name ~= nil)
    end
    for _, option in ipairs(list) do
      assert.not_equal("csv", option.name)
    end
  end)

  it("are suggested", function()
    assert.equal("did you mean explore?", commands.suggest("exlpore"))
    assert.equal("did you mean compare?", commands.suggest("comp"))
    assert.equal("did you mean format?", commands.suggest("formt", { "format" }))
    assert.equal("expected one of " .. table.concat(commands.names(), ", "), commands.suggest("x"))
  end)
end)

describe("the nearest word", function()
  local LIST = { "broadcast", "echo", "kafka", "g-set", "--time-limit" }

  it("is few edits away", function()
    for word, meant in pairs({ ecko = "echo", ehco = "echo", eco = "echo", echoo = "echo",
      brodcsat = "broadcast", kafak = "kafka", ["--time"] = "--time-limit", gset = "g-set" }) do
      assert.equal(meant, nearest.find(word, LIST), word)
    end
  end)

  it("is none when all are far", function()
    for _, word in ipairs({ "", "e", "cash", "akfak", "x", ("broadcast"):rep(20) }) do
      assert.is_nil(nearest.find(word, LIST), word)
    end
    assert.is_nil(nearest.find("echo", {}))
  end)

  it("is the first of those that are as near, and the same word before all", function()
    assert.equal("tree2", nearest.find("treee", { "tree2", "tree3" }))
    assert.equal("tree", nearest.find("tree", { "tree2", "tree" }))
  end)
end)
