-- sim.workloads: those of transactions.

local json = require "hearsay.json"
local randoms = require "hearsay.random"
local workloads = require "sim.workloads"

local OPTS = { max_txn_length = 4, max_writes_per_key = 16 }

local function generate(name, count, opts)
  local next_operation = workloads.get(name).generator(opts or OPTS, randoms.stream(1, "workload"))
  local list = {}
  for i = 1, count do
    local f
    f, list[i] = next_operation({ index = 0, process = { id = 0 } })
    assert.equal("txn", f)
  end
  return list
end

for name, write in pairs({ ["txn-rw-register"] = "w", ["txn-list-append"] = "append" }) do
  describe(name, function()
    it("sends transactions of all lengths, half reads and half writes", function()
      local lengths, kinds = {}, { r = 0, [write] = 0 }
      for _, txn in ipairs(generate(name, 4000)) do
        lengths[#txn] = (lengths[#txn] or 0) + 1
        for _, op in ipairs(txn) do
          kinds[op[1]] = kinds[op[1]] + 1
          assert.equal(op[1] == "r", op[3] == json.null)
          assert.equal(3, #op)
        end
      end
      assert.equal(4, #lengths)
      for length = 1, 4 do
        assert.is_true(math.abs(lengths[length] - 1000) < 120, length .. ": " .. lengths[length])
      end
      assert.is_true(math.abs(kinds.r - kinds[write]) < 500)
    end)

    it("writes each value to a key once, at most as often as is asked for", function()
      local written = {}
      for _, txn in ipairs(generate(name, 2000, { max_txn_length = 9, max_writes_per_key = 5 })) do
        assert.is_true(#txn <= 9)
        for _, op in ipairs(txn) do
          if op[1] == write then
            assert.equal((written[op[2]] or 0) + 1, op[3])
            written[op[2]] = op[3]
            assert.is_true(op[3] <= 5)
          end
        end
      end
      assert.is_true(#written > 500)
    end)

    it("asks with the type txn, and takes the reads of the reply", function()
      local workload = workloads.get(name)
      local op = { f = "txn", value = { { write, 1, 2 }, { "r", 7, json.null } } }
      assert.equal('{"txn":[["' .. write .. '",1,2],["r",7,null]],"type":"txn"}',
        (require("sim.checkers.value").text(workload.request(op))))
      local shown = name == "txn-list-append" and "[3,4]" or "3"
      local reply = json.decode('{"type":"txn_ok","txn":[["' .. write .. '",1,2],["r",7,' .. shown
        .. "]]}")
      assert.equal(reply.txn, (workload.result(op, reply)))
      reply = json.decode('{"type":"txn_ok","txn":[["' .. write .. '",1,2],["r",7,null]]}')
      assert.equal(json.null, workload.result(op, reply)[2][3])
    end)

    it("says what is wrong with a reply", function()
      local workload = workloads.get(name)
      local op = { f = "txn", value = { { write, 1, 2 }, { "r", "k", json.null } } }
      local whole = '{"type": "txn_ok", "txn": [..]} with 2 operations'
      local first = ('["%s",1,2] as operation 1, not '):format(write)
      local second = '["r", "k", what was read] as operation 2, not '
      for text, expected in pairs({
        ['{"type":"ok","txn":[]}'] = whole,
        ['{"type":"txn_ok"}'] = whole,
        ['{"type":"txn_ok","txn":{}}'] = whole,
        ['{"type":"txn_ok","txn":[["W",1,2]]}'] = whole,
        ['{"type":"txn_ok","txn":[["W",1,3],["r","k",null]]}'] = first .. '["W",1,3]',
        ['{"type":"txn_ok","txn":[["W",2,2],["r","k",null]]}'] = first .. '["W",2,2]',
        ['{"type":"txn_ok","txn":[["W",1],["r","k",null]]}'] = first .. '["W",1]',
        ['{"type":"txn_ok","txn":[["r",1,2],["r","k",null]]}'] = first .. '["r",1,2]',
        ['{"type":"txn_ok","txn":[5,["r","k",null]]}'] = first .. "5",
        ['{"type":"txn_ok","txn":[["W",1,2],["r","x",null]]}'] = second .. '["r","x",null]',
        ['{"type":"txn_ok","txn":[["W",1,2],["r","k",null,1]]}'] = second .. '["r","k",null,1]',
      }) do
        local reply = json.decode((text:gsub("W", write)))
        local result, message = workload.result(op, reply)
        assert.is_nil(result)
        assert.equal((expected:gsub("W", write)), message)
      end
    end)
  end)
end

describe("txn-list-append", function()
  it("reads lists, or nothing", function()
    local workload = workloads.get("txn-list-append")
    local op = { f = "txn", value = { { "r", 1, json.null } } }
    assert.is_nil((workload.result(op, json.decode('{"type":"txn_ok","txn":[["r",1,5]]}'))))
    assert.is_table((workload.result(op, json.decode('{"type":"txn_ok","txn":[["r",1,[]]]}'))))
  end)
end)

describe("the workload of a script that handles txn", function()
  it("has to be said", function()
    local name, message = workloads.infer({ "txn" })
    assert.is_nil(name)
    assert.equal("what the script handles (txn) fits several workloads: say with -w which of "
      .. "txn-rw-register, txn-list-append", message)
  end)
end)
