-- Challenge 6a: transactions on a single node.

local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local testing = require "hearsay.testing"

local SCRIPT = "challenges/txn_6a.lua"

describe("transactions on a single node (6a)", function()
  for _, workload in ipairs({ "txn-rw-register", "txn-list-append" }) do
    it("are strict-serializable as " .. workload, function()
      for seed = 1, 5 do
        local run = bench.valid(SCRIPT, ("-w %s --node-count 1 --concurrency 8 --rate 1000 "
          .. "--time-limit 5 --availability total --seed %d"):format(workload, seed))
        assert(run.results.workload["ok-count"] > 4000)
        assert.equal(0, run.results.net.servers["msg-count"])
      end
    end)
  end

  it("are refused as a whole, before anything is written", function()
    local nodes = testing.start(SCRIPT)
    local function ask(text)
      return nodes:ask("n0", { type = "txn", txn = json.decode(text) })
    end
    assert.equal('[["w",1,5],["r",1,5]]', json.encode(ask('[["w",1,5],["r",1,null]]').txn))
    for text, expected in pairs({
      ['[["w",1,6],["x",1,2]]'] = "operation 2: expected ",
      ['[["w",1,6],["r",1]]'] = "operation 2: expected ",
      ['[["w",1,6],["w",1.5,2]]'] = "operation 2: expected a key",
      ["7"] = 'expected "txn" to be of type array',
    }) do
      local reply, err = ask(text)
      assert.is_nil(reply)
      assert.equal(12, err.code)
      assert.matches(expected, err.text, 1, true)
    end
    local _, err = nodes:ask("n0", { type = "txn" })
    assert.equal('txn: expected a field "txn" (array)', err.text)
    _, err = ask('[["w",1,6],["append",1,2]]')
    assert.equal(22, err.code)
    assert.equal('[["r",1,5]]', json.encode(ask('[["r",1,null]]').txn))
  end)
end)
