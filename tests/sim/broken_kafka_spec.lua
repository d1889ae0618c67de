-- Kafka nodes that are wrong, each in its way, and what the bench finds; and some that are right.

local bench = dofile("tests/sim/bench.lua")

local SEEDS = 20

local ONE = "--node-count 1 --rate 200 --time-limit 5 --concurrency 4"
local TWO = "--node-count 2 --rate 300 --time-limit 5 --concurrency 2n --latency 10 "
  .. "--latency-dist exponential"

-- One node on its disk, which is killed again and again; a sync takes so long that kills meet it.
local KILLED = "--node-count 1 --rate 300 --time-limit 30 --concurrency 10 --nemesis kill "
  .. "--nemesis-interval 3 --sync-time 20"

local function judge(script, options, seed)
  return bench.run(script, ("-w kafka %s --seed %d"):format(options, seed)).results
end

-- A script, its options and the kinds of errors that are to be found, all of them in one run or
-- some here and some there.
local broken = {
  { "two_steps", TWO, "int-poll-skip poll-skip" },
  { "no_watermark", TWO, "int-poll-skip poll-skip" },
  { "apart", TWO, "inconsistent-offsets" },
  { "seeded_hash", TWO, "inconsistent-offsets" },
  { "cas_zero", TWO, "inconsistent-offsets lost-write unseen" },
  { "retries", TWO, "duplicate" },
  { "fire_and_forget", "--node-count 2 --rate 500 --time-limit 5 --concurrency 10 --latency 20 "
    .. "--nemesis partition --nemesis-interval 0.5", "lost-write unseen" },
  { "newest_first", ONE, "int-nonmonotonic-poll" },
  { "from_start", ONE, "nonmonotonic-poll" },
  { "tail_hidden", ONE, "unseen" },
  { "page_gap", ONE, "lost-write poll-skip unseen" },
  { "refuses", ONE, "G1a" },
  { "blocks", ONE, "nonmonotonic-send" },
  { "guesses", ONE, "G1c-process G1c-realtime never-sent" },
  { "commits_back", TWO, "committed-backwards" },
  { "commits_end", ONE, "committed-above" },
  { "acks_before_sync", KILLED, "inconsistent-offsets lost-write unseen" },
}

describe("the bench finds what is wrong with", function()
  for _, case in ipairs(broken) do
    local name, options, kinds = table.unpack(case)
    it("kafka_" .. name, function()
      local missing = {}
      for kind in kinds:gmatch("%S+") do
        missing[kind] = true
      end
      for seed = 1, SEEDS do
        local results = judge("tests/sim/broken/kafka_" .. name .. ".lua", options, seed)
        for _, kind in ipairs(results.workload["error-types"]) do
          assert.is_false(results["valid?"])
          missing[kind] = nil
        end
        if not next(missing) then
          return
        end
      end
      assert.same({}, missing)
    end)
  end
end)

describe("the bench finds nothing wrong with", function()
  for script, options in pairs {
    ["challenges/kafka_5a.lua"] = "--node-count 1 --rate 1000 --time-limit 2 --concurrency 4",
    ["challenges/variants/kafka_tail_pointer.lua"] = "--node-count 2 --rate 1000 --time-limit 1 "
      .. "--concurrency 2n --latency 1 --latency-dist exponential",
    ["challenges/kafka_5a.lua durable=true"] = KILLED,
  } do
    it(script, function()
      for seed = 1, SEEDS do
        local results = judge(script, options, seed)
        assert.same({}, setmetatable(results.workload["error-types"], nil), "seed " .. seed)
        assert.is_true(results["valid?"], "seed " .. seed)
      end
    end)
  end
end)
