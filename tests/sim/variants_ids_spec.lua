-- The other ways to hand out ids do what their headers say, and break where they say so.
local bench = dofile("tests/sim/bench.lua")

local KINDS = { uuid7 = "string", counter = "string", snowflake = "integer" }

local function script(kind)
  return "challenges/variants/ids_" .. kind .. ".lua"
end

describe("the variants of unique ids", function()
  for kind, lua_type in pairs(KINDS) do
    it(kind .. " hands out ids that differ, at once, without any message between nodes", function()
      local run = bench.valid(script(kind),
        "--node-count 3 --rate 500 --time-limit 10 --availability total --nemesis partition")
      assert.equal(0, run.results.net.servers["msg-count"])
      for _, op in ipairs(run.history) do
        assert.equal(lua_type, math.type(op.result) or type(op.result))
      end
    end)

    it(kind .. " hands out other ids after a restart", function()
      for seed = 1, 3 do
        bench.valid(script(kind), "--node-count 3 --rate 200 --time-limit 20 --nemesis kill "
          .. "--nemesis-interval 2 --seed " .. seed)
      end
    end)
  end

  it("uuid7 and counter do so where clocks jump, too", function()
    for seed = 1, 3 do
      for _, kind in ipairs({ "uuid7", "counter" }) do
        bench.valid(script(kind), "--node-count 3 --rate 200 --time-limit 20 --nemesis kill,skew "
          .. "--nemesis-interval 2 --seed " .. seed)
      end
    end
  end)

  it("those with time in front sort by it, at each node", function()
    for _, kind in ipairs({ "uuid7", "snowflake" }) do
      local last = {}
      for _, op in ipairs(bench.valid(script(kind), "--rate 100 --time-limit 5").history) do
        assert(not last[op.node] or last[op.node] < op.result)
        last[op.node] = op.result
      end
    end
  end)

  it("a counter without a random part for each start repeats itself after a restart", function()
    for seed = 1, 3 do
      local run = bench.run(script("counter") .. " plain",
        "--node-count 3 --rate 200 --time-limit 20 --nemesis kill --nemesis-interval 2 --seed "
        .. seed)
      assert.is_false(run.results["valid?"])
      bench.valid(script("counter") .. " plain", "--node-count 3 --rate 200 --time-limit 5")
    end
  end)
end)
