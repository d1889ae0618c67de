-- What `make atlas` runs: for each challenge the scripts that solve it, the best or usual first.
--
-- An entry is
--
--   - name of the challenge, of which sim.challenges has the title, the options, and what others
--     have published
--   - strict: options that hold only while calm or partitioned, since nobody is always available
--     when nodes stand still
--   - rows: {label, script and its arguments}; an edit {from, to} changes one line of the script,
--     as a person would who tries another policy

local challenges = require "sim.challenges"

local HUB = "challenges/broadcast_3d.lua"
local LIN_KV = "challenges/lin_kv.lua"
local DIRECT = { "policies%.hub", "policies.direct" }

local catalogue = {
  {
    name = "2",
    strict = "--availability total",
    rows = {
      { "flake", "challenges/unique_ids_2.lua" },
      { "snowflake", "challenges/variants/ids_snowflake.lua" },
      { "UUIDv7", "challenges/variants/ids_uuid7.lua" },
      { "node and counter", "challenges/variants/ids_counter.lua" },
    },
  },
  {
    name = "3d and 3e",
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
  },
  {
    name = "4",
    rows = {
      { "state merged in batches", "challenges/g_counter_4.lua" },
      { "one key, cas, cache, barrier", "challenges/variants/counter_cas_key.lua" },
      { "a key per node, gossip of sums", "challenges/variants/counter_key_per_node.lua" },
      { "log of deltas with ids", "challenges/variants/counter_delta_log.lua" },
    },
  },
  {
    name = "5b and 5c",
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
  },
  {
    name = "6b and 6c",
    strict = "--availability total",
    rows = {
      { "6c: units in batches, causal", "challenges/txn_6c.lua" },
      { "6b: units in batches", "challenges/txn_6b.lua" },
      { "last writer wins, rpc each", "challenges/variants/txn_last_writer_wins.lua" },
      { "gossiped snapshots", "challenges/variants/txn_gossiped_snapshots.lua" },
    },
  },
  {
    name = "lin-kv",
    rows = {
      { "Raft, rounds of 0.01 s", LIN_KV .. " window=0.01" },
      { "Raft, rounds of 0.03 s", LIN_KV },
      { "Raft, rounds of 0.05 s", LIN_KV .. " window=0.05" },
      { "Raft, rounds of 0.1 s", LIN_KV .. " window=0.1" },
      { "Raft, 0.03 s, on disk", LIN_KV .. " durable=true" },
      { "the service lin-kv", "challenges/variants/lin_kv_service.lua" },
    },
  },
  {
    name = "list-append",
    rows = {
      { "Raft", "challenges/txn_list_append.lua" },
      { "Raft, on disk", "challenges/txn_list_append.lua durable=true" },
      { "root pointer in lin-kv", "challenges/variants/txn_root_pointer.lua" },
    },
  },
  {
    name = "g-set",
    strict = "--availability total",
    rows = {
      { "state merged, 0.2 s", "challenges/g_set.lua window=0.2" },
      { "state merged, 1 s", "challenges/g_set.lua" },
    },
  },
  {
    name = "pn-counter",
    strict = "--availability total",
    rows = {
      { "state merged, 0.2 s", "challenges/pn_counter.lua window=0.2" },
      { "state merged, 1 s", "challenges/pn_counter.lua" },
    },
  },
}

for _, entry in ipairs(catalogue) do
  setmetatable(entry, { __index = challenges[entry.name] })
end

return catalogue
