-- hearsay.crdt.gossip: that all get everything, what it costs, and that it gets quiet.

local node_lab = dofile("tests/lua/node_lab.lua")
local lab = require "hearsay.testing"

local SCRIPT = [[
local gossip = require "hearsay.crdt.gossip"
local ids = require "hearsay.ids"
local or_set = require "hearsay.crdt.or_set"

local set, replica = or_set.new(), nil
gossip.start(set, { window = 1 })

node.on_init(function() replica = ids.counter() end)
node.on("put", function(msg)
  set:add(replica, msg.body.element)
  return { type = "put_ok" }
end)
node.on("take", function(msg)
  set:remove(msg.body.element)
  return { type = "take_ok" }
end)
node.on("list", function() return { type = "list_ok", list = set:value() } end)
]]

local function start(n, options)
  options = options or {}
  options.nodes = n
  return node_lab.start(SCRIPT, options)
end

local function put(nodes, id, element)
  assert.equal("put_ok", nodes:ask(id, { type = "put", element = element }).type)
end

-- Whether all nodes have just this list.
local function all_have(nodes, list)
  local text = table.concat(list, ",")
  local replies = nodes:ask_now(nodes.ids, function() return { type = "list" } end)
  for _, id in ipairs(nodes.ids) do
    if not replies[id] or table.concat(replies[id].list, ",") ~= text then
      return false
    end
  end
  return true
end

local function eventually(nodes, bound, list)
  return nodes:eventually(bound, function() return all_have(nodes, list) end)
end

describe("crdt.gossip", function()
  it("brings everything to everybody in log2(n) windows", function()
    for n, rounds in pairs({ 1, 1, 2, 2, 3, [8] = 3, [9] = 4, [16] = 4, [25] = 5 }) do
      local nodes = start(n, { latency = 10 })
      nodes:run(0.5)
      local list = {}
      for i, id in ipairs(nodes.ids) do
        list[i] = 1000 + i
        put(nodes, id, 1000 + i)
      end
      assert.is_true(eventually(nodes, 30, list) <= rounds, n .. " nodes")
    end
  end)

  it("sends a message a node and window at most, and then nothing", function()
    for n = 1, 12 do
      local nodes = start(n, { latency = 10 })
      nodes:run(40)
      nodes:sent()
      local list = {}
      for i = 1, 20 do
        list[i] = 1000 + i
        put(nodes, nodes.ids[i % n + 1], 1000 + i)
        nodes:run(0.5)
      end
      local last = {}
      for _, message in ipairs(nodes:sent()) do
        assert.is_true(message.time - (last[message.src] or -1) > 0.99)
        last[message.src] = message.time
      end
      nodes:run(40)
      assert.is_true(all_have(nodes, list))
      nodes:sent()
      nodes:run(40)
      assert.equal(0, #nodes:sent(), n .. " nodes")
    end
  end)

  it("tells two nodes one thing in two messages", function()
    local nodes = start(2, { latency = 10 })
    nodes:run(10)
    nodes:sent()
    put(nodes, "n0", 7)
    nodes:run(10)
    local sent = nodes:sent()
    assert.equal(2, #sent)
    assert.same({ "n0", false, "n1", true }, { sent[1].src, sent[1].body.settled, sent[2].src,
      sent[2].body.settled })
  end)

  it("gets over loss, duplicates and messages that overtake each other", function()
    for seed = 1, 10 do
      local nodes = start(5, { seed = seed, latency = 300, latency_dist = "exponential" })
      for _, fault in ipairs({ "loss", "duplicate", "reorder" }) do
        nodes.world:fault(fault, 0.3)
      end
      for i = 1, 20 do
        put(nodes, nodes.ids[i % 5 + 1], 1000 + i)
        nodes:run(0.3)
        nodes:ask(nodes.ids[i % 3 + 1], { type = "take", element = 1000 + i - i % 2 })
      end
      nodes:run(60)
      local list = nodes:ask("n0", { type = "list" }).list
      assert.is_true(all_have(nodes, list), "seed " .. seed)
      for _, fault in ipairs({ "loss", "duplicate", "reorder" }) do
        nodes.world:fault(fault, 0)
      end
      nodes:run(30)
      nodes:sent()
      nodes:run(30)
      assert.equal(0, #nodes:sent(), "seed " .. seed)
    end
  end)

  it("goes on after a partition, and costs no more in it", function()
    local nodes = start(5, { latency = 10 })
    nodes:run(20)
    nodes:cut({ "n0", "n1" }, { "n2", "n3", "n4" })
    put(nodes, "n0", 1001)
    put(nodes, "n4", 1002)
    nodes:sent()
    nodes:run(20)
    assert.is_true(#nodes:sent() <= 5 * 20)
    assert.same({ 1001 }, nodes:ask("n1", { type = "list" }).list)
    assert.same({ 1002 }, nodes:ask("n2", { type = "list" }).list)
    nodes:heal()
    eventually(nodes, 5, { 1001, 1002 })
  end)

  it("passes on what another said, where two do not reach each other", function()
    local nodes = start(3)
    nodes:cut({ "n0" }, { "n2" })
    put(nodes, "n0", 1001)
    put(nodes, "n2", 1002)
    eventually(nodes, 6, { 1001, 1002 })
  end)

  it("gives a node that was restarted what it had told others, at its first word", function()
    local path = os.tmpname() .. ".lua"
    local file = assert(io.open(path, "w"))
    file:write('local node = require "hearsay"\n' .. SCRIPT)
    file:close()
    local nodes = lab.start(path, { nodes = 3 })
    put(nodes, "n0", 1001)
    put(nodes, "n1", 1002)
    nodes:run(10)
    nodes:sent()
    nodes:restart("n0")
    eventually(nodes, 5, { 1001, 1002 })
    put(nodes, "n0", 1003)
    eventually(nodes, 5, { 1001, 1002, 1003 })
    os.remove(path)
  end)

  it("refuses what is no state, and what is not from the cluster", function()
    local nodes = start(2)
    nodes:run(10)
    put(nodes, "n0", 1001)
    local _, err = nodes:ask("n0", { type = "state", state = {}, settled = true })
    assert.equal("state: expected from another node of the cluster", err.text)
    for body, expected in pairs({ [{ state = 5 }] = 'expected a field "settled"',
      [{ state = 5, settled = 1 }] = '"settled" to be of type boolean' }) do
      body.type = "state"
      _, err = nodes:ask("n0", body)
      assert.equal("malformed_request", err.name)
      assert.matches(expected, err.text, 1, true)
    end
    nodes:run(10)
    nodes:sent()
    nodes.world:send("n1", "n0", { type = "state", state = { seen = {}, entries = 5 },
      settled = true, msg_id = 7 })
    nodes:run(0)
    local reply = nodes:sent()[2].body
    assert.same({ "error", 12, 7 }, { reply.type, reply.code, reply.in_reply_to })
    assert.is_true(all_have(nodes, { 1001 }))
  end)

  it("says what it expected, at the caller's line", function()
    for options, expected in pairs({ ["{ windows = 1 }"] = "unknown option windows",
      ["{ window = 0 }"] = "window must be a number above 0, got 0",
      ["{ window = 1/0 }"] = "window must be a number above 0, got inf",
      ["{ name = 1 }"] = "name must be a string, got number" }) do
      assert.matches(":3: gossip.start: " .. expected, node_lab.load_error(
        'local gossip = require "hearsay.crdt.gossip"\ngossip.start({}, ' .. options .. ")"), 1,
        true)
    end
  end)

  it("carries several replicas under names of their own", function()
    local nodes = node_lab.start([[
      local gossip, g_set = require "hearsay.crdt.gossip", require "hearsay.crdt.lww_register"
      local one, other = g_set.new(), g_set.new()
      gossip.start(one, { name = "one" })
      gossip.start(other, { name = "other", window = 0.1 })
      node.on_init(function()
        if node.id == "n0" then one:set("n0", 1) other:set("n0", 2) end
      end)
      node.on("get", function()
        return { type = "got", one = one:value(), other = other:value() }
      end)]], { nodes = 2 })
    nodes:run(0.5)
    assert.equal(2, nodes:ask("n1", { type = "get" }).other)
    nodes:run(5)
    assert.equal(1, nodes:ask("n1", { type = "get" }).one)
  end)
end)
