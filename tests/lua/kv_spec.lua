local errors = require "hearsay.errors"
local json = require "hearsay.json"
local node_lab = dofile("tests/lua/node_lab.lua")

-- Nodes that do what a test asks of a store: a method with arguments, or a change of their own.
local SCRIPT = [[
local errors = require "hearsay.errors"
local json = require "hearsay.json"
local kv = require "hearsay.kv"

local stores = { lin = kv.lin, seq = kv.seq, lww = kv.lww }
for name, store in pairs(stores) do
  stores[name] = store:with { timeout = 0.5 }
end
stores.fake = kv.lin:with { timeout = 0.5, deadline = 2 }
stores.fake.service = "n1" -- a node that answers as a test wants it
stores.eager = stores.fake:with { cap = 0.05 }

local function answer(value, err)
  return { type = "done", value = value,
    error = err and { name = err.name, text = err.text, definite = err.definite } }
end

node.on("call", function(msg)
  local store = stores[msg.body.store]
  return answer(store[msg.body.method](store, table.unpack(msg.body.args or {})))
end)

-- Counts up; `calls` tells how often the function was called, which gives up after `tries` calls.
node.on("count", function(msg)
  local body, calls = msg.body, 0
  local reply = answer(stores[body.store][body.method or "update"](stores[body.store], "k",
    function(n)
      calls = calls + 1
      if body.tries and calls > body.tries then
        return nil, errors.new("abort", "enough")
      end
      return n + 1
    end, body.default))
  reply.calls = calls
  return reply
end)

-- Adds an id to a list in which it may be already.
node.on("add", function(msg)
  local id, default = msg.body.id, json.array()
  return answer(stores[msg.body.store][msg.body.method](stores[msg.body.store], "k", function(list)
    for _, other in ipairs(list) do
      if other == id then return nil end
    end
    list[#list + 1] = id
    return list
  end, default))
end)

node.on("answer", function(msg)
  for _, name in ipairs { "read", "cas", "write" } do
    node.on(name, function() return msg.body[name] end)
  end
  return { type = "answer_ok" }
end)
]]

local function start(options)
  local nodes = node_lab.start(SCRIPT, options)
  function nodes:call(id, store, method, ...)
    local reply, err = self:ask(id, { type = "call", store = store, method = method,
      args = json.array({ ... }) }, 20)
    assert(reply, tostring(err))
    return reply.value, reply.error
  end
  return nodes
end

-- Sends all nodes requests at the same time, waits until all are answered: their replies.
local function ask_all(nodes, bodies, limit)
  local replies, open = {}, #bodies
  for i, body in ipairs(bodies) do
    local client = nodes.cluster:client()
    client:request(nodes.ids[(i - 1) % #nodes.ids + 1], body, limit or 60, function(reply, err)
      replies[i] = assert(reply, tostring(err))
      open = open - 1
      if open == 0 then nodes.world:stop() end
    end)
  end
  nodes:run(limit or 60)
  return replies
end

local function times(n, body)
  local bodies = {}
  for i = 1, n do
    bodies[i] = body
  end
  return bodies
end

describe("kv", function()
  for _, name in ipairs({ "lin", "seq", "lww" }) do
    it("reads, writes, compares and sets, and creates, " .. name, function()
      -- lww-kv does so too where nothing is between two requests that its replicas tell apart.
      local found, message
      for seed = 1, name == "lww" and 200 or 1 do
        local nodes = start({ seed = seed })
        local function call(...)
          return nodes:call("n0", name, ...)
        end
        found, message = pcall(function()
          local value, err = call("read", "k")
          assert.is_nil(value)
          assert.same({ "key_does_not_exist", true }, { err.name, err.definite })
          assert.equal(5, (call("read", "k", 5)))
          assert.equal("key_does_not_exist", select(2, call("cas", "k", 1, 2)).name)
          assert.is_true((call("write", "k", 1)))
          assert.equal(1, (call("read", "k", 5)))
          assert.equal("precondition_failed", select(2, call("cas", "k", 1.0, 2)).name)
          assert.is_true((call("cas", "k", 1, { "a", "b" })))
          assert.same({ "a", "b" }, (call("read", "k")))
          assert.equal("key_already_exists", select(2, call("create", "k", 3)).name)
          assert.is_true((call("create", { "l" }, json.null)))
          assert.equal(json.null, (call("read", { "l" }, 7)))
          assert.is_true((call("cas", "m", 8, false, true)))
          assert.is_false((call("read", "m", 9)))
        end)
        if found then break end
      end
      assert(found, message)
    end)
  end

  it("lets two nodes win who take 0 as what is there, and one of those who create", function()
    for seed = 1, 5 do
      for _, name in ipairs({ "lin", "seq" }) do
        local nodes = start({ nodes = 3, seed = seed, latency = 50, latency_dist = "uniform" })
        local function winners(method, ...)
          local count = 0
          for _, reply in ipairs(ask_all(nodes, times(3, { type = "call", store = name,
            method = method, args = json.array({ ... }) }))) do
            count = count + (reply.value and 1 or 0)
          end
          return count
        end
        assert.equal(3, winners("cas", "zero", 0, 0, true))
        assert.equal(1, winners("create", "one", 0))
        assert.equal(0, winners("create", "zero", 1))
        assert.equal(0, (nodes:call("n0", name, "read_newest", "one")))
      end
    end
  end)

  it("says after a time-out that nobody knows what happened", function()
    local nodes = start()
    nodes.world:cut("n0", "lin-kv")
    for _, call in ipairs({ { "read", "k", 1 }, { "write", "k", 1 }, { "cas", "k", 1, 2 },
      { "create", "l", 1 } }) do
      local before = nodes:now()
      local value, err = nodes:call("n0", "lin", table.unpack(call))
      assert.is_nil(value)
      assert.same({ "timeout", false }, { err.name, err.definite })
      assert.near(0.5, nodes:now() - before, 0.01)
    end
    nodes:heal()
    assert.equal(2, (nodes:call("n0", "lin", "read", "k"))) -- all of them were done
    assert.equal(1, (nodes:call("n0", "lin", "read", "l")))
  end)

  it("takes no reply for an answer that is none", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok" }, write = { type = "read_ok" },
      cas = { type = "error", code = 1234 } })
    local function err(...)
      local _, found = nodes:call("n0", "fake", ...)
      return { found.name, found.definite, found.text }
    end
    local why = err("read", "k", 5)
    assert.same({ "crash", false }, { why[1], why[2] })
    assert.matches('^n1: expected read_ok with a value, got {"type":"read_ok","in_reply_to":%d+}$',
      why[3])
    assert.matches("expected write_ok, got ", err("write", "k", 5)[3], 1, true)
    assert.same({ "code_1234", false, "error code 1234" }, err("cas", "k", 5, 6))
  end)

  it("says what it expected, at the caller's line", function()
    for call, expected in pairs({
      ["kv.lin:read()"] = "kv.read: expected a key; for JSON's null use json.null",
      ["kv.lin:write(1)"] = "kv.write: expected a value;",
      ["kv.lin:cas(1, nil, 2)"] = "kv.cas: expected a value to compare with;",
      ["kv.lin:cas(1, 2)"] = "kv.cas: expected a value to set;",
      ["kv.seq:create(1)"] = "kv.create: expected a value;",
      ["kv.seq:read_newest()"] = "kv.read_newest: expected a key;",
      ["kv.lin:update(1, 2)"] = "kv.update: expected a key and a function",
      ["kv.lin:ensure(nil, print)"] = "kv.ensure: expected a key and a function",
      ["kv.lin:with { time = 1 }"]
        = "kv.with: unknown option time; known are cap, deadline, pause, timeout",
      ["kv.lin:with { timeout = -1 }"]
        = "kv.with: timeout must be a number from 0, in seconds, got -1",
      ["kv.lin:with { pause = 0/0 }"] = "kv.with: pause must be a number from 0",
    }) do
      local message = node_lab.load_error('local kv = require "hearsay.kv"\n' .. call)
      assert.matches(":3: " .. expected, message, 1, true)
    end
  end)
end)

describe("kv.update", function()
  for _, name in ipairs({ "lin", "seq" }) do
    it("loses nothing and counts nothing twice among nodes that are all at it, " .. name, function()
      for seed = 1, 5 do
        local nodes = start({ nodes = 4, seed = seed, latency = 5, latency_dist = "exponential" })
        local sums = {}
        for _, reply in ipairs(ask_all(nodes, times(24, { type = "count", store = name,
          default = 0 }))) do
          assert.is_nil(reply.error)
          sums[#sums + 1] = reply.value
        end
        table.sort(sums)
        for i = 1, 24 do
          assert.equal(i, sums[i]) -- each saw another sum
        end
        assert.equal(24, (nodes:call("n0", name, "read_newest", "k")))
      end
    end)
  end

  it("is an error where there is no key and no default", function()
    local reply = start():ask("n0", { type = "count", store = "lin" })
    assert.equal("key_does_not_exist", reply.error.name)
    assert.equal(0, reply.calls)
  end)

  it("writes nothing when the function leaves the value as it is", function()
    local nodes = start()
    nodes:call("n0", "lin", "write", "k", { "a" })
    nodes:sent()
    assert.same({ "a" }, nodes:ask("n0",
      { type = "add", store = "lin", method = "update", id = "a" }).value)
    local sent = nodes:sent()
    assert.same({ 2, "read" }, { #sent, sent[1].body.type })
  end)

  it("lets the function change what it is given, also the default, in each try", function()
    local nodes = start({ nodes = 3, latency = 5 })
    local bodies = {}
    for i = 1, 12 do
      bodies[i] = { type = "add", store = "lin", method = "update", id = i }
    end
    for i, reply in ipairs(ask_all(nodes, bodies)) do
      assert.is_nil(reply.error)
      assert.equal(i, reply.value[#reply.value])
    end
    local list = nodes:call("n0", "lin", "read", "k")
    table.sort(list)
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, list)
  end)

  it("does not repeat a cas that timed out, and says that it may be done", function()
    local nodes, reply = start({ latency = 100 }), nil
    nodes:call("n0", "lin", "write", "k", 10)
    nodes.cluster:client():request("n0", { type = "count", store = "lin" }, 20, function(...)
      reply = ...
      nodes.world:stop()
    end)
    nodes:run(0.25)
    nodes.world:cut("n0", "lin-kv") -- what it read has come, the reply to its cas does not
    nodes:run(0.3)
    nodes:heal()
    nodes:run(20)
    assert.same({ "timeout", false }, { reply.error.name, reply.error.definite })
    assert.equal(1, reply.calls)
    assert.equal(11, (nodes:call("n0", "lin", "read", "k")))
  end)

  it("reads again after a read that timed out, until its deadline, and then nothing happened",
    function()
      local nodes = start()
      nodes.world:cut("n0", "lin-kv")
      local reply
      nodes.cluster:client():request("n0", { type = "count", store = "lin", default = 0 }, 20,
        function(...) reply = ... end)
      nodes:run(3)
      nodes:heal()
      nodes:run(2)
      assert.equal(1, reply.value)
      nodes.world:cut("n0", "lin-kv")
      local before = nodes:now()
      local late = nodes:ask("n0", { type = "count", store = "lin", default = 0 }, 20)
      assert.same({ "temporarily_unavailable", true, 0 },
        { late.error.name, late.error.definite, late.calls })
      assert.matches("lin-kv: key \"k\" could not be read: timeout", late.error.text, 1, true)
      assert.is_true(nodes:now() - before > 4 and nodes:now() - before < 6)
    end)

  it("gives up at its deadline when others always win, with pauses that grow up to a cap",
    function()
      local nodes = start({ nodes = 2 })
      nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 },
        cas = errors.body(errors.new("precondition_failed")) })
      local before = nodes:now()
      nodes:sent()
      local reply = nodes:ask("n0", { type = "count", store = "fake" }, 20)
      assert.same({ "precondition_failed", true }, { reply.error.name, reply.error.definite })
      assert.is_true(nodes:now() - before < 2)
      assert.is_true(reply.calls >= 5 and reply.calls <= 20, reply.calls)
      assert.equal(4 * reply.calls, #nodes:sent())
      reply = nodes:ask("n0", { type = "count", store = "eager" }, 20)
      assert.is_true(reply.calls >= 40, reply.calls) -- 2 s, and at most 0.05 s between them
    end)

  it("gives each try a default of its own, which the function may change", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = errors.body(errors.new("key_does_not_exist")),
      cas = errors.body(errors.new("precondition_failed")) })
    nodes:sent()
    local reply = nodes:ask("n0", { type = "add", store = "fake", method = "update", id = 7 }, 20)
    assert.equal("precondition_failed", reply.error.name)
    local count = 0
    for _, message in ipairs(nodes:sent()) do
      if message.body.type == "cas" then
        count = count + 1
        assert.same({ {}, { 7 }, true },
          { message.body.from, message.body.to, message.body.create_if_not_exists })
      end
    end
    assert.is_true(count > 3)
  end)

  it("tries again where a key that was read is gone, as at the other replica of lww-kv", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 },
      cas = errors.body(errors.new("key_does_not_exist")) })
    local reply = nodes:ask("n0", { type = "count", store = "fake", default = 0 }, 20)
    assert.equal("precondition_failed", reply.error.name)
    assert.is_true(reply.calls > 1)
  end)

  it("needs two tries at most at a node that is behind in seq-kv", function()
    for seed = 1, 20 do
      local nodes = start({ nodes = 2, seed = seed })
      for i = 1, 40 do
        nodes:call("n0", "seq", "write", "k", i)
      end
      local reply = nodes:ask("n1", { type = "count", store = "seq" })
      assert.equal(41, reply.value)
      assert.is_true(reply.calls <= 2)
    end
  end)

  it("does not try again what will never do", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 },
      cas = errors.body(errors.new("not_supported")) })
    local reply = nodes:ask("n0", { type = "count", store = "fake" })
    assert.same({ "not_supported", 1 }, { reply.error.name, reply.calls })
  end)

  it("loses updates in lww-kv, as it must", function()
    local lost = false
    for seed = 1, 20 do
      local nodes = start({ nodes = 3, seed = seed })
      local confirmed = 0
      for _, reply in ipairs(ask_all(nodes, times(12, { type = "count", store = "lww",
        default = 0 }))) do
        confirmed = confirmed + (reply.value and 1 or 0)
      end
      local most = 0
      for _ = 1, 20 do
        most = math.max(most, (nodes:call("n0", "lww", "read", "k", 0)))
      end
      lost = lost or most < confirmed
    end
    assert.is_true(lost)
  end)
end)

describe("kv.ensure", function()
  -- Adds ids, or counts, at three nodes while the network misbehaves: the replies, and what is
  -- there in the end.
  local function add_through_faults(store, method, seed, faults)
    local nodes = start({ nodes = 3, seed = seed, latency = 5, latency_dist = "exponential" })
    for _, fault in ipairs(faults) do
      nodes.world:fault(fault, 0.2)
    end
    local bodies = {}
    for i = 1, 9 do
      bodies[i] = { type = method == "update" and "count" or "add", store = store, method = method,
        id = i, default = 0 }
    end
    local replies = ask_all(nodes, bodies)
    for _, fault in ipairs(faults) do
      nodes.world:fault(fault, 0)
    end
    return replies, (nodes:call("n0", store, "read_newest", "k"))
  end

  for _, store in ipairs({ "lin", "seq" }) do
    it("makes a change exactly once, whatever the network does, " .. store, function()
      local confirmed = 0
      for seed = 1, 10 do
        local replies, list = add_through_faults(store, "ensure", seed,
          { "loss", "duplicate", "reorder" })
        local count = {}
        for _, id in ipairs(list) do
          count[id] = (count[id] or 0) + 1
          assert.equal(1, count[id])
        end
        for id, reply in ipairs(replies) do
          if reply.value then
            assert.equal(1, count[id], ("seed %d: %d was confirmed and is not there")
              :format(seed, id))
            confirmed = confirmed + 1
          elseif reply.error.definite then
            assert.is_nil(count[id], ("seed %d: %d was refused and is there"):format(seed, id))
          end
        end
      end
      assert.is_true(confirmed > 60, confirmed)
    end)
  end

  it("is needed there: update counts some twice, as a cas that comes twice may fail", function()
    local twice = false
    for seed = 1, 40 do
      local replies, sum = add_through_faults("lin", "update", seed, { "duplicate", "reorder" })
      local possible = 0
      for _, reply in ipairs(replies) do
        possible = possible + ((reply.value or not reply.error.definite) and 1 or 0)
      end
      twice = twice or sum > possible
    end
    assert.is_true(twice)
  end)

  it("ends with an error that is not definite once a cas timed out", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 } }) -- no cas
    local reply = nodes:ask("n0", { type = "count", store = "fake", method = "ensure" }, 20)
    assert.same({ "timeout", false }, { reply.error.name, reply.error.definite })
    assert.is_true(reply.calls > 1)
  end)

  it("ends as the function says, but with what is in doubt once a cas timed out", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 } }) -- no cas
    for tries, expected in pairs({ [0] = { "abort", true }, { "timeout", false } }) do
      local reply = nodes:ask("n0", { type = "count", store = "fake", method = "ensure",
        tries = tries }, 20)
      assert.same({ expected, tries + 1 },
        { { reply.error.name, reply.error.definite }, reply.calls })
    end
  end)
end)

describe("kv.barrier", function()
  -- One node counts up, another reads: how often it read something old.
  local function stale_reads(store, method, seed)
    local nodes = start({ nodes = 2, seed = seed })
    local stale = 0
    for i = 1, 40 do
      nodes:call("n0", store, "write", "k", i)
      stale = stale + (nodes:call("n1", store, method, "k", 0) == i and 0 or 1)
    end
    return stale
  end

  it("makes reads of seq-kv fresh, which they are not without it", function()
    for seed = 1, 5 do
      assert.is_true(stale_reads("seq", "read", seed) > 10)
      assert.equal(0, stale_reads("seq", "read_newest", seed))
    end
  end)

  it("costs nothing for lin-kv", function()
    assert.equal(0, stale_reads("lin", "read", 1))
    local nodes = start()
    nodes:sent()
    assert.is_true((nodes:call("n0", "lin", "barrier")))
    assert.equal(0, #nodes:sent())
  end)

  it("works after a restart, when a node does not know what it wrote before", function()
    local path = os.tmpname() .. ".lua"
    local file = assert(io.open(path, "w"))
    file:write('local node = require "hearsay"\nlocal errors = require "hearsay.errors"\n'
      .. SCRIPT:gsub("^", "local _ = errors\n"))
    file:close()
    local nodes = require("hearsay.testing").start(path, { nodes = 2 })
    local function call(id, ...)
      return nodes:ask(id, { type = "call", store = "seq", method = (...),
        args = json.array({ select(2, ...) }) }).value
    end
    for i = 1, 20 do
      assert.is_true(call("n0", "write", "k", i))
      assert.equal(i, call("n1", "read_newest", "k"))
      nodes:restart("n1")
    end
    os.remove(path)
  end)

  it("is not there for lww-kv", function()
    local nodes = start()
    for _, method in ipairs({ "barrier", "read_newest" }) do
      local _, err = nodes:call("n0", "lww", method, "k")
      assert.equal("not_supported", err.name)
    end
  end)
end)
