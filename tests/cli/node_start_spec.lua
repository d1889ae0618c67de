-- How ./node is started: from where, by what name, with which options, and with scripts that do not
-- load.

local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

describe("./node", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)

  teardown(function() sh:close() end)

  describe("runs the script", function()
    local input = talk.init() .. "\n" .. talk.message({ type = "echo", msg_id = 2, echo = "hi" })

    local function expect_echo(command, cwd)
      local ran = sh:run(command, { input = input, cwd = cwd })
      assert.equal("", ran.err)
      assert.equal(0, ran.status)
      assert.equal(2, #shell.lines(ran.out))
      assert.matches('"echo":"hi"', ran.out, 1, true)
    end

    it("named relative to the current folder", function()
      expect_echo("./node challenges/echo_1.lua")
      expect_echo("../node echo_1.lua", sh.root .. "/challenges")
      sh:write("mine.lua", 'require("hearsay").on("echo", function(m) return '
        .. '{ type = "echo_ok", echo = m.body.echo } end)')
      expect_echo(quote(sh.root .. "/node") .. " mine.lua", sh.folder)
      expect_echo(quote(sh.root .. "/node") .. " ./mine.lua", sh.folder)
    end)

    it("named absolutely", function()
      expect_echo("./node " .. quote(sh.root .. "/challenges/echo_1.lua"))
    end)

    it("named relative to the program's folder, from anywhere", function()
      expect_echo(quote(sh.root .. "/node") .. " challenges/echo_1.lua", sh.folder)
      expect_echo(quote(sh.root .. "/node") .. " ./challenges/echo_1.lua", "/")
    end)

    it("when the program is found by a symbolic link or in PATH", function()
      os.execute("ln -s " .. quote(sh.root .. "/node") .. " " .. quote(sh:path("linked")))
      expect_echo("./linked challenges/echo_1.lua", sh.folder)
      expect_echo("PATH=" .. quote(sh.root) .. ":$PATH; node challenges/echo_1.lua", sh.folder)
    end)

    it("behind --", function()
      expect_echo("./node -- challenges/echo_1.lua")
      expect_echo(quote(sh.root .. "/node") .. " -- challenges/echo_1.lua", sh.folder)
    end)

    it('as "./node challenges/echo_1.lua", which Maelstrom takes for one path', function()
      expect_echo("'./node challenges/echo_1.lua'")
      expect_echo(quote(sh.root .. "/node challenges/echo_1.lua"), "/")
    end)

    it("when the script is executed", function()
      expect_echo("challenges/echo_1.lua")
      expect_echo("./echo_1.lua", sh.root .. "/challenges")
      expect_echo(quote(sh.root .. "/challenges/echo_1.lua"), "/")
      expect_echo("PATH=" .. quote(sh.root .. "/challenges") .. ":$PATH; echo_1.lua", "/")
    end)

    it("when the path of everything has spaces and quotes", function()
      local odd = sh:path("a 'b' \"c\"")
      os.execute("mkdir -p " .. quote(odd .. "/bin") .. " && cp node " .. quote(odd .. "/node")
        .. " && cp -R lua challenges " .. quote(odd))
      expect_echo(quote(odd .. "/challenges/echo_1.lua"), "/")
      expect_echo("./node challenges/echo_1.lua", odd)
    end)
  end)

  it("has all challenges executable, and loads them", function()
    local ran =
      sh:run("for f in challenges/*.lua; do test -x $f && ./node --check $f || exit; done")
    assert.equal("", ran.err)
    assert.equal(0, ran.status)
    for script, handled in pairs { echo_1 = "echo", unique_ids_2 = "generate",
      broadcast_3a = "broadcast, read, topology",
      broadcast_3b = "broadcast, flood, read, topology" } do
      assert.matches(("challenges/%s.lua: handles %s\n"):format(script, handled), ran.out, 1, true)
    end
  end)

  it("hands arguments to the script", function()
    local script = sh:write("words.lua", [[
      local node = require "hearsay"
      local words = { ... }
      node.on("words", function()
        return { type = "words_ok", words = words, arg = { table.unpack(arg) }, zero = arg[0] }
      end)
    ]]):gsub("^.*/", "")
    local node = quote(sh.root .. "/node")
    local lines = talk.init() .. "\n" .. talk.message({ type = "words", msg_id = 2 })
    for command, expected in pairs {
      [""] = {},
      [" a 'b c' '' -- --check -w"] = { "a", "b c", "", "--", "--check", "-w" },
    } do
      local ran = sh:run(node .. " " .. script .. command, { input = lines, cwd = sh.folder })
      assert.equal("", ran.err)
      local reply = require("hearsay.json").decode(shell.lines(ran.out)[2]).body
      assert.same(expected, reply.words)
      assert.same(expected, reply.arg)
      assert.equal(script, reply.zero)
    end
  end)

  it("lets the script require its neighbours, Hearsay's modules and cjson", function()
    sh:write("beside.lua", "return { text = 'beside' }")
    local script = sh:write("requires.lua", [[
      local beside = require "beside"
      local cjson = require "cjson"
      local node = require "hearsay"
      for _, name in ipairs { "errors", "gossip", "ids", "json", "retry", "seen", "topology" } do
        require("hearsay." .. name)
      end
      node.on("echo", function()
        return { type = "echo_ok", echo = beside.text .. cjson.encode({ 1, "a" }) }
      end)
    ]])
    -- Without the modules that this machine may have installed.
    local said = talk.raw("LUA_PATH_5_4='' LUA_CPATH_5_4='' ./node " .. script,
      { talk.init(), talk.message({ type = "echo", msg_id = 2 }) })
    assert.same({}, said.errors)
    assert.equal('beside[1,"a"]', said.replies[2].body.echo)
  end)

  it("writes what the script prints and logs to stderr, before and after init", function()
    local script = sh:write("prints.lua", [[
      print("early", 1, nil)
      local node = require "hearsay"
      node.log("loading %d%%", 5)
      node.on("echo", function()
        print()
        print("two\nlines", setmetatable({}, { __tostring = function() return "me" end }))
        node.log("100%")
        return { type = "echo_ok" }
      end)
    ]])
    local said = talk.to(script, { talk.message({ type = "echo", msg_id = 2 }) })
    assert.equal(1, #said.replies)
    local times = 0
    for i, line in ipairs(said.errors) do
      local rest, found = line:gsub("^ *%d+%.%d%d%d ", "")
      said.errors[i], times = rest, times + found
    end
    assert.same({ "node early\t1\tnil", "node loading 5%", "n1 ", "n1 two", "lines\tme",
      "n1 100%" }, said.errors)
    assert.equal(5, times)
  end)

  describe("with a script that does not load", function()
    for name, case in pairs {
      ["a syntax error"] = { "local x = 1\nlocal = 2", "bad.lua:2: <name> expected near '='" },
      ["an open string"] = { "local s = \"a\\\nb\nc", "bad.lua:2: unfinished string near '\"a b'" },
      ["a runtime error"] = { "\n\nerror('boom')", "bad.lua:3: boom" },
      ["an error of two lines"] = { "error('boom\\n\\tagain')", "bad.lua:1: boom again" },
      ["an error deeper down"] = { "local function f() return nil + 1 end\nf()",
        "bad.lua:1: attempt to perform arithmetic on a nil value" },
      ["a global that does not exist"] = { "local a\nlocal b = a or undeclared",
        "bad.lua:2: undeclared global 'undeclared'" },
      ["a new global"] = { "function handle() end",
        "bad.lua:1: assignment to undeclared global 'handle' (write: local handle)" },
      ["a handler that is none"] = { 'require("hearsay").on("a", 5)',
        "bad.lua:1: node.on: expected a function, or a table of fields and a function" },
      ["two handlers of a type"] = {
        'local n = require "hearsay"\nn.on("a", print)\nn.on("a", print)',
        'bad.lua:3: node.on: "a" has a handler already' },
      ["a handler of init"] = { 'require("hearsay").on("init", print)',
        'bad.lua:1: node.on: "init" is answered by the host; use node.on_init' },
      ["a message before init"] = { 'require("hearsay").send("n1", { type = "a" })',
        "bad.lua:1: node.send: cannot send before init: the node has no id yet" },
      ["a wait in its main part"] = { 'require("hearsay").sleep(1)',
        "bad.lua:1: node.sleep waits, so it must be called in a handler, a timer's function or "
        .. "node.spawn, not in the script's main part" },
      ["bytecode"] = { string.dump(function() end), "bad.lua: attempt to load a binary chunk "
        .. "(mode is 't')" },
    } do
      for _, option in ipairs { "", "--check " } do
        it("says where in one line, status 1: " .. option .. name, function()
          sh:write("bad.lua", case[1])
          local ran = sh:run(quote(sh.root .. "/node") .. " " .. option .. "bad.lua",
            { input = talk.init() .. "\n", cwd = sh.folder })
          assert.equal("node: " .. case[2] .. "\n", ran.err)
          assert.equal("", ran.out)
          assert.equal(1, ran.status)
        end)
      end
    end

    it("says where a module is missing or does not load", function()
      local script = sh:write("bad.lua", '\nrequire "nosuch.module"')
      local ran = sh:run("./node " .. script)
      assert.matches("^node: [^\n]*/bad%.lua:2: module 'nosuch%.module' not found: [^\n]*\n$",
        ran.err)
      sh:write("broken.lua", "local x =")
      sh:write("bad.lua", '\nrequire "broken"')
      ran = sh:run("./node " .. script)
      assert.matches("^node: [^\n]*/broken%.lua:1: unexpected symbol near <eof>\n$", ran.err)
      assert.equal(1, ran.status)
    end)
  end)

  describe("says in one line what is wrong with its arguments:", function()
    local looked = " (looked here, and in " .. sh.root .. ")"

    for arguments, case in pairs {
      [""] = { 2, "expected a script, such as challenges/echo_1.lua (try: node --help)" },
      ["--check"] = { 2, "expected a script, such as challenges/echo_1.lua (try: node --help)" },
      ["--bogus challenges/echo_1.lua"] = { 2, "unknown option --bogus (try: node --help)" },
      ["--chekc challenges/echo_1.lua"] = { 2, "unknown option --chekc; did you mean --check?" },
      ["--check=yes challenges/echo_1.lua"] = { 2, "--check takes no value, got yes" },
      ["--data"] = { 2, "--data: expected a folder" },
      ["--data= challenges/echo_1.lua"] = { 2, "--data: expected a folder" },
      ["--color=red challenges/echo_1.lua"] = { 2,
        "--color red: expected auto, always or never" },
      ["--max-rpcs=0 challenges/echo_1.lua"] = { 2,
        '--max-rpcs: expected a number, from 1 to 1000000000, not "0"' },
      ["-x"] = { 2, "unknown option -x (try: node --help)" },
      ["nosuch.lua"] = { 1, "no such script: nosuch.lua" .. looked },
      ["/nosuch/nosuch.lua"] = { 1, "no such script: /nosuch/nosuch.lua" },
      ["challenges"] = { 1,
        "challenges is a folder: expected a Lua script, such as challenges/echo_1.lua" },
      ["brodcast_3b.lua"] = { 1,
        "no such script: brodcast_3b.lua; did you mean challenges/broadcast_3b.lua?" },
      ["variants/ids_uuid7"] = { 1, "no such script: variants/ids_uuid7" .. looked },
      ["challenges/variants/ids_uuid"] = { 1, "no such script: challenges/variants/ids_uuid; "
        .. "did you mean challenges/variants/ids_uuid7.lua?" },
      ["--check nosuch.lua"] = { 1, "no such script: nosuch.lua" .. looked },
      ["-- --help"] = { 1, "no such script: --help" .. looked },
    } do
      it("node " .. arguments, function()
        local ran = sh:run("./node " .. arguments, { input = talk.init() .. "\n" })
        assert.equal("node: " .. case[2] .. "\n", ran.err)
        assert.equal("", ran.out)
        assert.equal(case[1], ran.status)
      end)
    end
  end)

  it("explains itself", function()
    for _, option in ipairs { "--help", "-h", "--help challenges/echo_1.lua" } do
      local ran = sh:run("./node " .. option)
      assert.matches("^usage: node %[OPTIONS%] SCRIPT", ran.out)
      for _, word in ipairs { "--check", "--lua", "--max-line", "--version", "echo_1.lua" } do
        assert.matches(word, ran.out, 1, true)
      end
      assert.equal("", ran.err)
      assert.equal(0, ran.status)
    end
    local ran = sh:run("./node --version")
    assert.matches("^hearsay node %d+%.%d+%.%d+ %(Lua 5%.4%.%d+%)\n$", ran.out)
    assert.equal(0, ran.status)
  end)
end)
