-- The policies that exchange with a random node now and then: push_pull and anti_entropy.
local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local randoms = require "hearsay.random"

local INTERVAL = 0.5 -- seconds
local POLICIES = { "push_pull", "anti_entropy" }

local function start(policy, n, options)
  options = options or {}
  options.nodes, options.latency = n, options.latency or 20
  return gossip_lab.start({ policy, "interval=" .. INTERVAL }, options)
end

-- The messages of a node in some seconds of quiet.
local function quiet(g, seconds)
  return g:sent_within(seconds)
end

for _, policy in ipairs(POLICIES) do
  describe(policy, function()
    it("brings a value everywhere within about log2(n) + log2(log(n)) intervals", function()
      local n, sum, seeds = 32, 0, 10
      for seed = 1, seeds do
        local g = start(policy, n, { seed = seed })
        g:add("n" .. seed)
        sum = sum + assert(g:settle(15 * INTERVAL))
      end
      assert(sum / seeds < (math.log(n, 2) + math.log(math.log(n), 2)) * INTERVAL, sum / seeds)
    end)

    it("chooses among its neighbours where there are some, and among all others elsewhere",
      function()
        for _, graph in ipairs({ "ring", "none" }) do
          local g = start(policy, 8, { graph = graph ~= "none" and graph or nil })
          local dests = {}
          for _, message in ipairs(quiet(g, 60)) do
            if message.src == "n3" then
              dests[message.dest] = true
            end
          end
          local expected = graph == "ring" and { n2 = true, n4 = true }
            or { n0 = true, n1 = true, n2 = true, n4 = true, n5 = true, n6 = true, n7 = true }
          assert.same(expected, dests)
        end
      end)

    it("goes on at the same pace, with jitter, when nothing is new", function()
      local g = start(policy, 4)
      g:add("n1")
      g:run(20)
      local begun, each, last = {}, 0, nil
      for _, message in ipairs(quiet(g, 100)) do
        assert.equal(0, #(message.body.values or {}))
        each = each + 1
        if message.src == "n2" and message.body.type == policy then
          begun[#begun + 1] = last and message.time - last
          last = message.time
        end
      end
      local nodes, seconds = 4, 100
      local expected = nodes * seconds / INTERVAL * (policy == "push_pull" and 2 or 1)
      assert(math.abs(each - expected) < 0.05 * expected, each)
      local least, most = math.huge, 0
      for _, gap in ipairs(begun) do
        least, most = math.min(least, gap), math.max(most, gap)
      end
      assert(least >= 0.75 * INTERVAL - 0.001 and most <= 1.25 * INTERVAL + 0.001)
      assert(most - least > 0.3 * INTERVAL)
    end)

    it("costs at most three messages an exchange under load", function()
      local g = start(policy, 8)
      g:load(randoms.stream(1, "load"), 10, 50)
      g:journal()
      g:load(randoms.stream(2, "load"), 30, 50)
      local most = policy == "push_pull" and 2 or 3
      assert(#g:sent() <= 8 * 30 / INTERVAL * most * 1.05)
    end)

    it("gives a restarted node everything, though nothing is new", function()
      for seed = 1, 5 do
        local g = start(policy, 6, { seed = seed })
        g:load(randoms.stream(seed, "load"), 4, 20)
        assert(g:settle(10))
        g:restart("n" .. seed)
        assert(g:settle(10 * INTERVAL))
      end
    end)
  end)
end

describe("push_pull", function()
  it("sends a pair what is new between them, and not back", function()
    local g, taken_by = start("push_pull", 2), {}
    for i = 1, 20 do
      taken_by[g:add("n" .. i % 2)] = "n" .. i % 2
      g:run(1)
    end
    local sent = 0
    for _, message in ipairs(g:sent()) do
      for _, value in ipairs(message.body.values) do
        assert.equal(taken_by[value], message.src)
        sent = sent + 1
      end
    end
    assert(sent >= 20 and sent <= 40, sent) -- what a reply brings, the next push confirms
  end)

  it("refuses messages that are not of its form", function()
    local g = start("push_pull", 2)
    for _, kind in ipairs({ "push_pull", "push_pull_reply" }) do
      local _, err = g:ask("n0", { type = kind, values = {} })
      assert.equal("malformed_request", err.name)
    end
  end)
end)

describe("anti_entropy", function()
  it("sends nothing but a digest where two nodes are equal", function()
    local g = start("anti_entropy", 2)
    g:add("n0")
    g:run(10)
    for _, message in ipairs(quiet(g, 10)) do
      assert.is_nil(message.body.values)
      assert.equal(64, #message.body.digest)
    end
  end)

  it("sends only the buckets that differ", function()
    local g = start("anti_entropy", 2)
    for _ = 1, 1000 do
      g:add("n0")
    end
    g:run(10)
    g:journal()
    g:add("n1")
    g:run(10)
    local sent = 0
    for _, message in ipairs(g:sent()) do
      sent = sent + #(message.body.values or {})
    end
    assert(sent >= 1 and sent <= 100, sent) -- a bucket has 16, and goes each way
  end)

  it("shares both ways in one exchange of three messages", function()
    local g = start("anti_entropy", 2, { seed = 2 }) -- the two do not begin at the same time
    g:add("n0")
    g:add("n1")
    g:journal()
    assert(g:settle(2 * INTERVAL))
    local kinds = {} -- of what follows the digest with which an exchange begins
    for _, message in ipairs(g:sent()) do
      if message.body.values then
        kinds[#kinds + 1] = message.body.digest and "both" or "values"
      end
    end
    assert.same({ "both", "values" }, { kinds[1], kinds[2] })
  end)

  it("refuses what is no digest", function()
    local g = start("anti_entropy", 2)
    for _, digest in ipairs({ {}, { 1, 2 }, { 1, 2, "x" }, 5 }) do
      local _, err = g:ask("n0", { type = "anti_entropy", digest = digest })
      assert.equal("malformed_request", err.name)
    end
    local floats = {}
    for i = 1, 64 do
      floats[i] = i + 0.5
    end
    local _, err = g:ask("n0", { type = "anti_entropy", digest = floats })
    assert.matches("expected a digest of integers", err.text)
  end)
end)
