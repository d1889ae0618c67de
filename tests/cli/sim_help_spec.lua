-- ./sim help: of the commands, and of the files that a run leaves.

local commands = require "sim.commands"
local shell = dofile("tests/cli/shell.lua")

describe("./sim help", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  it("tells of a command what its --help tells", function()
    assert.equal(sh:run("./sim --help").out, sh:run("./sim help").out)
    assert.equal(sh:run("./sim compare --help").out, sh:run("./sim help compare").out)
  end)

  it("goes on one screen, where it is not asked for too", function()
    local ran = sh:run("./sim --help")
    assert.is_true(#shell.lines(ran.out) < 24)
    assert.equal(ran.out, sh:run("./sim").err)
  end)

  it("tells of the files that a run leaves", function()
    local ran = sh:run("./sim help format")
    assert.equal(0, ran.status)
    assert.matches("\nhistory.jsonl +an operation a line", ran.out)
    assert.matches("\n  invoke_us +when it began", ran.out)
    for _, line in ipairs(shell.lines(ran.out)) do
      assert.is_true(#line <= 80, line)
    end
    assert.matches("./sim help format", sh:run("./sim help").out, 1, true)
  end)

  it("lists what there is", function()
    local ran = sh:run("./sim help nothing")
    assert.equal(254, ran.status)
    assert.equal('sim: there is no help on "nothing"; expected one of '
      .. table.concat(commands.names(), ", ") .. ", format\n", ran.err)
    assert.equal('sim: there is no help on "fromat"; did you mean format?\n',
      sh:run("./sim help fromat").err)
  end)
end)
