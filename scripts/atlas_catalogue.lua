-- What `make atlas` runs: for each challenge the options, the scripts that solve it, the best or
-- usual first, and what others have published.
--
-- A challenge is
--
--   - name, title
--   - options: those of ./sim test; `strict` ones hold only while calm or partitioned, since
--     nobody is always available when nodes stand still
--   - unit: what the two latencies of its table are
--   - rows: {label, script and its arguments}; an edit {from, to} changes one line of the script,
--     as a person would who tries another policy
--   - published: {technique, who, messages between nodes per operation, median ms, most ms}:
--     one run each under Maelstrom itself, on two cores

local BROADCAST = "-w broadcast --node-count 25 --rate 100 --time-limit 20 --latency 100"
local KAFKA = "-w kafka --concurrency 2n --rate 1000 --time-limit 20"
local TXN = "-w txn-rw-register --concurrency 2n --rate 1000 --time-limit 20 --converge"

local HUB = "challenges/broadcast_3d.lua"
local DIRECT = { "policies%.hub", "policies.direct" }

return {
  {
    name = "2", title = "unique ids", unit = "answer",
    options = "-w unique-ids --node-count 3 --rate 1000 --time-limit 10",
    strict = "--availability total",
    rows = {
      { "flake", "challenges/unique_ids_2.lua" },
      { "snowflake", "challenges/variants/ids_snowflake.lua" },
      { "UUIDv7", "challenges/variants/ids_uuid7.lua" },
      { "node and counter", "challenges/variants/ids_counter.lua" },
    },
  },
  {
    name = "3d and 3e", title = "broadcast", unit = "stable everywhere", options = BROADCAST,
    rows = {
      { "3d: direct", HUB, edit = DIRECT },
      { "direct, window 0.033 s", HUB .. " window=0.033", edit = DIRECT },
      { "direct, window 0.1 s", HUB .. " window=0.1", edit = DIRECT },
      { "hub rounds, 0.1 s", HUB .. " window=0.1" },
      { "hub rounds, 0.2 s", HUB .. " window=0.2" },
      { "3d: hub rounds, 0.3 s", HUB },
      { "hub rounds, 0.5 s", HUB .. " window=0.5" },
      { "hub rounds, 0.8 s", HUB .. " window=0.8" },
      { "hub rounds, 1.3 s", HUB .. " window=1.3" },
      { "3e: hub rounds, 1.5 s", "challenges/broadcast_3e.lua" },
      { "3c: push on the grid", "challenges/broadcast_3c.lua" },
      { "3b: flooding on the grid", "challenges/broadcast_3b.lua" },
      { "flooding on a grid of its own", "challenges/variants/broadcast_flood_grid.lua" },
      { "tree4, retry queue, breakers", "challenges/variants/broadcast_tree4_queue.lua" },
      { "star, retry per value", "challenges/variants/broadcast_star_retry.lua" },
      { "star, buffered", "challenges/variants/broadcast_star_buffered.lua" },
      { "direct, backup, exchange", "challenges/variants/broadcast_direct_backup.lua" },
      { "jittered batches", "challenges/variants/broadcast_jittered.lua" },
      { "plumtree", "challenges/variants/broadcast_plumtree.lua" },
      { "anti-entropy", "challenges/variants/broadcast_anti_entropy.lua" },
      { "push-pull", "challenges/variants/broadcast_push_pull.lua" },
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
    rows = {
      { "state merged in batches", "challenges/g_counter_4.lua" },
      { "one key, cas, cache, barrier", "challenges/variants/counter_cas_key.lua" },
      { "a key per node, gossip of sums", "challenges/variants/counter_key_per_node.lua" },
      { "log of deltas with ids", "challenges/variants/counter_delta_log.lua" },
    },
    published = {
      { "own total pushed per add, no kv", "fersilva16", 0.68 },
      { "own seq-kv key, 500 ms gossip", "dstdfx", 1.47 },
      { "kv on the request path", "best of four others", 4.95 },
    },
  },
  {
    name = "5b and 5c", title = "kafka-style log", unit = "lag",
    options = KAFKA .. " --node-count 2",
    rows = {
      { "5c: sparse offsets, watermark", "challenges/kafka_5c.lua" },
      { "5c with acks=all", "challenges/kafka_5c.lua acks=all" },
      { "5b: lin-kv and seq-kv, batches", "challenges/kafka_5b.lua" },
      { "lin-kv offset, seq-kv entries",
        "challenges/variants/kafka_offsets_lin_entries_seq.lua" },
      { "whole log in one key, cas", "challenges/variants/kafka_one_key_cas.lua" },
      { "tail pointer", "challenges/variants/kafka_tail_pointer.lua" },
      { "lingering batches", "challenges/variants/kafka_linger.lua" },
      { "hash leader, forwarding", "challenges/variants/kafka_hash_leader.lua" },
    },
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
    options = TXN .. " --node-count 2 --consistency-models read-committed",
    strict = "--availability total",
    rows = {
      { "6c: units in batches, causal", "challenges/txn_6c.lua" },
      { "6b: units in batches", "challenges/txn_6b.lua" },
      { "last writer wins, rpc each", "challenges/variants/txn_last_writer_wins.lua" },
      { "gossiped snapshots", "challenges/variants/txn_gossiped_snapshots.lua" },
    },
    published = {
      { "full state every 500 ms (dies on longer runs)", "nikolai", 0.0045 },
      { "one replicate rpc per transaction", "fersilva16", 1.51 },
      { "one replicate rpc per transaction", "teivah", 2.65 },
    },
  },
}
