-- hearsay itself needs a node, so each spec is a small script that runs as one.
local json = require "hearsay.json"
local lab = require "hearsay.testing"

-- Starts nodes that run a script with `node` and `errors` at hand.
local function start(script, options)
  return lab.start('local node = require "hearsay"\n'
    .. 'local errors = require "hearsay.errors" -- luacheck: ignore\n' .. script, options)
end

-- Why a script does not load.
local function load_error(script)
  local cluster, message = lab.load('local node = require "hearsay"\n' .. script,
    { nodes = { "n0" } })
  assert.is_nil(cluster)
  return message
end

-- What a handler makes of a request of its type.
local function answer(script, body, options)
  return start(script, options):ask("n0", body or { type = "go" })
end

describe("a handler", function()
  it("gets src, dest and body, and its result is the reply", function()
    local reply = answer([[
      node.on("go", function(msg)
        return { type = "go_ok", src = msg.src, dest = msg.dest, body = msg.body }
      end)
    ]], { type = "go", list = json.array(), deep = { { x = json.null } } })
    assert.same({
      type = "go_ok", in_reply_to = 1, src = "c1", dest = "n0",
      body = { type = "go", msg_id = 1, list = {}, deep = { { x = json.null } } },
    }, reply)
  end)

  it("that returns nothing sends nothing", function()
    local nodes = start([[node.on("go", function() end)]])
    local reply, err = nodes:ask("n0", { type = "go" }, 1)
    assert.is_nil(reply)
    assert.equal("timeout", err.name)
    assert.equal("", nodes:log("n0"))
  end)

  it("replies to nobody who has not asked: a message without msg_id", function()
    local nodes = start([[
      local got = 0
      node.on("go", function()
        got = got + 1
        return { type = "go_ok", got = got }
      end)
    ]])
    nodes:tell("n0", { type = "go" })
    nodes:run(1)
    assert.equal(2, nodes:ask("n0", { type = "go" }).got)
    assert.equal(3, nodes.world:counts().clients.received - 2) -- go twice, and one go_ok; no init
  end)

  it("can reply before it ends, and go on", function()
    local nodes = start([[
      local done = false
      node.on("go", function(msg)
        node.reply(msg, { type = "go_ok", early = true })
        node.sleep(1)
        done = true
      end)
      node.on("done", function() return { type = "done_ok", done = done } end)
    ]])
    assert.is_true(nodes:ask("n0", { type = "go" }).early)
    assert.is_false(nodes:ask("n0", { type = "done" }).done)
    nodes:run(1)
    assert.is_true(nodes:ask("n0", { type = "done" }).done)
  end)

  it("can keep a message and reply to it later from elsewhere", function()
    local reply = answer([[
      node.on("go", function(msg)
        node.after(0.5, function() node.reply(msg, { type = "go_ok", at = node.now() }) end)
      end)
    ]])
    assert.equal("go_ok", reply.type)
  end)

  it("may reply with what it was sent, field for field", function()
    local reply = answer([[
      node.on("go", function(msg) return { type = "go_ok", value = msg.body.value } end)
    ]], { type = "go", value = { 1, 2.0, "é", json.null, json.array(), {} } })
    assert.equal('[1,2.0,"é",null,[],{}]', json.encode(reply.value))
  end)

  it("cannot send what is no body, and its asker is told", function()
    for _, case in ipairs({
      { "return { x = 1 }", "a body needs a string field \"type\"" },
      { "return { type = 5 }", "a body needs a string field \"type\"" },
      { "return 5", "a body must be a table" },
      { 'return { type = "go_ok", in_reply_to = 9 }', '"in_reply_to" is set by the host' },
      { 'return { type = "go_ok", f = print }', "f: cannot encode a function" },
      { 'return { type = "go_ok", [1] = 2 }', "table with string keys" },
    }) do
      local nodes = start(('node.on("go", function() %s end)'):format(case[1]))
      local reply, err = nodes:ask("n0", { type = "go" })
      assert.is_nil(reply)
      assert.equal("crash", err.name)
      assert.matches(case[2], err.text, 1, true)
      assert.matches("cannot send the reply to c1: ", nodes:log("n0"), 1, true)
    end
  end)
end)

describe("errors in a handler", function()
  it("of the kind errors.new makes are the reply", function()
    local nodes = start([[
      node.on("go", function() error(errors.new("key_does_not_exist", "no key 7")) end)
    ]])
    local _, err = nodes:ask("n0", { type = "go" })
    assert.same({ 20, "no key 7", true }, { err.code, err.text, err.definite })
    assert.equal("", nodes:log("n0"))
  end)

  it("of any other kind are a crash, and a traceback; the node lives on", function()
    local nodes = start([[
      local function deeper() error("oops") end
      node.on("go", function() deeper() end)
      node.on("odd", function() error({ no = "text" }) end)
      node.on("fine", function() return { type = "fine_ok" } end)
    ]])
    local _, err = nodes:ask("n0", { type = "go" })
    assert.equal("crash", err.name)
    assert.matches(":3: oops$", err.text)
    assert.matches("n0 [^\n]*:3: oops\nstack traceback:\n.*in upvalue 'deeper'", nodes:log("n0"))
    _, err = nodes:ask("n0", { type = "odd" })
    assert.equal("crash", err.name)
    assert.equal("fine_ok", nodes:ask("n0", { type = "fine" }).type)
  end)

  it("after a wait reach the asker too", function()
    local _, err = answer([[
      node.on("go", function()
        node.sleep(0.1)
        error(errors.new("abort"))
      end)
    ]])
    assert.equal("abort", err.name)
  end)

  it("that nobody asked about are logged", function()
    local nodes = start([[
      node.on("go", function() error(errors.new("abort", "no way")) end)
    ]])
    nodes:tell("n0", { type = "go" })
    nodes:run(0.1)
    assert.matches("error with nobody to reply to: no way", nodes:log("n0"))
  end)

  it("do not lose the errors of others: a coroutine of its own is not the handler's", function()
    local _, err = answer([[
      node.on("go", function() coroutine.yield(5) end)
    ]])
    assert.equal("crash", err.name)
    assert.matches("may not call coroutine.yield itself", err.text)
    local reply = answer([[
      node.on("go", function()
        local values = {}
        for v in coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) do
          values[#values + 1] = v
        end
        return { type = "go_ok", values = values }
      end)
    ]])
    assert.same({ 1, 2 }, reply.values)
  end)

  it("for a type without handler say what there is", function()
    local _, err = answer([[
      node.on("b", print)
      node.on("a", print)
    ]], { type = "c" })
    assert.same({ 10, 'no handler for message type "c"; this script handles: a, b' },
      { err.code, err.text })
  end)
end)

describe("node.on", function()
  local function check(fields, body)
    body.type = "go"
    local reply, err = answer(([[
      node.on("go", %s, function() return { type = "go_ok" } end)
    ]]):format(fields), body)
    return reply and "ok" or err.code .. " " .. err.text
  end

  it("checks the fields that a body must have", function()
    for kind, values in pairs({
      any = { { 1, json.null, "", json.array(), {}, false }, {} },
      integer = { { 0, -5, math.maxinteger }, { 1.5, 1.0, "1", true, json.null, {} } },
      number = { { 1, 1.5 }, { "1", json.null } },
      string = { { "", "x" }, { 1, true, {} } },
      boolean = { { true, false }, { 0, "true" } },
      array = { { json.array(), { 1 } }, { {}, { a = 1 }, "[]", json.null } },
      object = { { {}, { a = 1 } }, { json.array(), { 1 }, json.null, 1 } },
    }) do
      local fields = ('{ v = "%s" }'):format(kind)
      for _, value in ipairs(values[1]) do
        assert.equal("ok", check(fields, { v = value }), kind)
      end
      for _, value in ipairs(values[2]) do
        assert.equal(('12 go: expected "v" to be of type %s, got %s'):format(kind,
          json.encode(value)), check(fields, { v = value }))
      end
      assert.equal(('12 go: expected a field "v" (%s)'):format(kind), check(fields, {}))
      assert.equal("ok", check(('{ v = "%s?" }'):format(kind), {}))
    end
  end)

  it("names the first wrong field by name, and quotes no more than a little", function()
    local fields = '{ z = "integer", a = "integer", m = "string?" }'
    assert.matches('expected a field "a"', check(fields, {}))
    assert.matches('expected "m" to be of type string, got 5', check(fields, { a = 1, m = 5 }))
    local text = check(fields, { a = ("x"):rep(10000) })
    assert(#text < 200, text)
  end)

  it("raises at the caller's line where it is used wrongly", function()
    for script, expected in pairs({
      ['node.on(5, print)'] = ":2: node.on: expected a message type, a string, got number",
      ['node.on("x")'] = ":2: node.on: expected a function, or a table of fields and a function",
      ['node.on("x", {})'] = ":2: node.on: expected a function, or a table",
      ['node.on("x", 5, print)'] = ":2: node.on: expected a function, or a table",
      ['node.on("init", print)'] = ':2: node.on: "init" is answered by the host; use node.on_init',
      ['node.on("x", print) node.on("x", print)'] = ':2: node.on: "x" has a handler already',
      ['node.on("x", { v = "int" }, print)'] = ':2: node.on: field "v": expected any, integer, '
        .. 'number, string, boolean, array or object, with a ? behind it when it may be missing, '
        .. 'not "int"',
      ['node.on("x", { v = 5 }, print)'] = ':2: node.on: field "v": ',
      ['node.on("x", { v = "any??" }, print)'] = ':2: node.on: field "v": ',
    }) do
      local message = load_error(script)
      assert.matches(expected, message, 1, true)
    end
  end)

  it("takes handlers after the start, for types that come later", function()
    local nodes = start([[
      node.on("go", function()
        node.on("late", function() return { type = "late_ok" } end)
        return { type = "go_ok" }
      end)
    ]])
    assert.is_nil((nodes:ask("n0", { type = "late" })))
    nodes:ask("n0", { type = "go" })
    assert.equal("late_ok", nodes:ask("n0", { type = "late" }).type)
  end)
end)

describe("init", function()
  it("sets id, ids and peers", function()
    local nodes = start([[
      node.on("go", function()
        return { type = "go_ok", id = node.id, ids = node.ids, peers = node.peers }
      end)
    ]], { nodes = { "b", "a", "c" } })
    assert.same({ "a", { "b", "a", "c" }, { "b", "c" } },
      (function(r) return { r.id, r.ids, r.peers } end)(nodes:ask("a", { type = "go" })))
    nodes = start([[
      node.on("go", function() return { type = "go_ok", peers = node.peers } end)
    ]])
    assert.is_true(json.is_array(nodes:ask("n0", { type = "go" }).peers))
  end)

  it("runs each function given to on_init, in their order, and then answers", function()
    local nodes = start([[
      local order = {}
      node.on_init(function() order[#order + 1] = "1 " .. node.id end)
      node.on_init(function()
        node.sleep(0.5) -- does not hold up init_ok
        order[#order + 1] = "3"
      end)
      node.on_init(function() order[#order + 1] = "2" end)
      node.on("go", function() return { type = "go_ok", order = order } end)
    ]])
    assert.equal(0, nodes:now())
    assert.same({ "1 n0", "2" }, nodes:ask("n0", { type = "go" }).order)
    nodes:run(0.5)
    assert.same({ "1 n0", "2", "3" }, nodes:ask("n0", { type = "go" }).order)
  end)

  it("fails where one of them raises", function()
    local nodes = start([[
      node.on_init(function() error("not today") end)
    ]], { init = false })
    local ok, message = nodes.cluster:init()
    assert.is_nil(ok)
    assert.matches('n0 did not answer "init": crash %(13%): a function given to on_init failed',
      message)
    assert.matches(":3: not today\nstack traceback", nodes:log("n0"))
  end)

  it("comes before anything else, and only once", function()
    local nodes = start([[
      node.on("go", function() return { type = "go_ok" } end)
    ]], { init = false })
    local _, err = nodes:ask("n0", { type = "go" })
    assert.equal("temporarily_unavailable", err.name)
    assert(nodes.cluster:init())
    assert.equal("go_ok", nodes:ask("n0", { type = "go" }).type)
    _, err = nodes:ask("n0", { type = "init", node_id = "n7", node_ids = { "n7" } })
    assert.same({ "precondition_failed", "a second init: this node is n0 already" },
      { err.name, err.text })
    assert.equal("go_ok", nodes:ask("n0", { type = "go" }).type)
  end)

  it("is needed before a script can send", function()
    assert.matches("cannot send before init: the node has no id yet",
      load_error('node.send("n1", { type = "x" })'), 1, true)
  end)
end)

describe("node.rpc", function()
  local PAIR = [[
    node.on("ask", function(msg)
      local started = node.now()
      local reply, err = node.rpc("n1", msg.body.request, msg.body.timeout)
      return {
        type = "ask_ok", reply = reply, took = node.now() - started,
        err = err and { err.code, err.name, err.definite, err.text },
      }
    end)
    node.on("echo", function(msg) return { type = "echo_ok", echo = msg.body.echo } end)
    node.on("refuse", function() error(errors.new("txn_conflict", "not now")) end)
    node.on("zero", function() error(errors.new("timeout", "mine")) end)
    node.on("late", function(msg)
      node.sleep(msg.body.after)
      return { type = "late_ok" }
    end)
    node.on("silent", function() end)
  ]]
  local nodes
  before_each(function()
    nodes = start(PAIR, { nodes = 2, latency = 10 })
  end)
  local function ask(request, timeout)
    return assert(nodes:ask("n0", { type = "ask", request = request, timeout = timeout }))
  end

  it("returns the reply's body after a round trip", function()
    local answered = ask({ type = "echo", echo = { 1 } })
    assert.same({ 1 }, answered.reply.echo)
    assert.is_nil(answered.err)
    assert.near(0.02, answered.took, 1e-6)
  end)

  it("returns nil and the error that came, even one of code 0", function()
    assert.same({ 30, "txn_conflict", true, "not now" }, ask({ type = "refuse" }).err)
    local zero = ask({ type = "zero" })
    assert.same({ 0, "timeout", false, "mine" }, zero.err)
    assert.near(0.02, zero.took, 1e-6)
    assert.equal("not_supported", ask({ type = "unheard-of" }).err[2])
  end)

  it("gives up after its timeout, a second by default", function()
    local gave_up = ask({ type = "silent" }, 0.25)
    assert.same({ 0, "timeout", false, "no reply in time" }, gave_up.err)
    assert.near(0.25, gave_up.took, 1e-6)
    assert.near(1, ask({ type = "silent" }).took, 1e-6)
  end)

  it("drops a reply that comes late, and the next rpc gets its own", function()
    assert.equal("timeout", ask({ type = "late", after = 0.3 }, 0.1).err[2])
    local answered = ask({ type = "late", after = 0.5 }, 1)
    assert.equal("late_ok", answered.reply.type)
    assert.near(0.52, answered.took, 1e-6)
    assert.equal("", nodes:log("n0"))
  end)

  it("numbers requests from 1, so that each has its own reply", function()
    nodes:journal()
    ask({ type = "echo" })
    ask({ type = "echo" })
    local ids = {}
    for i, message in ipairs(nodes:sent()) do
      ids[i] = { message.body.type, message.body.msg_id, message.body.in_reply_to }
    end
    assert.same({ { "echo", 1 }, { "echo_ok", nil, 1 }, { "echo", 2 }, { "echo_ok", nil, 2 } }, ids)
  end)

  it("lets other messages in while it waits", function()
    nodes = start(PAIR .. [[
      local open = 0
      node.on("many", function()
        open = open + 1
        local reply = node.rpc("n1", { type = "late", after = 1 }, 3)
        open = open - 1
        return { type = "many_ok", got = reply.type }
      end)
      node.on("open", function() return { type = "open_ok", open = open } end)
    ]], { nodes = 2 })
    for _ = 1, 300 do
      nodes:tell("n0", { type = "many" })
    end
    nodes:run(0.5)
    assert.equal(300, nodes:ask("n0", { type = "open" }).open)
    nodes:run(1)
    assert.equal(0, nodes:ask("n0", { type = "open" }).open)
  end)

  it("to several at once is a matter of node.spawn", function()
    local reply = start([[
      node.on("go", function()
        local started, got = node.now(), {}
        for _, id in ipairs(node.ids) do
          node.spawn(function()
            local reply = node.rpc(id, { type = "hi" })
            got[#got + 1] = reply.from
          end)
        end
        node.sleep(0.3)
        table.sort(got)
        return { type = "go_ok", got = got }
      end)
      node.on("hi", function() return { type = "hi_ok", from = node.id } end)
    ]], { nodes = 4, latency = 100 }):ask("n2", { type = "go" })
    assert.same({ "n0", "n1", "n2", "n3" }, reply.got)
  end)

  it("can only wait where there is something to resume", function()
    assert.matches("node.rpc waits, so it must be called in a handler, a timer's function or "
      .. "node.spawn, not in the script's main part",
      load_error('node.rpc("n1", { type = "x" })'), 1, true)
    local _, err = answer([[
      node.on("go", function()
        coroutine.wrap(function() node.sleep(1) end)()
      end)
    ]])
    assert.matches("in the handler's own coroutine, not in one that the script made", err.text, 1,
      true)
    _, err = answer([[
      node.on("go", function()
        table.sort({ 2, 1 }, function(a, b) node.sleep(1) return a < b end)
      end)
    ]])
    assert.matches("cannot be called here, inside a C function", err.text, 1, true)
  end)

  it("refuses what is no request", function()
    for call, expected in pairs({
      ['node.rpc("n0", 5)'] = "table expected",
      ['node.rpc(5, { type = "x" })'] = "string expected",
      ['node.rpc("n0", {})'] = 'a body needs a string field "type"',
      ['node.rpc("n0", { type = "x", msg_id = 5 })'] = '"msg_id" is set by the host',
      ['node.rpc("n0", { type = "x" }, -1)'] = "expected seconds, from 0 to 1e9",
      ['node.send("n0", { type = "x", f = print })'] = "f: cannot encode a function",
      ['node.send("n0", { x = 1 })'] = 'a body needs a string field "type"',
      ['node.reply({}, { type = "x" })'] = "expected a message: it has no src",
    }) do
      local _, err = answer(('node.on("go", function() %s end)'):format(call))
      assert.equal("crash", err.name)
      assert.matches(expected, err.text, 1, true)
    end
  end)
end)

describe("time", function()
  it("passes in node.sleep, to the microsecond", function()
    local reply = answer([[
      node.on("go", function()
        local times = {}
        for i, s in ipairs({ 0, 0.000001, 0.1, 2.5 }) do
          local before = node.now()
          node.sleep(s)
          times[i] = node.now() - before
        end
        return { type = "go_ok", times = times }
      end)
    ]])
    for i, s in ipairs({ 0, 0.000001, 0.1, 2.5 }) do
      assert.near(s, reply.times[i], 1e-7)
    end
  end)

  it("starts anywhere: clocks of nodes differ, and only intervals mean something", function()
    local nodes = start([[
      node.on("go", function() return { type = "go_ok", now = node.now() } end)
    ]], { nodes = 2 })
    local a, b = nodes:ask("n0", { type = "go" }).now, nodes:ask("n1", { type = "go" }).now
    assert(math.abs(a - b) > 0.001)
    nodes:run(7)
    assert.near(7, nodes:ask("n0", { type = "go" }).now - a, 1e-6)
    assert.near(7, nodes:ask("n1", { type = "go" }).now - b, 1e-6)
  end)

  -- A script that notes when its timers run, in milliseconds since init.
  local NOTES = [[
    local start, notes = nil, {}
    local function note(what)
      notes[#notes + 1] = what .. math.floor((node.now() - start) * 1000 + 0.5)
    end
    node.on_init(function() start = node.now() %s end)
    node.on("notes", function() return { type = "notes_ok", notes = notes } end)
    node.on("say", function(msg) note(msg.body.text) end)
  ]]
  local function notes(script, seconds)
    local nodes = start(NOTES:format(script))
    nodes:run(seconds)
    return nodes:ask("n0", { type = "notes" }).notes, nodes
  end

  it("makes node.after run once, in order of time and then of the calls", function()
    assert.same({ "now 0", "a 100", "b 100", "c 200" }, (notes([[
      node.after(0.2, function() note("c ") end)
      node.after(0.1, function() note("a ") end)
      node.after(0.1, function() note("b ") end)
      node.after(0, function() note("now ") end)
    ]], 1)))
  end)

  it("makes node.every run at each multiple of its period", function()
    assert.same({ " 300", " 600", " 900" }, (notes([[
      node.every(0.3, function() note(" ") end)
    ]], 1)))
  end)

  it("does not drift where the function takes its time", function()
    assert.same({ "begin 300", "end 550", "begin 600", "end 850", "begin 900" }, (notes([[
      node.every(0.3, function() note("begin ") node.sleep(0.25) note("end ") end)
    ]], 1)))
  end)

  it("varies a period by its jitter, on both sides and about the mean", function()
    local list = notes([[
      node.every(0.1, function() note("") end, 0.25)
    ]], 100)
    local least, most, last = math.huge, 0, 0
    for _, text in ipairs(list) do
      local gap = tonumber(text) - last
      least, most, last = math.min(least, gap), math.max(most, gap), tonumber(text)
    end
    assert(least >= 74 and least < 80, least)
    assert(most <= 126 and most > 120, most)
    assert.near(1000, #list, 30)
  end)

  it("stops a timer that is cancelled, before it runs or within", function()
    assert.same({ "twice 100", "twice 200" }, (notes([[
      local timer
      timer = node.every(0.1, function()
        note("twice ")
        if #notes == 2 then timer:cancel() end
      end)
      node.after(0.5, function() note("never ") end):cancel()
      local late = node.after(0.1, function() end)
      node.after(0.2, function() late:cancel() late:cancel() end)
    ]], 1)))
  end)

  it("keeps a timer that raises going, and says what it raised", function()
    local list, nodes = notes([[
      node.every(0.4, function() note("") error("every time") end)
    ]], 1)
    assert.same({ "400", "800" }, list)
    local _, count = nodes:log("n0"):gsub("every time\nstack traceback", "")
    assert.equal(2, count)
  end)

  it("keeps timers that nobody holds through garbage collection", function()
    assert.same({ "500" }, (notes([[
      node.after(0.5, function() note("") end)
      node.every(0.1, function() collectgarbage() end)
    ]], 1)))
  end)

  it("refuses times that are none", function()
    for call, expected in pairs({
      ["node.sleep(-1)"] = "expected seconds, from 0 to 1e9",
      ["node.sleep(0/0)"] = "expected seconds, from 0 to 1e9",
      ["node.sleep()"] = "number expected",
      ["node.after(1)"] = "function expected",
      ["node.every(0, print)"] = "a period must be at least a microsecond",
      ["node.every(1, print, 1)"] = "jitter is a part of the period, 0 <= x < 1",
    }) do
      local _, err = answer(('node.on("go", function() %s end)'):format(call))
      assert.matches(expected, err.text, 1, true)
    end
  end)
end)

describe("node.spawn", function()
  it("runs a function with its arguments after the present one, with waits of its own", function()
    local nodes = start([[
      local notes = {}
      node.on("go", function()
        node.spawn(function(...)
          notes[#notes + 1] = table.concat({ ... }, " ")
          node.sleep(1)
          notes[#notes + 1] = "later"
        end, "a", 2, "c")
        notes[#notes + 1] = "first"
        return { type = "go_ok" }
      end)
      node.on("notes", function() return { type = "notes_ok", notes = notes } end)
    ]])
    nodes:ask("n0", { type = "go" })
    nodes:run(0)
    assert.same({ "first", "a 2 c" }, nodes:ask("n0", { type = "notes" }).notes)
    nodes:run(1)
    assert.same({ "first", "a 2 c", "later" }, nodes:ask("n0", { type = "notes" }).notes)
  end)
end)

describe("node.send", function()
  it("sends to nodes, to itself too, and nobody replies", function()
    local nodes = start([[
      local got = {}
      node.on("note", function(msg)
        got[#got + 1] = msg.src .. " " .. msg.body.text
        return { type = "note_ok" }
      end)
      node.on("go", function()
        for _, id in ipairs(node.ids) do
          node.send(id, { type = "note", text = "hi" })
        end
        return { type = "go_ok" }
      end)
      node.on("got", function() return { type = "got_ok", got = got } end)
    ]], { nodes = 3, latency = 5 })
    nodes:ask("n1", { type = "go" })
    nodes:run(1)
    for _, id in ipairs(nodes.ids) do
      assert.same({ "n1 hi" }, nodes:ask(id, { type = "got" }).got)
    end
    assert.equal(3, #nodes:sent())
  end)

  it("to somebody who does not exist ends the run with a message", function()
    local nodes = start([[
      node.on("go", function() node.send("n9", { type = "note" }) end)
    ]])
    nodes:tell("n0", { type = "go" })
    local ok, message = nodes.world:run(1)
    assert.is_nil(ok)
    assert.matches('^n0 sent a message to "n9", which does not exist: {', message)
  end)
end)

describe("diagnostics", function()
  it("have time and node, by node.log and print", function()
    local nodes = start([[
      node.on("go", function()
        node.log("plain 100%")
        node.log("%d values, %s", 5, "done")
        print("a", nil, 1.5)
        return { type = "go_ok" }
      end)
    ]])
    nodes:run(1.25)
    nodes:ask("n0", { type = "go" })
    assert.equal("    1.250 n0 plain 100%\n    1.250 n0 5 values, done\n    1.250 n0 a\tnil\t1.5\n",
      nodes:log("n0"))
  end)
end)

describe("a script", function()
  it("has random numbers of its own, the same for a seed", function()
    local function draw(seed, id)
      return start([[
        node.on("go", function()
          return { type = "go_ok", list = { node.random(), node.random(1 << 53) } }
        end)
      ]], { nodes = 2, seed = seed }):ask(id, { type = "go" }).list
    end
    local list = draw(1, "n0")
    assert(list[1] >= 0 and list[1] < 1 and math.type(list[2]) == "integer")
    assert.same(list, draw(1, "n0"))
    assert.not_same(draw(1, "n0"), draw(1, "n1"))
    assert.not_same(draw(1, "n0"), draw(2, "n0"))
  end)

  it("visits tables in the same order in each run", function()
    local function order()
      return start([[
        node.on("go", function()
          local t, keys = {}, {}
          for i = 1, 50 do t["key" .. i] = i end
          for key in pairs(t) do keys[#keys + 1] = key end
          return { type = "go_ok", keys = keys }
        end)
      ]]):ask("n0", { type = "go" }).keys
    end
    assert.same(order(), order())
  end)

  it("has no clock, files, processes or other randomness in virtual time", function()
    for call, expected in pairs({
      ["os.time()"] = "os.time is not available to a script here: use node.now%(%) for time",
      ["os.clock()"] = "use node.now", ["os.execute('true')"] = "there are no processes",
      ["io.open('x')"] = "a simulated node has no files; node.log writes diagnostics",
      ["io.write('x')"] = "a simulated node has no files",
      ["math.randomseed(1)"] = "the host seeds math.random; in the bench: %-%-seed",
      ["package.loadlib('x', 'y')"] = "loads no C modules",
    }) do
      assert.matches("^[^\n]*:2: .*" .. expected, load_error(call))
    end
  end)

  it("has its arguments as ... and arg", function()
    local reply = answer([[
      local a, b = ...
      local words = { a, b, arg[1], arg[2], #arg }
      node.on("go", function() return { type = "go_ok", words = words } end)
    ]], nil, { args = { "x", "y z" } })
    assert.same({ "x", "y z", "x", "y z", 2 }, reply.words)
  end)

  it("may not make or read globals that are not declared", function()
    assert.matches(":2: undeclared global 'nodee'", load_error("nodee.on()"))
    assert.matches(":2: assignment to undeclared global 'count' %(write: local count%)",
      load_error("count = 1"))
    local _, err = answer([[node.on("go", function() count = 1 end)]])
    assert.matches("assignment to undeclared global 'count'", err.text)
  end)

  it("that does not load says so in one line, with file and line", function()
    assert.matches("^[^\n]*:2: oops$", load_error('error("oops")'))
    assert.matches("^[^\n]*:3: [^\n]+ near <eof>$", load_error("if\n"))
    assert.matches("^[^\n]*:2: module 'no.such' not found", load_error('require "no.such"'))
  end)
end)
