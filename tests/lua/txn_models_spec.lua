-- sim.checkers.txn.models: what each consistency model forbids.

local models = require "sim.checkers.txn.models"
local options = require "sim.options"

local function ruled_out(...)
  return table.concat((models.ruled_out({ ... })), " ")
end

local function forbids(model, ...)
  local forbidden = models.forbidden({ model })
  for _, anomaly in ipairs({ ... }) do
    if not forbidden[anomaly] then
      return false
    end
  end
  return true
end

local function allows(model, ...)
  local forbidden = models.forbidden({ model })
  for _, anomaly in ipairs({ ... }) do
    if forbidden[anomaly] then
      return false
    end
  end
  return true
end

describe("consistency models", function()
  it("forbid what defines them, and what implies that", function()
    assert.is_true(forbids("read-uncommitted", "G0", "cyclic-versions", "duplicate-elements"))
    assert.is_true(forbids("read-committed", "G0", "G1a", "G1b", "G1c", "dirty-update",
      "incompatible-order", "future-read"))
    assert.is_true(forbids("cursor-stability", "lost-update", "G1a"))
    assert.is_true(forbids("repeatable-read", "G2-item", "G-single", "G-nonadjacent",
      "lost-update"))
    assert.is_true(forbids("snapshot-isolation", "G-single", "G-nonadjacent", "internal",
      "lost-update", "fractured-read", "G1b"))
    assert.is_true(forbids("serializable", "G2-item", "G-single", "internal"))
    assert.is_true(forbids("strong-session-read-uncommitted", "G0-process"))
    assert.is_true(forbids("strong-session-snapshot-isolation", "G-single-process", "G1c-process",
      "G-causal"))
    assert.is_true(forbids("strong-session-serializable", "G2-item-process", "G2-item"))
    assert.is_true(forbids("strong-snapshot-isolation", "G-single-realtime", "G-single-process"))
    assert.is_true(forbids("strict-serializable", "G2-item-realtime", "G2-item-process",
      "G1c-realtime", "G0", "internal", "lost-update"))
    assert.is_true(forbids("causal", "G1c-process", "G-causal", "fractured-read", "internal",
      "G1a"))
    assert.is_true(forbids("read-atomic", "fractured-read", "non-monotonic-view", "internal"))
    assert.is_true(forbids("monotonic-atomic-view", "non-monotonic-view", "G1c"))
  end)

  it("allow the rest", function()
    assert.is_true(allows("read-uncommitted", "G1a", "G1b", "G1c", "internal", "lost-update",
      "G0-process"))
    assert.is_true(allows("read-committed", "lost-update", "internal", "G-single", "G2-item",
      "G1c-process", "fractured-read"))
    assert.is_true(allows("monotonic-atomic-view", "fractured-read", "internal", "G-single"))
    assert.is_true(allows("read-atomic", "G-single", "lost-update", "G-causal"))
    assert.is_true(allows("causal", "G-single", "G-single-process", "lost-update", "G1c-realtime"))
    assert.is_true(allows("consistent-view", "G-nonadjacent", "G2-item"))
    assert.is_true(allows("snapshot-isolation", "G2-item", "G-single-process"))
    assert.is_true(allows("repeatable-read", "internal", "G2-item-process"))
    assert.is_true(allows("serializable", "G0-process", "G-single-realtime"))
    assert.is_true(allows("strong-session-serializable", "G-single-realtime", "G0-realtime"))
    assert.is_true(allows("strong-snapshot-isolation", "G2-item", "G2-item-realtime"))
  end)

  it("are ruled out by what they forbid: the weakest first", function()
    for anomaly, expected in pairs({
      ["G0"] = "read-uncommitted",
      ["G1a"] = "read-committed",
      ["G1c"] = "read-committed",
      ["internal"] = "read-atomic",
      ["lost-update"] = "ROLA cursor-stability",
      ["G-single"] = "consistent-view repeatable-read",
      ["G-nonadjacent"] = "repeatable-read snapshot-isolation",
      ["G2-item"] = "repeatable-read",
      ["G0-process"] = "causal strong-session-read-uncommitted",
      ["G1c-process"] = "causal strong-session-read-committed",
      ["G-single-process"] = "strong-session-snapshot-isolation",
      ["G2-item-process"] = "strong-session-serializable",
      ["G-single-realtime"] = "strong-snapshot-isolation",
      ["G2-item-realtime"] = "strict-serializable",
      ["fractured-read"] = "consistent-view read-atomic repeatable-read",
      ["non-monotonic-view"] = "consistent-view monotonic-atomic-view",
      ["G-causal"] = "causal",
      ["cycle-search-timeout"] = "",
    }) do
      assert.equal(expected, ruled_out(anomaly), anomaly)
    end
    assert.equal("", ruled_out())
    assert.equal("read-committed", ruled_out("G1a", "G2-item-realtime"))
    local weakest, others = models.ruled_out({ "G2-item" })
    assert.same({ "repeatable-read" }, weakest)
    assert.same({ "serializable", "strict-serializable", "strong-session-serializable" }, others)
  end)

  it("grow stronger: a model forbids all that one forbids which it implies", function()
    local strict = models.forbidden({ "strict-serializable" })
    for _, name in ipairs(models.names) do
      for anomaly in pairs(models.forbidden({ name })) do
        assert.is_true(strict[anomaly], name .. " forbids " .. anomaly)
      end
    end
    assert.is_nil(strict["cycle-search-timeout"])
  end)

  it("have other names", function()
    for name, other in pairs({ ["PL-1"] = "read-uncommitted", ["PL-2"] = "read-committed",
      ["PL-2.99"] = "repeatable-read", ["PL-SI"] = "snapshot-isolation", ["PL-3"] = "serializable",
      ["PL-SS"] = "strict-serializable", ["strong-serializable"] = "strict-serializable",
      ["conflict-serializable"] = "serializable" }) do
      assert.same(models.forbidden({ other }), models.forbidden({ name }))
    end
    assert.has_error(function() models.forbidden({ "serialisable" }) end,
      "no consistency model serialisable")
  end)

  it("of several all count", function()
    local forbidden = models.forbidden({ "read-atomic", "repeatable-read" })
    assert.is_true(forbidden["internal"] and forbidden["G2-item"])
    assert.is_nil(forbidden["G2-item-process"])
  end)

  it("are what --consistency-models takes", function()
    for _, name in ipairs(models.names) do
      local opts = assert(options.parse({ "--bin", "x.lua", "--consistency-models", name }, "test"))
      assert.same({ name }, opts.consistency_models)
    end
  end)
end)
