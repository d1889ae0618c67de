-- sim.cluster: nodes, services and clients in a world.

local clusters = require "sim.cluster"
local json = require "hearsay.json"
local lab = require "hearsay.testing"

local ECHO = "challenges/echo_1.lua"

local function new(options)
  options.nodes = options.nodes or { "n0", "n1", "n2" }
  options.seed = options.seed or 1
  options.command = options.command or { ECHO }
  return clusters.new(options)
end

-- The messages of a world's journal, as "src>dest type".
local function messages(world)
  local list = {}
  for line in world:journal():gmatch("[^\n]+") do
    local entry = json.decode(line)
    if entry.event == "send" then
      local m = entry.message
      list[#list + 1] = ("%s>%s %s"):format(m.src, m.dest, m.body.type)
    end
  end
  return list
end

describe("a cluster", function()
  it("says nothing before init, and then each node answers", function()
    local cluster = assert(new({}))
    cluster.world:journal()
    cluster.world:run(5)
    assert.same({}, messages(cluster.world))
    assert.is_true(cluster:init())
    assert.same({
      "c0>n0 init", "c1>n1 init", "c2>n2 init", "n0>c0 init_ok", "n1>c1 init_ok", "n2>c2 init_ok",
    }, messages(cluster.world))
  end)

  it("tells each node who it is and who there is", function()
    local nodes = lab.start([[
      local node = require "hearsay"
      node.on("who", function() return { type = "who_ok", id = node.id, ids = node.ids } end)
    ]], { nodes = { "x", "y" } })
    assert.same({ "y", { "x", "y" } }, (function(r) return { r.id, r.ids } end)(
      nodes:ask("y", { type = "who" })))
  end)

  it("hands its script the arguments", function()
    local cluster = assert(new({ command = { "challenges/unique_ids_2.lua", "uuid7" } }))
    assert(cluster:init())
    local id
    cluster:client():request("n1", { type = "generate" }, 1, function(reply) id = reply.id end)
    cluster.world:run(1)
    assert.matches("^%x+%-%x+%-7", id)
  end)

  it("is not made of a script that does not load, or of two nodes of one name", function()
    local cluster, message = new({ command = { "challenges/unique_ids_2.lua", "nonsense" } })
    assert.is_nil(cluster)
    assert.matches("expected flake, counter or uuid7, not nonsense", message)
    cluster, message = new({ command = { "no/such.lua" } })
    assert.is_nil(cluster)
    assert.matches("no/such.lua", message, 1, true)
    cluster, message = new({ nodes = { "a", "a" } })
    assert.is_nil(cluster)
    assert.matches('there is a "a" already', message)
  end)

  it("names clients c0, c1, .. in the order in which they come", function()
    local cluster = assert(new({}))
    assert.same({ "c0", "c1" }, { cluster:client().id, cluster:client().id })
  end)

  it("asks all at once, and is told who did not answer", function()
    local cluster = assert(new({}))
    assert(cluster:init())
    local start = cluster.world:now_us()
    assert.is_true(cluster:ask_all(function(id) return { type = "echo", echo = id } end))
    assert.equal(0, cluster.world:now_us() - start)
    local ok, message = cluster:ask_all(function() return { type = "nonsense" } end)
    assert.is_nil(ok)
    assert.matches('n0 did not answer "nonsense": not_supported %(10%)', message)
    cluster.world:pause("n1")
    ok, message = cluster:ask_all(function() return { type = "echo", echo = 1 } end, 3)
    assert.is_nil(ok)
    assert.matches('n1 did not answer "echo": timeout %(0%): no reply from n1 within 3 s', message)
    assert.equal(3000000, cluster.world:now_us() - start)
  end)

  it("gives up an init after ten seconds", function()
    local cluster = assert(new({}))
    cluster.world:pause("n2")
    local start = cluster.world:now_us()
    local ok, message = cluster:init()
    assert.is_nil(ok)
    assert.matches('n2 did not answer "init": timeout', message)
    assert.equal(10000000, cluster.world:now_us() - start)
  end)

  it("restarts a node that was killed: it has forgotten everything, and is initialised", function()
    local cluster = assert(new({ command = { "challenges/broadcast_3a.lua" } }))
    local function ask(id, body)
      local reply, err
      cluster:client():request(id, body, 1, function(...) reply, err = ... end)
      cluster.world:run(2)
      return reply, err
    end
    assert(cluster:init())
    ask("n1", { type = "broadcast", message = 5 })
    assert.same({ 5 }, ask("n1", { type = "read" }).messages)
    cluster.world:kill("n1")
    assert.equal("timeout", select(2, ask("n1", { type = "read" })).name)
    cluster:restart("n1")
    assert.same({}, ask("n1", { type = "read" }).messages)
  end)

  it("restarts a node that was killed while it was paused, with a message on its way", function()
    local cluster = assert(new({ latency = 10, command = { "challenges/broadcast_3c.lua" } }))
    assert(cluster:init())
    cluster:client():request("n0", { type = "broadcast", message = 1 }, 1, function() end)
    cluster.world:run(0.005)
    cluster.world:pause("n1")
    cluster.world:run(1)
    cluster.world:kill("n1")
    cluster:restart("n1")
    local reply
    cluster:client():request("n1", { type = "read" }, 1, function(r) reply = r end)
    cluster.world:run(2)
    assert.equal("read_ok", reply and reply.type)
  end)

  it("is the same to the last message for the same seed", function()
    local function fingerprint(seed)
      local cluster = assert(new({ seed = seed, command = { "challenges/broadcast_3c.lua" },
        latency = 50, latency_dist = "exponential" }))
      assert(cluster:init())
      for i = 1, 9 do
        local body = { type = "broadcast", message = i }
        cluster:client():request("n" .. i % 3, body, 1, function() end)
        cluster.world:run(0.1)
      end
      cluster.world:run(5)
      return cluster.world:fingerprint()
    end
    assert.equal(fingerprint(1), fingerprint(1))
    assert.not_equal(fingerprint(1), fingerprint(2))
  end)
end)
