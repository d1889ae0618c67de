-- Broadcast for every latency that published solutions reached, with fewer messages than they
-- needed. The hub's window is the only parameter; where two hops are too slow, direct sending's is.
--
-- The figures are those of Maelstrom for 25 nodes, 100 operations a second, 100 ms, 20 s: server
-- messages per operation, and the longest stable latency.
local bench = dofile("tests/sim/bench.lua")

local SEEDS = 3

-- Theirs: messages and longest latency in milliseconds; ours: the policy and its window in seconds.
local POINTS = {
  { 14.7, 102, "direct", 0 },
  { 13.7, 133, "direct", 0.033 },
  { 11.88, 135, "direct", 0.033 },
  { 24.4, 209, "direct", 0.1 },
  { 22, 220, "hub", 0.1 },
  { 22.8, 237, "hub", 0.1 },
  { 5.86, 354, "hub", 0.2 },
  { 8.5, 390, "hub", 0.2 },
  { 24.1, 516, "hub", 0.3 },
  { 4.51, 628, "hub", 0.5 },
  { 2.48, 702, "hub", 0.5 },
  { 2.80, 757, "hub", 0.5 },
  { 1.74, 1078, "hub", 0.8 },
  { 4.17, 1572, "hub", 1.3 },
  { 48.3, 2324, "hub", 2 },
}

describe("broadcast", function()
  for _, point in ipairs(POINTS) do
    local theirs, longest, policy, window = table.unpack(point)
    local name = ("within %d ms needs less than %g messages an operation, by %s, window %g s")
      :format(longest, theirs, policy, window)
    it(name, function()
      local sum = 0
      for seed = 1, SEEDS do
        local run = bench.edited("challenges/broadcast_3d.lua", "local policy = ",
          ("local policy = { policy = %q, window = %g }"):format(policy, window),
          "--node-count 25 --rate 100 --time-limit 20 --latency 100 --seed " .. seed)
        local messages, _, most = bench.figures(run)
        bench.at_most(longest, most, "the most", run)
        sum = sum + messages
      end
      assert(sum / SEEDS < theirs, sum / SEEDS)
    end)
  end

  it("sent directly costs at most 24.5 messages a value within 110 ms, repair included", function()
    for seed = 1, 5 do
      local run = bench.edited("challenges/broadcast_3d.lua", "local policy = ",
        "local policy = policies.direct",
        "--node-count 25 --rate 100 --time-limit 20 --latency 100 --seed " .. seed)
      local _, _, most = bench.figures(run)
      bench.at_most(24.5, run.results.net.servers["msg-count"] / bench.count(run, "broadcast"),
        "messages per broadcast", run)
      bench.at_most(110, most, "the most", run)
    end
  end)
end)
