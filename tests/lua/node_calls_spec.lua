-- What a script can do: rpc, sleep, timers, spawn, send.
local lab = require "hearsay.testing"
local node_lab = dofile("tests/lua/node_lab.lua")

local start, load_error, answer = node_lab.start, node_lab.load_error, node_lab.answer

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

  it("numbers requests, so that each has its own reply", function()
    nodes:journal()
    ask({ type = "echo" })
    ask({ type = "echo" })
    local ids = {}
    for i, message in ipairs(nodes:sent()) do
      ids[i] = { message.body.type, message.body.msg_id, message.body.in_reply_to }
    end
    local id = ids[1][2]
    assert.same({ { "echo", id }, { "echo_ok", nil, id }, { "echo", id + 1 },
      { "echo_ok", nil, id + 1 } }, ids)
  end)

  it("takes no answer to a request of before a kill for one to a request of now", function()
    nodes = lab.start("tests/lua/fixtures/asker.lua", { nodes = 2 })
    nodes:tell("n0", { type = "ask", after = 0.5, value = "before" })
    nodes:run(0.1)
    nodes:restart("n0")
    local answered = nodes:ask("n0", { type = "ask", after = 0.8, value = "now" })
    assert.equal("now", answered.value)
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
