-- What a script of somebody else can reach: in the bench, and under ./node --sandbox, which is the
-- same confinement. Each case is a way out that is closed.

local json = require "hearsay.json"
local node_lab = dofile("tests/lua/node_lab.lua")
local shell = dofile("tests/cli/shell.lua")

describe("a confined script", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)

  teardown(function() sh:close() end)

  -- What a handler makes of it in the bench.
  local function bench(body)
    local reply, err = node_lab.answer(body)
    return reply or err
  end

  -- And in a process of its own, with these options of ./node.
  local function process(body, options)
    sh:write("script.lua", 'local node = require "hearsay"\n' .. body)
    return talk.to(("%s %s"):format(options or "", shell.quote(sh:path("script.lua"))),
      { talk.message({ type = "go", msg_id = 2 }) }).replies[1].body
  end

  local function sandbox(body)
    return process(body, "--sandbox")
  end

  -- An expression whose value the handler tells; or its error. Both worlds must say the same.
  local function told(expression)
    local body = ([[
      node.on("go", function()
        local function attempt() %s end
        local ok, result = pcall(attempt)
        return { type = "go_ok", ok = ok, result = (tostring(result):gsub("^%%S+:%%d+: ", "")) }
      end)
    ]]):format(expression)
    local there, here = bench(body), sandbox(body)
    assert.equal(json.encode(here.ok) .. here.result, json.encode(there.ok) .. there.result)
    return there.ok, there.result
  end

  local function refused(name, expression, why)
    it("cannot " .. name, function()
      local ok, result = told(expression)
      assert.is_false(ok, result)
      assert.matches(why, result)
    end)
  end

  local function is(name, expression, expected)
    it(name, function()
      local ok, result = told(expression)
      assert.is_true(ok, result)
      assert.equal(expected, result)
    end)
  end

  refused("make cjson go beyond the end of the stack", [[
    local cjson = require("cjson").new()
    assert(cjson.encode_max_depth(1000) == 1000 and cjson.decode_max_depth() == 1000)
    local t = {}
    t[1] = t
    assert(not pcall(cjson.encode, t) and not pcall(cjson.decode, ("["):rep(300000)))
    assert(not pcall(cjson.encode_max_depth, 1001))
    cjson.decode_max_depth(1e9)]], "^bad argument #1 to 'decode_max_depth' "
    .. "%(expected integer between 1 and 1000%)$")
  is("has cjson as it is", [[
    local cjson = require "cjson"
    local ok, why = pcall(function() cjson.encode({ print }) end)
    return cjson.encode({ a = { 1, 2.5, cjson.null, "x" } }) .. why:gsub("^.-:%d+: ", "")
      .. tostring(cjson.decode("[ [7] ]")[1][1])
      .. cjson.new().encode({}) .. select("#", cjson.encode(1))]],
    '{"a":[1,2.5,null,"x"]}Cannot serialise function: type not supported7.0{}1')
  refused("read a file", "io.open('/etc/passwd')", "io.open is not available .* has no files")
  refused("run a file", "dofile('/etc/passwd')", "dofile is not available .* has no files")
  refused("load a file", "loadfile('/etc/passwd')", "loadfile is not available")
  refused("look whether a file is there", "package.searchpath('passwd', '/etc/?')",
    "package.searchpath is not available")
  refused("start a process", "os.execute('true')", "os.execute is not available")
  refused("end the node", "os.exit(3)", "os.exit is not available")
  refused("see a clock", "os.clock()", "os.clock is not available .* node.now")
  refused("load a C library", "package.loadlib('libc.so.6', '*')", "loads no C modules")
  refused("get at the libraries in another way",
    "package.loaded.os.getenv('HOME')", "os.getenv is not available")
  refused("get at them by require", "require('io').popen('true')", "io.popen is not available")
  refused("take away a hook", "debug.sethook()", "debug.sethook is not available")
  refused("reach into functions", "debug.setupvalue(print, 1, 2)", "not available")
  refused("reach the registry", "debug.getregistry()", "debug.getregistry is not available")
  refused("have a finalizer", "setmetatable({}, { __gc = print })",
    "a finalizer %(__gc%) is not available")
  refused("have a finalizer that is false", "setmetatable({}, { __gc = false })", "finalizer")
  is("has no file that is open", "return tostring(io.stdout) .. tostring(io.stdin)", "nilnil")
  is("gets no metatable of what the host made, to put a finalizer there",
    "return getmetatable(require('hearsay.json').array()) .. ' ' "
      .. ".. getmetatable(node.after(9, print)) .. ' ' "
      .. ".. getmetatable(require('hearsay.seen').new())",
    "hearsay.array hearsay.timer hearsay.seen")
  is("has its own metatables as ever", "local m = { __index = { a = 1 } } "
    .. "local t = setmetatable({}, m) return tostring(getmetatable(t) == m) .. t.a", "true1")
  is("knows an error object", "local errors = require('hearsay.errors') "
    .. "return tostring(errors.is(errors.new('timeout')))", "true")
  is("and those with __metatable",
    "return getmetatable(setmetatable({}, { __metatable = 'mine' }))", "mine")
  is("can ask for a traceback and where it is",
    "return type(debug.traceback()) .. debug.getinfo(1, 'l').currentline > '' and 'yes'", "yes")

  describe("requires", function()
    is("what is in the library", "return type(require('hearsay.retry'))", "table")

    it("nothing from a folder that it names itself", function()
      sh:write("secret.lua", "return 'found'")
      local body = ([[
        package.path = %q .. "/?.lua"
        package.cpath = package.path
        local ok, result = pcall(require, "secret")
        node.on("go", function() return { type = "go_ok", ok = ok, result = result } end)
      ]]):format(sh.folder)
      local reply = bench(body)
      assert.is_false(reply.ok)
      assert.matches("module 'secret' not found", reply.result)
      assert.is_nil(reply.result:find(sh.folder, 1, true))
      assert.equal("found", process(body).result) -- which is what is closed
    end)

    for _, name in ipairs { "../secret", "/etc/passwd", "hearsay/../../secret" } do
      it("no name with a slash: " .. name, function()
        local ok, result = told(("return require(%q)"):format(name))
        assert.is_false(ok)
        assert.matches("the name of a module has no '/'", result)
      end)
    end

    it("what is beside it", function()
      sh:write("beside.lua", "return 'beside'")
      local reply = sandbox([[
        local word = require "beside"
        node.on("go", function() return { type = "go_ok", word = word } end)
      ]])
      assert.equal("beside", reply.word)
    end)
  end)

  it("reaches the world without --sandbox", function()
    local reply = process([[
      node.on("go", function()
        return { type = "go_ok", time = math.type(os.time()), file = io.type(io.stdout),
          hook = type(debug.gethook), gc = type(setmetatable({}, { __gc = print })) }
      end)
    ]])
    assert.same({ type = "go_ok", in_reply_to = 2, time = "integer", file = "file",
      hook = "function", gc = "table" }, reply)
  end)
end)

describe("precompiled code is refused", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)
  local chunk = string.dump(function() return "ran" end)
  local path = sh:write("chunk.lua", chunk)

  teardown(function() sh:close() end)

  -- What comes of each way to load it. The first is for text, to see that the way is open.
  local WAYS = ([[
    local dumped = string.dump(function() return "ran" end)
    local function pieces(text)
      local at = 0
      return function() at = at + 1 return at <= #text and text:sub(at, at) or nil end
    end
    local ways = {
      { "text", load("return 'ran'", "text", "t", {}) },
      { "text, mode bt", load(pieces("return 'ran'"), "text", "bt") },
      { "text, mode b", load("return 1", "text", "b") },
      { "load", load(dumped) },
      { "load, mode b", load(dumped, "x", "b") },
      { "load, mode bt", load(dumped, "x", "bt", {}) },
      { "load in pieces", load(pieces(dumped)) },
      { "loadfile", loadfile(%q) },
      { "loadfile, mode b", loadfile(%q, "b") },
      { "dofile", select(2, pcall(dofile, %q)) },
      { "require", select(2, pcall(require, "chunk")) },
    }
    local function said()
      local list = {}
      for i, way in ipairs(ways) do
        local result = way[2] or way[3]
        list[i] = way[1] .. ": " .. (type(result) == "function" and result()
          or tostring(result):match("attempt to load a %%l+ chunk") or tostring(result))
      end
      return list
    end
  ]]):format(path, path, path)
  local SAID = {
    "text: ran", "text, mode bt: ran", "text, mode b: attempt to load a text chunk",
    "load: attempt to load a binary chunk", "load, mode b: attempt to load a binary chunk",
    "load, mode bt: attempt to load a binary chunk",
    "load in pieces: attempt to load a binary chunk",
    "loadfile: attempt to load a binary chunk", "loadfile, mode b: attempt to load a binary chunk",
    "dofile: attempt to load a binary chunk", "require: attempt to load a binary chunk",
  }

  it("by a node", function()
    local script = sh:write("script.lua", 'local node = require "hearsay"\n' .. WAYS
      .. 'node.on("go", function() return { type = "go_ok", said = said() } end)\n')
    local said = talk.to(shell.quote(script), { talk.message({ type = "go", msg_id = 2 }) })
    assert.same(SAID, said.replies[1].body.said)
  end)

  it("by a node in the bench and under --sandbox, where loadfile and dofile load nothing at all",
    function()
    local body = WAYS:gsub("{ \"loadfile.-\n", ""):gsub("{ \"dofile.-\n", "")
      .. 'node.on("go", function() return { type = "go_ok", said = said() } end)\n'
    local expected = table.move(SAID, 1, 7, 1, {})
    local script = sh:write("script.lua", 'local node = require "hearsay"\n' .. body)
    local said = talk.to("--sandbox " .. shell.quote(script),
      { talk.message({ type = "go", msg_id = 2 }) })
    expected[8] = SAID[#SAID]
    assert.same(expected, said.replies[1].body.said)
    local reply = node_lab.answer(body)
    expected[8] = nil
    assert.same(expected, table.move(reply.said, 1, 7, 1, {}))
  end)

  it("by plain Lua", function()
    local script = sh:write("plain.lua", ("package.path = %q .. '/?.lua'\n"):format(sh.folder)
      .. WAYS .. "print(table.concat(said(), '\\n'))\n")
    assert.equal(table.concat(SAID, "\n") .. "\n", sh:run("./node --lua " .. script).out)
  end)

  it("as a script", function()
    local ran = sh:run("./node " .. path)
    assert.equal(1, ran.status)
    assert.matches("attempt to load a binary chunk", ran.err)
  end)
end)
