-- ./node --lua: plain Lua with Hearsay's modules, in which the specs themselves run.

local shell = dofile("tests/cli/shell.lua")

describe("./node --lua", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  local function run(code, options)
    options = options or {}
    sh:write("plain.lua", code)
    return sh:run(("%s/node --lua plain.lua %s %s"):format(shell.quote(sh.root),
      options.arguments or "", options.behind or ""), { input = options.input, cwd = sh.folder })
  end

  it("runs a file to its end", function()
    local ran = run('print("hello", 1) io.stderr:write("there\\n")')
    assert.same({ out = "hello\t1\n", err = "there\n", status = 0 }, ran)
  end)

  it("passes over a first line with #", function()
    assert.equal("2\n", run("#!/usr/bin/env lua\nprint(debug.getinfo(1).currentline)").out)
  end)

  it("gives it its arguments, as lua does", function()
    local ran = run("print(arg[0], arg[1], arg[2], #arg, ...)", { arguments = "a 'b c'" })
    assert.equal("plain.lua\ta\tb c\t2\ta\tb c\n", ran.out)
  end)

  it("is ordinary Lua: globals, standard input, os, io, math.randomseed", function()
    local ran = run([[
      x = undeclared
      math.randomseed(1)
      print(x, io.read("a"), os.time() > 0, os.getenv("HOME") ~= "", io.popen("echo sub"):read("a"))
    ]], { input = "in\0put" })
    assert.equal("", ran.err)
    assert.equal("nil\tin\0put\ttrue\ttrue\tsub\n\n", ran.out)
  end)

  it("has Hearsay's modules and cjson", function()
    local ran = run([[
      local json, seen = require "hearsay.json", require "hearsay.seen"
      local values = seen.new()
      values:add(3)
      print(json.encode({ 9007199254740993, json.array {}, {}, 1.0 }), json.encode(values:values()))
      print(require("hearsay.errors").new(20), #require("hearsay.topology").names > 3)
      print(require("cjson").encode({ true }), type(require("hearsay.world").new))
      print(pcall(require, "hearsay"))
    ]])
    assert.equal("", ran.err)
    assert.same({ "[9007199254740993,[],{},1.0]\t[3]",
      "key_does_not_exist (20): the key does not exist\ttrue", "[true]\tfunction",
      "false\tthere is no node here: run the script by ./node, or in the bench by ./sim" },
      shell.lines(ran.out))
  end)

  it("exits as the script says", function()
    assert.equal(3, run("os.exit(3)").status)
    assert.equal(0, run("os.exit(true, true)").status)
  end)

  it("exits with status 1 and a traceback, all of it, when the script fails", function()
    local ran = run([[
      local function deep(n) if n == 0 then error("boom") end deep(n - 1) return 1 end
      io.write("before") deep(15)
    ]])
    assert.equal(1, ran.status)
    assert.equal("before", ran.out)
    assert.matches("^node: plain%.lua:1: boom\nstack traceback:\n", ran.err)
    assert.matches("\n\tplain.lua:2: in main chunk\n", ran.err, 1, true)
    assert.matches("^node: %(error object is a table value%)\n", run("error({})").err)
  end)

  it("says in one line that a file does not load", function()
    local ran = run("local x = = 1")
    assert.equal(1, ran.status)
    assert.equal("node: plain.lua:1: unexpected symbol near '='\n", ran.err)
    ran = sh:run("LC_ALL=C ./node --lua nosuch.lua")
    assert.equal(1, ran.status)
    assert.equal("node: cannot open nosuch.lua: No such file or directory\n", ran.err)
    assert.equal(2, sh:run("./node --lua").status)
  end)

  it("loses no output to a slow reader", function()
    local ran = run("for i = 1, 50000 do print(i) end", { behind = "| { sleep 0.3; cat; }" })
    assert.equal(50000, #shell.lines(ran.out))
  end)

  it("is ended by a reader that goes away", function()
    local ran = run("while true do print('y') end", { behind = "| head -n 2" })
    assert.same({ out = "y\ny\n", err = "", status = 0 }, ran)
  end)
end)
