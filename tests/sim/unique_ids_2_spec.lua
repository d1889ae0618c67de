-- Challenge 2: unique ids, in each of their forms.

local bench = dofile("tests/sim/bench.lua")

local KINDS = { flake = "integer", counter = "string", uuid7 = "string" }

describe("unique_ids_2", function()
  for kind, lua_type in pairs(KINDS) do
    describe("as " .. kind, function()
      local script = "challenges/unique_ids_2.lua " .. kind

      it("hands out ids that differ, at once, without any message between nodes", function()
        local run = bench.valid(script,
          "--node-count 9 --rate 1000 --time-limit 10 --availability total")
        assert.near(10000, #run.history, 200)
        assert.equal(0, run.results.net.servers["msg-count"])
        for _, op in ipairs(run.history) do
          assert.equal(lua_type, math.type(op.result) or type(op.result))
        end
      end)

      it("stays available in partitions", function()
        bench.valid(script, "--node-count 3 --rate 200 --time-limit 20 --availability total "
          .. "--nemesis partition --nemesis-interval 2")
      end)

      it("hands out other ids after a restart, and where clocks are wrong", function()
        for seed = 1, 5 do
          bench.valid(script, "--node-count 5 --rate 200 --time-limit 20 --nemesis-interval 2 "
            .. "--nemesis kill --seed " .. seed)
          bench.valid(script, "--node-count 5 --rate 200 --time-limit 20 --nemesis-interval 2 "
            .. "--nemesis pause,skew --seed " .. seed)
        end
      end)
    end)
  end

  it("hands out flakes unless it is told otherwise", function()
    local run = bench.valid("challenges/unique_ids_2.lua", "--time-limit 1 --rate 50")
    for _, op in ipairs(run.history) do
      assert.equal("integer", math.type(op.result))
    end
  end)

  it("does not load with another kind", function()
    local ok, message = pcall(bench.run, "challenges/unique_ids_2.lua ulid")
    assert.is_false(ok)
    assert.matches("expected flake, counter or uuid7, not ulid", message)
  end)
end)
