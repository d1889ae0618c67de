-- hearsay.gossip: what all policies share.

local lab = require "hearsay.testing"
local gossip_lab = dofile("tests/lua/gossip_lab.lua")

-- Why a script whose first line starts a policy does not load.
local function load_error(call)
  local cluster, message = lab.load('local gossip = require "hearsay.gossip"\n' .. call,
    { nodes = { "n0" } })
  assert.is_nil(cluster)
  return message
end

describe("gossip.start", function()
  it("knows its policies and names them", function()
    for call, given in pairs({
      ['gossip.start { policy = "plumtrees" }'] = "plumtrees",
      ["gossip.start {}"] = "nil",
      ["gossip.start { policy = 5 }"] = "5",
      ['gossip.start { window = 0.3 }'] = "nil",
    }) do
      assert.matches(
        ":2: gossip.start: expected a policy (flood, push, batch, hub, direct, push_pull, "
          .. "anti_entropy, plumtree), not " .. given,
        load_error(call), 1, true)
    end
  end)

  it("knows each policy's parameters and names them, at the caller's line", function()
    for policy, known in pairs({
      flood = "", push = "cap, timeout", hub = "keepalive, margin, patience, window",
      direct = "backup, resend, window", batch = "jitter, resend, window",
      push_pull = "interval", anti_entropy = "interval", plumtree = "lazy, patience, resend",
    }) do
      assert.matches(([[:2: gossip.start: policy "%s" has no parameter "widow"; it has: %s]])
        :format(policy, known),
        load_error(('local s = gossip.start { policy = %q, widow = 1 }'):format(policy)), 1, true)
    end
  end)

  it("takes numbers from 0", function()
    for value, text in pairs({ ['"0.3"'] = "0.3", ["-1"] = "%-1", ["true"] = "true",
      ["0/0"] = "%-?nan" }) do
      assert.matches(":2: gossip.start: margin must be a number from 0, not " .. text .. "$",
        load_error(('local s = gossip.start { policy = "hub", margin = %s }'):format(value)))
    end
  end)

  it("takes no period of 0, and no jitter of 1", function()
    for parameter, text in pairs({
      ['"hub", window = 0'] = "window must be a number above 0, not 0",
      ['"batch", window = 0'] = "window must be a number above 0, not 0",
      ['"batch", jitter = 1'] = "jitter must be a number from 0 and below 1, not 1",
      ['"direct", resend = 0'] = "resend must be a number above 0, not 0",
      ['"push_pull", interval = 0.0'] = "interval must be a number above 0, not 0.0",
      ['"anti_entropy", interval = -1'] = "interval must be a number above 0, not -1",
      ['"plumtree", lazy = 1/0'] = "lazy must be a number above 0, not inf",
    }) do
      assert.matches(":2: gossip.start: " .. text,
        load_error(("local s = gossip.start { policy = %s }"):format(parameter)), 1, true)
    end
  end)

  it("starts each policy with its defaults", function()
    for _, policy in ipairs({
      "flood", "push", "batch", "hub", "direct", "push_pull", "anti_entropy", "plumtree",
    }) do
      local g = gossip_lab.start({ policy }, { nodes = 3, latency = 10 })
      g:add("n1", "first")
      assert(g:settle(4))
      assert.is_true(g.is_new)
      g:add("n2", "first")
      assert.is_false(g.is_new)
    end
  end)
end)

describe("every policy", function()
  local POLICIES = {
    { "flood" }, { "push" }, { "hub", "window=0.3" }, { "hub", "window=0.05" },
    { "direct", "resend=1" }, { "direct", "resend=1", "window=0.1", "backup=1" },
    { "batch", "window=0.2" }, { "push_pull", "interval=0.2" }, { "anti_entropy", "interval=0.2" },
    { "plumtree", "lazy=0.3" },
  }

  it("takes values of any kind, once each", function()
    for _, policy in ipairs(POLICIES) do
      local g = gossip_lab.start(policy, { nodes = 3, latency = 5 })
      for i, value in ipairs({ 1, 1.0, "1", true, { 1 }, { a = { 2 } }, "é", math.maxinteger }) do
        g:add("n" .. i % 3, value)
      end
      assert(g:settle(4))
      for _, id in ipairs(g.ids) do
        assert.equal(8, g:count(id), policy[1])
      end
    end
  end)

  it("works for one node alone, which sends nothing", function()
    for _, policy in ipairs(POLICIES) do
      local g = gossip_lab.start(policy, { nodes = 1, latency = 100 })
      g:add("n0")
      g:add("n0")
      g:run(30)
      assert.equal(0, (g:settle(0)))
      assert.same({}, g:journal())
    end
  end)

  it("sends a node nothing from itself, and nothing to strangers", function()
    for _, policy in ipairs(POLICIES) do
      for n = 2, 3 do
        local g = gossip_lab.start(policy, { nodes = n, latency = 100, graph = "total" })
        for _ = 1, 5 do
          for _, id in ipairs(g.ids) do
            g:add(id)
          end
          g:run(0.5)
          g:isolate("n0")
          g:run(3)
          g:heal()
        end
        local sent = g:sent()
        assert(#sent > 0)
        for _, message in ipairs(sent) do
          assert.not_equal(message.src, message.dest, policy[1])
        end
      end
    end
  end)

  it("is not confused by a message from somebody who is no node", function()
    for _, policy in ipairs(POLICIES) do
      local g = gossip_lab.start(policy, { nodes = 3, latency = 10 })
      for _, id in ipairs(g.ids) do
        g:tell(id, { type = "hub_up", values = { "x" }, epoch = 1, version = 1, from = 0, have = 0,
          time = 0 })
        g:tell(id, { type = "hub_down", values = { "x" }, from = 0, version = 1, session = 1,
          got = 0, next = 0 })
        g:tell(id, { type = "direct", values = { "x" }, from = 0, version = 1, session = 1,
          got = 0 })
        g:tell(id, { type = "direct_row", got = { { id, 1, 1 } }, session = 1 })
        g:tell(id, { type = "direct_column", got = { { "c-stranger", 1, 1, 1 } } })
        for _, kind in ipairs({ "batch", "push_pull", "push_pull_reply", "plum_ihave" }) do
          g:tell(id, { type = kind, values = { "x" }, from = 0, version = 1, session = 1, got = 9 })
        end
        g:tell(id, { type = "plum_values", list = { { "x-1", "x", "n0" } } })
        g:tell(id, { type = "plum_prune", root = "n0" })
        g:tell(id, { type = "plum_graft", ids = { "x-1", "x-2", 5 } })
        for _, kind in ipairs({ "anti_entropy", "direct_backup" }) do
          g:tell(id, { type = kind, values = { "x" } })
        end
      end
      g:run(1)
      g:isolate("n0") -- the others have to find each other
      g:add("n2")
      assert(g:settle(20, { "n1", "n2" }))
      g:heal()
      assert(g:settle(20))
      for _, id in ipairs(g.ids) do
        assert.not_matches("traceback", g:log(id))
      end
    end
  end)
end)
