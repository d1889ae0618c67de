-- The limits of a node: at each there is an error that names the option that raises it, and the
-- node serves the next message. tests/c/test_limits.c has each limit in virtual time.

local shell = dofile("tests/cli/shell.lua")

describe("limits of ./node:", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)

  teardown(function() sh:close() end)

  -- The bodies that a script's node answers to messages of these types, in the order of these, and
  -- its diagnostics as one text. The last message is a ping, which must be answered.
  local function ask(options, script, ...)
    sh:write("script.lua", 'local node = require "hearsay"\n' .. script
      .. '\nnode.on("ping", function() return { type = "pong" } end)\n')
    local lines, bodies, names = {}, {}, { ... }
    names[#names + 1] = "ping"
    for i, name in ipairs(names) do
      lines[i] = talk.message({ type = name, msg_id = i + 1 })
    end
    local said = talk.to(("%s %s"):format(options, shell.quote(sh:path("script.lua"))), lines)
    for _, reply in ipairs(said.replies) do
      bodies[(reply.body.in_reply_to or 0) - 1] = reply.body
    end
    assert.equal(0, said.status)
    assert.equal("pong", bodies[#lines] and bodies[#lines].type)
    return bodies, table.concat(said.errors, "\n")
  end

  it("memory", function()
    local bodies, diagnostics = ask("--max-memory 8000000", [[
      node.on("grow", function()
        local all = {}
        while true do all[#all + 1] = { #all } end
      end)
    ]], "grow")
    local text = "over 8000000 bytes of memory (the limit is set by --max-memory)"
    assert.same({ type = "error", in_reply_to = 2, code = 13, text = text }, bodies[1])
    assert.truthy(diagnostics:find(text, 1, true))
    assert.matches("in function <%S+script.lua:2>", diagnostics)
  end)

  -- All that one turn of the node sends waits until its end.
  it("what is sent and nobody has taken", function()
    sh:write("script.lua", [[
      local node = require "hearsay"
      node.on("flood", function()
        local text = ("x"):rep(1000)
        while true do node.send("n2", { type = "flood", text = text }) end
      end)
    ]])
    local said = talk.to("--max-memory 8000000 " .. sh:path("script.lua"),
      { talk.message({ type = "flood", msg_id = 2 }) })
    local last = said.replies[#said.replies].body
    assert.equal(13, last.code)
    assert.matches("script.lua:4: node.send: %d+ bytes of messages wait to be taken, and no "
      .. "more may %(the limit is set by %-%-max%-memory%)$", last.text)
    assert.matches("node.send: %d+ bytes of messages wait", table.concat(said.errors, "\n"))
  end)

  it("memory while the script loads", function()
    sh:write("script.lua", "local all = {} while true do all[#all + 1] = { #all } end")
    local ran = sh:run("./node --max-memory 8000000 " .. sh:path("script.lua"))
    assert.equal(1, ran.status)
    assert.equal("node: over 8000000 bytes of memory (the limit is set by --max-memory)\n", ran.err)
  end)

  -- A hundred tables make a text of 2^100 bytes.
  it("a line that goes out, and any text that a value becomes", function()
    local bodies = ask("--max-line 100000", [[
      local json, seen = require "hearsay.json", require "hearsay.seen"
      local function twice(depth)
        local t = { 1 }
        for _ = 1, depth do t = { t, t } end
        return t
      end
      local function why(f, ...) return (select(2, pcall(f, ...))) end
      node.on("send", function() return { type = "x", nested = twice(100) } end)
      node.on("text", function()
        return { type = "text_ok", length = #json.encode(twice(10)), said = {
          why(json.encode, twice(100)), why(json.encode, twice(90), true),
          why(function() seen.new():add(twice(100)) end),
          why(json.encode, { ("x"):rep(300000) }),
          why(require("cjson").encode, twice(100)),
          why(require("cjson").new().encode, ("x"):rep(300000)) } }
      end)
      node.on("long", function()
        local function send(length)
          return node.send("c2", { type = "y", s = ("x"):rep(length) })
        end
        local room = 200000 - #'{"src":"n1","dest":"c2","body":{"type":"y","s":""}}'
        send(room)
        return { type = "long_ok", why = why(send, room + 3) }
      end)
    ]], "send", "text", "long")
    local limit = "longer than 200000 bytes (the limit is twice --max-line)"
    assert.equal(13, bodies[1].code)
    assert.truthy(bodies[1].text:find(limit, 1, true))
    assert.equal(6, #bodies[2].said)
    for _, text in ipairs(bodies[2].said) do
      assert.truthy(text:find(limit, 1, true), text)
    end
    assert.is_true(bodies[2].length > 2000)
    assert.truthy(bodies[3].why:find(limit, 1, true))
  end)

  it("rpcs", function()
    local bodies, diagnostics = ask("--max-rpcs 3", [[
      node.on("go", function()
        for _ = 1, 4 do node.spawn(function() node.rpc("n2", { type = "q" }, 0.01) end) end
      end)
    ]], "go")
    assert.is_nil(bodies[1])
    assert.matches("script.lua:3: node.rpc: 3 requests wait for a reply, and no more may "
      .. "%(the limit is set by %-%-max%-rpcs%)", diagnostics)
  end)

  it("timers", function()
    local bodies = ask("--max-timers 3", [[
      node.on("go", function()
        for _ = 1, 4 do node.after(9, print) end
      end)
    ]], "go")
    assert.equal(13, bodies[1].code)
    assert.matches("script.lua:3: 3 timers are pending, and no more may be %(the limit is set by "
      .. "%-%-max%-timers%)$", bodies[1].text)
  end)

  it("tasks", function()
    local bodies = ask("--max-tasks 2", [[
      node.on("go", function() node.sleep(0.01) return { type = "go_ok" } end)
      node.on("two", function()
        local ok, why = pcall(function() for _ = 1, 9 do node.spawn(print) end end)
        return { type = "two_ok", ok = ok, why = why }
      end)
    ]], "two")
    assert.is_false(bodies[1].ok)
    assert.matches("script.lua:4: node.spawn: 2 coroutines have not ended, and no more may be "
      .. "%(the limit is set by %-%-max%-tasks%)$", bodies[1].why)
  end)

  describe("instructions", function()
    local function ended(name, body)
      it(name, function()
        local bodies, diagnostics = ask("--max-instructions 1000000",
          ('node.on("loop", function()\n%s\nend)'):format(body), "loop")
        assert.equal(13, bodies[1].code)
        assert.matches("over 1000000 instructions without an end: an endless loop%? %(the limit is "
          .. "set by %-%-max%-instructions%)", bodies[1].text .. diagnostics)
      end)
    end

    ended("in the handler", "while true do end")
    ended("in a coroutine that it made, behind a pcall",
      "local loop = coroutine.wrap(function() pcall(function() while true do end end) end)\n"
      .. "while true do pcall(loop) end")
    ended("between coroutines that yield",
      "local co = coroutine.create(function() while true do coroutine.yield() end end)\n"
      .. "while true do coroutine.resume(co) end")
    ended("in a pattern that tries for ever", "return ('a'):rep(100000):find('.-b')")
    ended("in texts that grow in a loop",
      "local text while true do text = ('a'):rep(50000000) end return text")
    ended("in a variable that is closed with its coroutine",
      "local co = coroutine.create(function() local _ <close> = setmetatable({}, { __close = "
      .. "function() while true do end end }) coroutine.yield() end)\n"
      .. "coroutine.resume(co) error(select(2, coroutine.close(co)))")
  end)

  it("instructions of what a failed handler leaves: its __tostring, its __close", function()
    local bodies = ask("--max-instructions 1000000", [[
      local function loop() while true do end end
      node.on("text", function() error(setmetatable({}, { __tostring = loop })) end)
      node.on("close", function()
        local _ <close> = setmetatable({}, { __close = loop })
        error("why")
      end)
    ]], "text", "close")
    assert.equal("(an error whose __tostring raises)", bodies[1].text)
    assert.matches("why$", bodies[2].text)
  end)

  it("each is an option with a range, and in the help with its default", function()
    local help = sh:run("./node --help").out
    for name, case in pairs({
      line = { "bytes", "67108864" }, rpcs = { "a number", "250000" },
      timers = { "a number", "1000000" }, tasks = { "a number", "500000" },
      memory = { "bytes", "1073741824" }, instructions = { "a number", "100000000" },
      stuck = { "seconds", "60" },
    }) do
      local ran = sh:run(("./node --max-%s none challenges/echo_1.lua"):format(name))
      assert.equal(2, ran.status)
      assert.matches(("^node: %%-%%-max%%-%s: expected %s, from %%d+ to %%d+, not \"none\"\n$")
        :format(name, case[1]), ran.err)
      assert.matches(("%%-%%-max%%-%s N .-%%(default:%%s+%s%%)"):format(name, case[2]), help)
    end
  end)
end)

describe("limits of nodes in the bench", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  local function test(command)
    return sh:run(("./sim test -w echo --time-limit 1 --json --store %s --bin %s")
      :format(shell.quote(sh:path("store")), shell.quote(command)))
  end

  it("what is sent, and is under way", function()
    sh:write("flood.lua", [[
      local node = require "hearsay"
      node.on("echo", function(msg)
        if node.id ~= "n1" then return { type = "echo_ok", echo = msg.body.echo } end
        local text = ("x"):rep(1000)
        while true do node.send("n2", { type = "flood", text = text }) end
      end)
      node.on("flood", function() end)
    ]])
    test("./node --max-memory 4000000 " .. sh:path("flood.lua"))
    local said = sh:run("cat " .. sh:path("store/latest/node-logs/n1.log")).out
    assert.matches("flood.lua:5: node.send: %d+ bytes of messages wait to be taken", said)
  end)

  it("are options of the ./node that it is given", function()
    local script = sh:write("script.lua", [[
      local node = require "hearsay"
      node.on("echo", function(msg)
        local big = ("x"):rep(1 << 20)
        return { type = "echo_ok", echo = big and msg.body.echo }
      end)
    ]])
    assert.equal(0, test("./node --max-memory 4000000 --sandbox " .. script).status)
    local ran = test("./node --sandbox --max-memory 1048576 " .. script)
    assert.equal(1, ran.status)
    assert.truthy(sh:read("store/latest/node-logs/n1.log"):find(
      "over 1048576 bytes of memory (the limit is set by --max-memory)", 1, true))
  end)

  it("are looked at before anything runs", function()
    local ran = test("./node --max-rpcs many challenges/echo_1.lua")
    assert.equal(255, ran.status)
    assert.equal('sim: --max-rpcs: expected a number, from 1 to 1000000000, not "many"\n', ran.err)
    ran = test("./node --max-speed 1 challenges/echo_1.lua")
    assert.equal("sim: no limit: --max-speed\n", ran.err)
  end)
end)

-- As Lua's own, for what a script can see.
describe("coroutines of a script", function()
  it("resume, wrap and close as in plain Lua", function()
    local code = [[
      local said = {}
      local function say(...)
        local words = {}
        for i = 1, select("#", ...) do
          words[i] = tostring((select(i, ...))):gsub("^%S-:%d+: ", ""):gsub("%S+:%d+: ", "PLACE ")
            :gsub("0x%x+", "")
        end
        said[#said + 1] = table.concat(words, " ")
      end
      local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b) error(c) end)
      say(coroutine.resume(co, 1, 2)) say(coroutine.resume(co, "why")) say(coroutine.resume(co))
      say(coroutine.close(co)) say(coroutine.status(co))
      local f = coroutine.wrap(function(...) coroutine.yield(select("#", ...), ...) error("x") end)
      say(f(nil, 1, nil)) say(pcall(f)) say(pcall(f))
      say(pcall(coroutine.resume, 5)) say(pcall(coroutine.wrap)) say(pcall(coroutine.close, nil))
      say(pcall(coroutine.close, coroutine.running()))
      say(coroutine.resume(coroutine.running()))
      local t = setmetatable({}, { __close = function(_, e) say("closed", e) end })
      local g = coroutine.wrap(function() local _ <close> = t error("inside") end)
      say(pcall(g))
      local c = coroutine.create(function() local _ <close> = t coroutine.yield() end)
      coroutine.resume(c) say(coroutine.close(c)) say(coroutine.status(c))
      local h = coroutine.wrap(function() error({}) end)
      say(type(select(2, pcall(h))))
      for value in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do
        say(value)
      end
      say(pcall(coroutine.wrap(function() return pcall(h) end)))
    ]]
    local sh = shell.open()
    local talk = dofile("tests/cli/talk.lua")(sh)
    sh:write("script.lua", 'local node = require "hearsay" node.on("go", function() ' .. code
      .. ' return { type = "go_ok", said = said } end)')
    local said = talk.to(sh:path("script.lua"), { talk.message({ type = "go", msg_id = 2 }) })
    local plain = sh:run("./node --lua " .. sh:write("plain.lua", "local function run() " .. code
      .. " return said end print(table.concat(coroutine.wrap(run)(), '\\n'))"))
    sh:close()
    assert.equal(plain.out, table.concat(said.replies[1].body.said or
      { said.replies[1].body.text }, "\n") .. "\n")
    assert.is_true(#said.replies[1].body.said > 15)
  end)
end)
