--- What the challenges ask for, and what others have published: one table for the atlas, the
-- report of a run and the page of a comparison.
--
-- A challenge is
--
--   - name, title
--   - options: the conditions, as options of ./sim test
--   - unit: what the two latencies of its table are
--   - limits: what counts as solved where the challenge says so: `{name, servers, median, most}`,
--     messages between nodes per operation and milliseconds, each to stay below; in a calm network
--   - published: `{technique, who, servers, median, most}`: one run each under Maelstrom itself,
--     on two cores
-- @module sim.challenges

local options = require "sim.options"

local challenges = {}

--- The list of them, in the order of the challenges.
challenges.list = {
  {
    name = "2", title = "unique ids", unit = "answer",
    options = "-w unique-ids --node-count 3 --rate 1000 --time-limit 10",
  },
  {
    name = "3d and 3e", title = "broadcast", unit = "stable everywhere",
    options = "-w broadcast --node-count 25 --rate 100 --time-limit 20 --latency 100",
    limits = {
      { name = "3d", servers = 30, median = 400, most = 600 },
      { name = "3e", servers = 20, median = 1000, most = 2000 },
    },
    published = {
      { "everyone to everyone, no acknowledgements", "fersilva16", 11.88, 77, 135 },
      { "everyone to everyone, backup", "A (Go)", 14.7, 78, 102 },
      { "star, acknowledgement per value", "teivah", 24.4, 176, 209 },
      { "star, growing time-outs", "B (Go)", 22, 170, 220 },
      { "star, batches both ways", "C (Go)", 22.8, 177, 237 },
      { "star, 100 ms ticks, acknowledged by rpc", "maszlasz", 5.86, 198, 354 },
      { "buffer per node, flushed by a timer", "B (Go)", 8.5, 250, 390 },
      { "tree4, retry queue", "D (Rust)", 24.1, 365, 516 },
      { "star, leaf 100 ms, hub 500 ms", "DnMllr", 4.51, 277, 628 },
      { "star, unsynchronised 300 ms ticks", "virajac0", 2.48, 419, 702 },
      { "star, batches both ways", "C (Go)", 2.80, 269, 757 },
      { "star, 500 ms batches, acknowledgements", "teivah", 1.74, 746, 1078 },
      { "mesh, 1.5 s, full set", "fersilva16", 4.17, 793, 1572 },
    },
  },
  {
    name = "4", title = "grow-only counter", unit = "answer",
    options = "-w g-counter --node-count 3 --rate 100 --time-limit 20",
    published = {
      { "own total pushed per add, no kv", "fersilva16", 0.68 },
      { "own seq-kv key, 500 ms gossip", "dstdfx", 1.47 },
      { "kv on the request path", "best of four others", 4.95 },
    },
  },
  {
    name = "5b and 5c", title = "kafka-style log", unit = "lag",
    options = "-w kafka --concurrency 2n --rate 1000 --time-limit 20 --node-count 2",
    published = {
      { "5c: leader, pushed replicas, local polls (has a race)", "fersilva16", 0.76, nil, 1130 },
      { "5c: hash owner in memory, forwarding", "nikolai", 1.27, nil, 0 },
      { "5c: leaders; whole log in lin-kv", "best of four others", 1.78 },
      { "5b: whole log as one lin-kv value", "C (Go)", 4.73 },
      { "5b: lin-kv offsets, seq-kv entries", "A (Go)", 12.7 },
    },
  },
  {
    name = "6b and 6c", title = "transactions", unit = "answer",
    options = "-w txn-rw-register --concurrency 2n --rate 1000 --time-limit 20 --converge "
      .. "--node-count 2 --consistency-models read-committed",
    published = {
      { "full state every 500 ms (dies on longer runs)", "nikolai", 0.0045 },
      { "one replicate rpc per transaction", "fersilva16", 1.51 },
      { "one replicate rpc per transaction", "teivah", 2.65 },
    },
  },
  {
    name = "lin-kv", title = "linearizable registers", unit = "answer",
    options = "-w lin-kv --node-count 5 --concurrency 10 --rate 100 --time-limit 20 --latency 10",
  },
  {
    name = "list-append", title = "transactions over lists", unit = "answer",
    options = "-w txn-list-append --node-count 5 --concurrency 10 --rate 100 --time-limit 20 "
      .. "--latency 10",
  },
  {
    name = "g-set", title = "grow-only set", unit = "stable everywhere",
    options = "-w g-set --node-count 5 --rate 100 --time-limit 20 --latency 10",
  },
  {
    name = "pn-counter", title = "up-down counter", unit = "answer",
    options = "-w pn-counter --node-count 5 --rate 100 --time-limit 20 --latency 10",
  },
}

for _, challenge in ipairs(challenges.list) do
  challenges[challenge.name] = challenge
end

-- What has to be the same for figures to be comparable. What a run finds in a minute it finds in
-- twenty seconds, so the time limit is none of it.
local CONDITIONS = { "node_count", "concurrency", "rate", "latency", "latency_dist" }

--- The challenge whose conditions a run has.
-- @tparam string workload
-- @tparam table opts see sim.options
-- @treturn table of the list above, or nil
function challenges.find(workload, opts)
  for _, challenge in ipairs(challenges.list) do
    local words = { "--bin", "./node" }
    for word in challenge.options:gmatch("%S+") do
      words[#words + 1] = word
    end
    local asked = assert(options.parse(words))
    local is_same = asked.workload == workload
    for _, key in ipairs(CONDITIONS) do
      is_same = is_same and asked[key] == opts[key]
    end
    if is_same then
      return challenge
    end
  end
end

return challenges
