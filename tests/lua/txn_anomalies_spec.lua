-- Each anomaly in a history that has it and nothing else, and in one that nearly has it.

local txns = dofile("tests/lua/txn_history.lua")

-- The anomaly, what forbids it, what does not, a history with it, and near misses.
local registers = {
  { "G1a", "read-committed", "read-uncommitted",
    "wx1 | fail \n rx1 \n wy1 \n ry1",
    { "wx1 | info \n rx1 \n wy1 \n ry1", "wx1 | open \n rx1", "wx1 | fail \n rx2 \n wx2" } },
  { "G1b", "read-committed", "read-uncommitted",
    "wx1 wx2 wy1 \n rx1 \n ry1",
    { "wx1 wx2 wy1 \n rx2 \n ry1", "wx1 rx1 wx2 wy1 \n ry1", "wx1 wy2 \n rx1" } },
  { "G1c", "read-committed", "read-uncommitted",
    "wx1 ry1 \n wy1 rx1",
    { "wx1 ry_ \n wy1 rx1", "wx1 \n rx1 wy1 \n ry1" } },
  { "internal", "read-atomic", "repeatable-read",
    "wx1 rx2 wy1 \n wx2 \n ry1",
    { "wx1 rx1 wy1 \n ry1", "rx2 wx1 rx1 wy1 \n wx2 \n ry1" } },
  { "internal", "read-atomic", "read-committed",
    "rx1 rx2 wy1 \n wx1 \n wx2 \n ry1",
    { "rx1 rx1 wy1 \n wx1 \n ry1", "rx_ rx_ wy1 \n ry1" } },
  { "future-read", "read-committed", "read-uncommitted",
    "rx1 wx1 wy1 \n ry1",
    { "wx1 rx1 wy1 \n ry1" } },
  { "lost-update", "cursor-stability", "monotonic-atomic-view",
    "wx1 \n rx1 wx2 \n rx1 wx3",
    { "wx1 \n rx1 wx2 \n rx2 wx3", "wx1 \n rx1 wx2 \n wx3 rx3", "wx1 \n rx1 wx2 \n rx1 wx3 | info",
      "wx1 \n rx1 wx2 \n rx1 wy3", "wx1 \n rx1 wx2 \n rx1 wx3 | fail" } },
  { "lost-update", "cursor-stability", "monotonic-atomic-view",
    "rx_ wx2 \n rx_ wx3", { "rx_ wx2 \n rx2 wx3" } },
  { "cyclic-versions", "read-uncommitted", nil,
    "rx1 wx2 \n rx2 wx3 \n rx3 wx1",
    { "rx1 wx2 \n rx2 wx3 \n rx3 wx4 \n wx1" } },
  { "G-single", "consistent-view", "read-committed",
    "rx_ ry1 \n wx1 wy1",
    { "rx1 ry1 \n wx1 wy1", "rx_ ry_ \n wx1 wy1", "rx_ ry1 \n wx1 | open \n wy1" } },
  { "G-single", "consistent-view", "read-committed", -- replaced values, known by who read them
    "ry1 wx1 wy2 \n rx1 ry1 \n wy1",
    { "wx1 wy2 \n rx1 ry1 \n wy1" } }, -- here nobody knows whether 2 came after 1
  { "G-nonadjacent", "snapshot-isolation", "consistent-view",
    "wx1 \n rx1 ry_ \n wy1 \n ry1 rx_",
    { "wx1 \n rx1 ry_ \n wy1 \n ry1 rx1", "wx1 \n rx1 ry_ \n wy1 \n ry_ rx_" } },
  { "G2-item", "repeatable-read", "snapshot-isolation",
    "rx_ wy1 \n ry_ wx1",
    { "rx_ wy1 \n ry1 wx1", "rx_ wy1 \n ry_ wx1 | fail", "rx_ wy1 \n ry_ wz1",
      "rx_ wy1 \n ry_ wx1 | info" } },
  { "G2-item", "serializable", "snapshot-isolation", -- two rw in a row, and a wr
    "rx_ rz1 \n wx1 ry_ \n wy1 wz1",
    { "rx_ rz_ \n wx1 ry_ \n wy1 wz1" } },
  { "non-monotonic-view", "monotonic-atomic-view", "read-committed",
    "wx1 wy1 \n rx1 ry_",
    { "wx1 wy1 \n rx1 ry1", "wx1 wy1 \n ry_ rx1", "wx1 \n wy1 \n rx1 ry_" } },
  { "non-monotonic-view", "monotonic-atomic-view", "read-committed", -- older by two versions
    "rx2 wx3 wy1 \n ry1 rx1 \n rx1 wx2 \n wx1",
    { "rx2 wx3 wy1 \n ry1 rx3 \n rx1 wx2 \n wx1" } },
  { "fractured-read", "read-atomic", "monotonic-atomic-view",
    "wx1 wy1 \n ry_ rx1",
    { "wx1 wy1 \n ry1 rx1", "wx1 \n wy1 \n ry_ rx1" } },
  { "G-causal", "causal", "read-atomic",
    "wx1 \n rx1 wy1 \n ry1 rx_",
    { "wx1 \n rx1 wy1 \n ry1 rx1", "wx1 \n rx1 wy1 \n ry_ rx_" } },
  { "G-causal", "causal", "read-atomic", -- reads its own session's write no more
    "wx1 | 1-2 p1 \n rx_ | 3-4 p1 \n rx1 | 1-2 p2",
    { "wx1 | 1-2 p1 \n rx_ | 3-4 p3 \n rx1 | 1-2 p2",
      "rx_ | 1-2 p1 \n wx1 | 3-4 p1 \n rx1 | 1-2 p2" } },
  { "G1c-process", "strong-session-read-committed", "serializable",
    "rx1 wy1 | 1-2 p1 \n ry1 | 3-4 p2 \n wx1 | 5-6 p2",
    { "rx1 wy1 | 1-2 p1 \n ry1 | 3-4 p2 \n wx1 | 5-6 p3",
      "rx1 wy1 | 1-2 p1 \n ry_ | 3-4 p2 \n wx1 | 5-6 p2" } },
  { "G-single-process", "strong-session-snapshot-isolation", "serializable",
    "wx1 | 1-2 p1 \n rx_ | 3-4 p1 \n rx1 | 1-2 p2",
    { "wx1 | 1-2 p1 \n rx_ | 3-4 p2 \n rx1 | 1-2 p3", "wx1 | 1-2 p1 \n rx1 | 3-4 p1" } },
  { "G-nonadjacent-process", "strong-session-snapshot-isolation", "serializable",
    "rx_ rz1 | 1-2 p0 \n wx1 | 3-4 p1 \n rz_ | 5-6 p1 \n wz1 | 7-8 p2",
    { "rx_ rz1 | 1-2 p0 \n wx1 | 3-4 p1 \n rz_ | 5-6 p2 \n wz1 | 7-8 p3" } },
  { "G2-item-process", "strong-session-serializable", "serializable",
    "wy1 | 1-2 p1 \n rx_ | 3-4 p1 \n wx1 ry_ | 1-9 p2",
    { "wy1 | 1-2 p1 \n rx_ | 3-4 p3 \n wx1 ry_ | 1-9 p2",
      "wy1 | 1-2 p1 \n rx_ | 3-4 p1 \n wx1 ry1 | 1-9 p2" } },
  { "G0-process", "strong-session-read-uncommitted", "serializable",
    -- What was replaced was written later.
    "rx1 wx2 | 1-2 p1 \n wx1 | 3-4 p1", { "rx1 wx2 | 3-4 p1 \n wx1 | 1-2 p1" } },
  { "G0-realtime", "strong-read-uncommitted", "strong-session-serializable",
    "rx1 wx2 | 1-2 p1 \n wx1 | 3-4 p2",
    { "rx1 wx2 | 1-4 p1 \n wx1 | 3-5 p2", "rx1 wx2 | 3-4 p1 \n wx1 | 1-2 p2" } },
  { "G1c-realtime", "strong-read-committed", "strong-session-serializable",
    "rx1 | 1-2 p1 \n wx1 | 3-4 p2",
    { "rx1 | 1-4 p1 \n wx1 | 3-5 p2", "rx1 | 3-4 p1 \n wx1 | 1-2 p2" } },
  { "G-single-realtime", "strict-serializable", "strong-session-serializable",
    "wx1 | 1-2 p1 \n rx_ | 3-4 p2 \n rx1 | 5-6 p3",
    { "wx1 | 1-3 p1 \n rx_ | 2-4 p2 \n rx1 | 5-6 p3", "wx1 | 1-2 p1 info \n rx_ | 3-4 p2 \n ry_",
      "wx1 | 1-2 p1 fail \n rx_ | 3-4 p2 \n wy1 \n ry1" } },
  { "G-nonadjacent-realtime", "strong-snapshot-isolation", "strong-session-serializable",
    "rx_ rz1 | 1-9 p0 \n wx1 | 3-4 p1 \n rz_ | 5-6 p2 \n wz1 | 1-9 p3",
    { "rx_ rz1 | 1-9 p0 \n wx1 | 3-5 p1 \n rz_ | 4-6 p2 \n wz1 | 1-9 p3" } },
  { "G2-item-realtime", "strict-serializable", "strong-session-serializable",
    "wy1 | 1-2 p1 \n rx_ | 3-4 p3 \n wx1 ry_ | 1-9 p2",
    { "wy1 | 1-3 p1 \n rx_ | 2-4 p3 \n wx1 ry_ | 1-9 p2" } },
}

local lists = {
  { "G0", "read-uncommitted", nil,
    "ax1 ay1 \n ax2 ay2 \n rx12 ry21",
    { "ax1 ay1 \n ax2 ay2 \n rx12 ry12", "ax1 ay1 \n ax2 ay2 \n rx12 ry1" } },
  { "duplicate-elements", "read-uncommitted", nil,
    "ax1 \n ax2 \n rx121", { "ax1 \n ax2 \n rx12", "ax1 \n ax2 \n ay1 \n rx12 ry1" } },
  { "unwritten-read", "read-uncommitted", nil,
    "ax1 \n rx19 \n ry1 \n ay1", { "ax1 \n ax9 | info \n rx19", "ax1 \n ay9 | open \n rx1 ry9" } },
  { "G1a", "read-committed", "read-uncommitted",
    "ax1 | fail \n rx12 \n ax2 | info",
    { "ax1 | info \n rx1 \n ay1", "ax1 | fail \n rx2 \n ax2" } },
  { "G1b", "read-committed", "read-uncommitted",
    "ax1 ax2 ay1 \n rx1 \n ry1",
    { "ax1 ax2 ay1 \n rx12 \n ry1", "ax1 rx1 ax2 ay1 \n ry1", "ax1 ax2 \n ax3 \n rx123" } },
  { "G1c", "read-committed", "read-uncommitted",
    "ax1 ry1 \n ax2 ay1 \n rx12 ry1",
    { "ax1 ry_ \n ax2 ay1 \n rx12 ry1", "ax1 ry1 \n ax2 ay1 \n rx21 ry1" } },
  { "incompatible-order", "read-committed", "read-uncommitted",
    "ax1 \n ax2 \n ax3 \n rx123 \n rx13", { "ax1 \n ax2 \n ax3 \n rx123 \n rx12 \n rx_ \n rx1" } },
  { "internal", "read-atomic", "repeatable-read",
    "ax3 rx4 \n ax4", { "ax3 rx43 \n ax4", "rx4 ax3 rx43 \n ax4" } },
  { "internal", "read-atomic", "repeatable-read",
    "rx1 ax2 rx1 \n ax1", { "rx1 ax2 rx12 \n ax1", "ax2 rx12 \n ax1" } },
  { "internal", "read-atomic", "repeatable-read",
    "ax1 rx_ \n ry1 \n ay1", { "ax1 rx1 \n ry1 \n ay1" } },
  { "future-read", "read-committed", "read-uncommitted",
    "rx1 ax1 \n ry1 \n ay1", { "ax1 rx1 \n ry1 \n ay1" } },
  { "lost-update", "cursor-stability", "monotonic-atomic-view",
    "ax1 \n rx1 ax2 \n rx1 ax3",
    { "ax1 \n rx1 ax2 \n rx12 ax3", "ax1 \n rx1 ax2 ax3 \n rx123", "ax1 \n rx1 ax2 \n ax3 rx13" } },
  { "G-single", "consistent-view", "read-committed",
    "ax1 ay1 \n ax2 ry_ \n rx12",
    { "ax1 ay1 \n ax2 ry1 \n rx12", "ax1 ay1 \n ax2 ry_ \n rx21" } },
  { "G-single", "consistent-view", "read-committed", -- what nobody read came after what was read
    "ax1 \n rx1 ry1 \n ax2 ay1", { "ax1 \n rx12 ry1 \n ax2 ay1", "ax1 \n rx1 ry_ \n ax2 ay1" } },
  { "G-nonadjacent", "snapshot-isolation", "consistent-view",
    "ax1 \n rx1 ry_ \n ay1 \n ry1 rx_", { "ax1 \n rx1 ry1 \n ay1 \n ry1 rx_" } },
  { "G2-item", "repeatable-read", "snapshot-isolation",
    "rx_ ay1 \n ry_ ax1", { "rx_ ay1 \n ry1 ax1" } },
  { "G2-item", "serializable", "snapshot-isolation", -- by what nobody read
    "ax1 ay1 \n rx1 ay2 \n ry1 ax2 \n rx1 ry1", { "ax1 ay1 \n rx1 ay2 \n ry12 ax2 \n rx1 ry1" } },
  { "dirty-update G1a", "read-committed", "read-uncommitted",
    "ax1 | fail \n ax2 | info \n ax3 \n rx123",
    { "ax1 | info \n ax2 | info \n ax3 \n rx123" } },
  { "non-monotonic-view", "monotonic-atomic-view", "read-committed",
    "ax1 ay1 \n rx1 ry_", { "ax1 ay1 \n ry_ rx1" } },
  { "fractured-read", "read-atomic", "monotonic-atomic-view",
    "ax1 ay2 \n ay1 \n ry1 rx1 \n ry12", { "ax1 ay1 \n ay2 \n ry1 rx1 \n ry12" } },
  { "G-causal", "causal", "read-atomic",
    "ax1 \n rx1 ay1 \n ry1 rx_", { "ax1 \n rx1 ay1 \n ry1 rx1" } },
  { "G-single-process", "strong-session-snapshot-isolation", "serializable",
    "ax1 | 1-2 p0 \n ax2 | 3-4 p1 \n rx1 | 5-6 p1 \n rx12 | 7-8 p2",
    { "ax1 | 1-2 p0 \n ax2 | 3-4 p1 \n rx1 | 5-6 p3 \n rx12 | 7-8 p2" } },
  { "G-single-realtime", "strict-serializable", "strong-session-serializable",
    "ax1 | 1-2 p0 \n ax2 | 3-4 p1 \n rx1 | 5-6 p2 \n rx12 | 7-8 p3",
    { "ax1 | 1-2 p0 \n ax2 | 3-5 p1 \n rx1 | 4-6 p2 \n rx12 | 7-8 p3" } },
}

local function lines_of(text)
  return (text:gsub("\n%s*", "; "))
end

local function describe_cases(kind, cases)
  describe("over " .. kind, function()
    for _, case in ipairs(cases) do
      local anomaly, model, weaker, text, near_misses = table.unpack(case)
      it(("%s in %s"):format(anomaly, lines_of(text)), function()
        local result = txns.check(kind, text, model)
        local found = table.move(result["anomaly-types"], 1, #result["anomaly-types"], 1, {})
        table.sort(found, function(a, b) return a:lower() < b:lower() end)
        assert.equal(anomaly, table.concat(found, " "))
        assert.is_false(result["valid?"])
        if weaker then
          assert.equal("", txns.found(kind, text, weaker))
        end
      end)
      for _, near_miss in ipairs(near_misses) do
        it(("no %s in %s"):format(anomaly, lines_of(near_miss)), function()
          local result = txns.check(kind, near_miss, model)
          for _, found in ipairs(result["anomaly-types"]) do
            assert.equal("empty-transaction-graph", found)
          end
        end)
      end
    end
  end)
end

describe_cases("registers", registers)
describe_cases("lists", lists)
