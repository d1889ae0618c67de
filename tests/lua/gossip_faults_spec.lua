-- What holds for every policy that repeats, whatever the network does: nothing is lost.
local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local randoms = require "hearsay.random"

-- Policies with parameters; those with a graph have neighbours. `bound` is the most seconds that
-- values may take once the network is well again. One that `forgets` does not give a restarted node
-- what that one took itself.
local POLICIES = {
  { "push", "timeout=0.4", "cap=1", graph = "grid", bound = 8 },
  { "batch", "window=0.2", "jitter=0.5", "resend=0.8", graph = "grid", bound = 8 },
  { "batch", "window=0.2", "resend=0.8", graph = "star", bound = 5 },
  { "plumtree", "lazy=0.4", "patience=0.3", "resend=1", graph = "grid", bound = 20 },
  { "plumtree", "lazy=0.4", "patience=0.3", "resend=1", graph = "total", bound = 10 },
  { "hub", "window=0.2", bound = 12 },
  { "direct", "resend=1", bound = 4, forgets = true },
  { "direct", "resend=1", "window=0.1", "backup=1", bound = 4 },
  { "push_pull", "interval=0.3", bound = 15 },
  { "push_pull", "interval=0.3", graph = "ring", bound = 30 },
  { "anti_entropy", "interval=0.3", bound = 15 },
  { "anti_entropy", "interval=0.3", graph = "ring", bound = 30 },
}

local function name_of(policy)
  return table.concat(policy, " ") .. (policy.graph and " on a " .. policy.graph or "")
end

local function start(policy, seed, n)
  return gossip_lab.start({ table.unpack(policy) }, {
    nodes = n, seed = seed, latency = 50, graph = policy.graph,
    latency_dist = ({ "constant", "uniform", "exponential" })[seed % 3 + 1],
  })
end

local function settles(g, policy, seed)
  local _, text = g:settle(policy.bound)
  assert(not text, text and ("%s, seed %d: %s"):format(name_of(policy), seed, text))
end

-- Some seconds of load while the network does something, and then does it no more.
local FAULTS = {
  function(g, random) -- two sides
    local sides = { {}, {} }
    for _, id in ipairs(g.ids) do
      table.insert(sides[random:upto(2)], id)
    end
    g:cut(sides[1], sides[2])
  end,
  function(g, random) -- somebody alone
    g:isolate(g.ids[random:upto(#g.ids)])
  end,
  function(g, random) -- links that work one way only
    for _ = 1, #g.ids do
      g.world:cut(g.ids[random:upto(#g.ids)], g.ids[random:upto(#g.ids)])
    end
  end,
  function(g)
    for _, fault in ipairs({ "loss", "duplicate", "reorder" }) do
      g.world:fault(fault, 0.3)
    end
  end,
  function(g, random) -- somebody stands still
    g.paused = g.ids[random:upto(#g.ids)]
    g:pause(g.paused)
  end,
}

local function end_faults(g)
  g:heal()
  for _, fault in ipairs({ "loss", "duplicate", "reorder" }) do
    g.world:fault(fault, 0)
  end
  if g.paused then
    g:resume(g.paused)
    g.paused = nil
  end
end

-- The ids that answer at once.
local function awake(g)
  local ids = {}
  for _, id in ipairs(g.ids) do
    ids[#ids + 1] = id ~= g.paused and id or nil
  end
  return ids
end

for _, policy in ipairs(POLICIES) do
  describe(name_of(policy), function()
    it("loses nothing, whatever the network does", function()
      for seed = 1, 10 do
        local random = randoms.stream(seed, "faults")
        local g = start(policy, seed, 2 + random:upto(8))
        for _ = 1, 3 do
          FAULTS[random:upto(#FAULTS)](g, random)
          g:load(random, random:unit() * 6, 8, awake(g))
          end_faults(g)
          g:load(random, random:unit() * 2, 8)
        end
        settles(g, policy, seed)
      end
    end)

    it("loses nothing where a third is lost, doubled and overtaken all the time", function()
      for seed = 1, 3 do
        local random = randoms.stream(seed, "load")
        local g = start(policy, seed, 6)
        FAULTS[4](g)
        g:load(random, 10, 8)
        local _, text = g:settle(60)
        assert(not text, text and ("%s, seed %d: %s"):format(name_of(policy), seed, text))
      end
    end)

    it("brings a restarted node what it had, once somebody has something new", function()
      for seed = 1, 4 do
        local random = randoms.stream(seed, "load")
        local g = start(policy, seed, 5)
        local id = g.ids[random:upto(#g.ids)]
        local others = {}
        for _, other in ipairs(g.ids) do
          others[#others + 1] = other ~= id and other or nil
        end
        g:load(random, 3, 8, policy.forgets and others)
        settles(g, policy, seed)
        g:run(4)
        g:restart(id)
        if g.graph then
          g:ask_now({ id }, function() return { type = "topology", topology = g.graph } end)
          others = g.graph[id]
        end
        for _, other in ipairs(others) do
          g:add(other)
        end
        settles(g, policy, seed)
      end
    end)

    it("does the same again for the same seed, to the last message", function()
      local prints = {}
      for i = 1, 2 do
        local random = randoms.stream(1, "load")
        local g = start(policy, 1, 6)
        FAULTS[4](g)
        g:load(random, 3, 20)
        end_faults(g)
        g:run(5)
        prints[i] = g.world:fingerprint()
      end
      assert.equal(prints[1], prints[2])
    end)
  end)
end
