-- Runs that are read back from their files, whatever happened to these.

local json = require "hearsay.json"
local stored = require "sim.stored"
local store = require "sim.store"
local trial = require "sim.trial"

local RUNS = {
  "-w broadcast --bin challenges/broadcast_3b.lua --nemesis partition,pause --nemesis-interval 1",
  "-w echo --bin challenges/echo_1.lua",
  "-w unique-ids --bin challenges/unique_ids_2.lua",
  "-w g-set --bin tests/sim/right/g_set_push.lua --converge",
  "-w g-counter --bin challenges/g_counter_4.lua --converge",
  "-w pn-counter --bin tests/sim/right/counter_push.lua",
  "-w kafka --bin challenges/kafka_5c.lua --concurrency 2n --rate 50 --converge",
  "-w lin-kv --bin tests/sim/right/lin_kv_proxy.lua --concurrency 2n --rate 50 --nemesis loss",
  "-w txn-rw-register --bin challenges/txn_6c.lua --converge --consistency-models causal",
  "-w txn-list-append --bin tests/sim/broken/txn_torn.lua",
}

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function words(text)
  local list = {}
  for word in text:gmatch("%S+") do
    list[#list + 1] = word
  end
  return list
end

describe("stored", function()
  local root
  setup(function()
    local pipe = assert(io.popen("mktemp -d"))
    root = pipe:read("l")
    pipe:close()
  end)
  teardown(function()
    os.execute("rm -rf " .. root)
  end)

  -- Runs a test as ./sim does, and stores it. Returns the folder and what ran.
  local function run(options)
    local opts = assert(trial.options(words(options .. " --nodes n0,n1,n2 --time-limit 3"), "test"))
    local ran = assert(trial.run(opts, function(world) world:journal() end))
    local folder = store.open(root, "x")
    folder:write("results.json", require("sim.results").encode(ran.results))
    folder:write("run.json", stored.encode_meta(ran, opts))
    folder:write_history(ran.history)
    folder:write("messages.jsonl", ran.world:journal())
    return folder.path, ran
  end

  for _, options in ipairs(RUNS) do
    it("has all of a run that was stored, so that it is judged the same: " .. options, function()
      local folder, ran = run(options)
      local back = assert(stored.open(folder))
      assert.equal(ran.workload, back.workload)
      assert.equal(#ran.history, #back.history)
      assert.equal(ran.duration_us, back.duration_us)
      assert.equal(json.encode(ran.faults, true), json.encode(back.faults, true))
      assert.equal(require("sim.results").encode(ran.results),
        require("sim.results").encode((require("sim.check").judge(back))))
    end)
  end

  it("knows the seed of a run that was not the first", function()
    local opts = assert(trial.options(words("--bin challenges/echo_1.lua --time-limit 1 --seed 5"
      .. " --test-count 3 -- x=1"), "test"))
    opts.seed = 7
    local ran = assert(trial.run(opts))
    local meta = assert(stored.meta(stored.encode_meta(ran, opts)))
    local again = assert(require("sim.options").parse(meta.arguments))
    assert.same({ 7, { "x=1" } }, { again.seed, again.args })
  end)

  describe("says what is wrong with", function()
    local META = '{"format":1,"workload":"echo","script":"x.lua","arguments":["--bin","x.lua"],'
      .. '"duration-us":5,"faults":[]}'
    local OP = '{"process":0,"worker":0,"node":"n0","f":"echo","value":"a","invoke_us":1,'
      .. '"invoke_index":1,"complete_us":2,"complete_index":2,"outcome":"ok","result":"a"}\n'

    -- A text in which one place is changed.
    local function change(text, from, to)
      local first, last = text:find(from, 1, true)
      assert(first, from)
      return text:sub(1, first - 1) .. to .. text:sub(last + 1)
    end

    for _, case in ipairs({
      { META, '"format":1', '"format":2', "run.json: format: expected 1, not 2" },
      { META, '"workload":"echo"', '"workload":"ech"',
        "run.json: workload: expected one of echo, " },
      { META, '"faults":[]', '"faults":{}', "run.json: faults: expected an array, not {}" },
      { META, '"faults":[]', '"faults":[3]', "run.json: fault 1: expected an object, not 3" },
      { META, '"faults":[]', '"faults":[{"number":1}]',
        "run.json: fault 1: fault: expected a text, not nothing" },
      { META, '"faults":[]', '"faults":[{"number":1,"fault":"x","text":"x","from-us":0,"to-us":1,'
        .. '"cut":{"n0":[1]}}]', "run.json: fault 1: cut: n0: element 1: expected a text, not 1" },
      { META, '["--bin","x.lua"]', '[1]',
        "run.json: arguments: element 1: expected a text, not 1" },
      { META, '"faults"', '"contents":[{"node":"n0","values":[[]]}],"faults"',
        "run.json: contents 1: value 1: expected an array of name and value, not []" },
      { META, "}", "", "run.json: not JSON: " },
    }) do
      it("run.json: " .. case[4], function()
        assert(stored.meta(META))
        local meta, why = stored.meta(change(case[1], case[2], case[3]))
        assert.is_nil(meta)
        assert.equal(case[4], why:sub(1, #case[4]))
      end)
    end

    for _, case in ipairs({
      { '"process":0', '"process":0.5', "process: expected a whole number, not 0.5" },
      { '"node":"n0",', "", "node: expected a text, not nothing" },
      { '"invoke_us":1', '"invoke_us":-1', "invoke_us: expected a whole number from 0 up, not -1" },
      { '"invoke_index":1', '"invoke_index":0',
        "invoke_index: expected a number above 0, not 0" },
      { '"complete_us":2,', "", "complete_us: expected one, since it has an outcome, not nothing" },
      { '"outcome":"ok",', "",
        "complete_us: expected none, since it has no outcome, not 2" },
      { '"complete_us":2', '"complete_us":0',
        "complete_us and complete_index: expected an end after the beginning, not [0,2]" },
      { '"outcome":"ok"', '"outcome":"OK"', 'outcome: expected ok, fail or info, not "OK"' },
      { ',"result":"a"', "", "result: expected a value, not nothing" },
      { '"f":"echo"', '"f":"ech"', 'f: expected one of echo, not "ech"' },
      { '"f":"echo"', '"f":"echo","f":"echo"', "not JSON: " },
      { "}\n", "}", "cut off: it has no line feed" },
      { '"outcome":"ok"', '"outcome":"fail","error":{"name":"x"}',
        "error: text: expected a text, not nothing" },
    }) do
      it("a line of history.jsonl: " .. case[3], function()
        assert(stored.history(OP, "echo"))
        local history, why = stored.history(change(OP, case[1], case[2]), "echo")
        assert.is_nil(history)
        local expected = "history.jsonl, line 1: " .. case[3]
        assert.equal(expected, why:sub(1, #expected))
      end)
    end

    it("lines that are not in order, by their number", function()
      local second = change(OP, '"invoke_index":1,"complete_us":2,"complete_index":2',
        '"invoke_index":3,"complete_us":2,"complete_index":4')
      assert.equal(2, #assert(stored.history(OP .. second, "echo")))
      local _, why = stored.history(second .. second, "echo")
      assert.equal("history.jsonl, line 2: invoke_index: expected a number above 3, not 3", why)
    end)

    it("places among all events that are missing, or there twice", function()
      local function says(text)
        return select(2, stored.history(text, "echo"))
      end
      assert.equal("history.jsonl: complete_index: expected no number twice, not 3",
        says(change(OP, '"complete_index":2', '"complete_index":3')
          .. change(change(OP, '"invoke_index":1', '"invoke_index":2'),
            '"complete_index":2', '"complete_index":3')))
      assert.equal("history.jsonl: invoke_index and complete_index: expected all numbers from 1 to "
        .. "2, 2 among them, not nothing",
        says(change(OP, '"complete_index":2', '"complete_index":9223372036854775807')))
    end)

    it("values and results that are not of the workload's shape", function()
      local function of(workload, f, value, result)
        local line = change(OP, '"f":"echo","value":"a"', ('"f":"%s"%s'):format(f,
          value and ',"value":' .. value or ""))
        local _, why = stored.history(change(line, '"result":"a"', '"result":' .. result), workload)
        return why and why:match("line 1: (.*)$") or "fits"
      end
      for _, case in ipairs({
        { "broadcast", "read", nil, "[1]", "fits" },
        { "broadcast", "read", nil, "{}", "result: expected an array, not {}" },
        { "broadcast", "broadcast", "1", "false", "result: expected true, not false" },
        { "g-counter", "add", '"1"', "true", 'value: expected a whole number, not "1"' },
        { "g-counter", "read", nil, "1.5", "result: expected a whole number, not 1.5" },
        { "kafka", "send", '{"key":"a","msg":1}', "7", "fits" },
        { "kafka", "send", '{"key":1,"msg":1}', "7",
          'value: expected an object with key, a text, and msg, not {"key":1,"msg":1}' },
        { "kafka", "poll", nil, '{"a":[[1,2]]}', "fits" },
        { "kafka", "poll", nil, '{"a":[[1]]}',
          'result: expected an object of arrays of [offset, message], not {"a":[[1]]}' },
        { "kafka", "assign", '{"keys":["a"]}', '{"a":1}', "fits" },
        { "kafka", "assign", '{"keys":[1]}', "true", "value: expected an object with keys, an "
          .. 'array of texts, and perhaps seek_to_beginning, not {"keys":[1]}' },
        { "lin-kv", "read", '{"key":1}', "null", "fits" },
        { "lin-kv", "cas", '{"key":1,"from":1,"to":2}', "true", "fits" },
        { "lin-kv", "cas", '{"key":1,"from":1}', "true",
          'value: expected an object with key, from and to, not {"from":1,"key":1}' },
        { "txn-rw-register", "txn", '[["r",1,null],["w",1,2]]', '[["r",1,7],["w",1,2]]', "fits" },
        { "txn-rw-register", "txn", '[["r",1,null]]', "[]",
          "result: expected an array of 1, as the value is, not []" },
        { "txn-rw-register", "txn", '[["x",1,null]]', '[["r",1,7]]', 'value: expected an array of '
          .. '["r", key, value or null] and ["w", key, value], not [["x",1,null]]' },
        { "txn-list-append", "txn", '[["r",1,null]]', '[["r",1,7]]', 'result: expected an array of '
          .. '["r", key, array or null] and ["append", key, value], not [["r",1,7]]' },
      }) do
        assert.equal(case[5], of(table.unpack(case, 1, 4)))
      end
    end)

    it("a folder without a run in it", function()
      local _, why = stored.open("/nowhere")
      assert.equal("/nowhere: run.json: No such file or directory; expected the folder of a run, "
        .. "with the files that ./sim help format tells of", why)
    end)

    it("what has been cut or changed anywhere, in one sentence, and never raises", function()
      local random = require("hearsay.random").stream(1, "damage")
      for _, options in ipairs({ RUNS[1], RUNS[7], RUNS[9] }) do
        local folder = run(options)
        local refused = 0
        for _, name in ipairs({ "run.json", "results.json", "history.jsonl" }) do
          local text = read(folder .. "/" .. name)
          for _ = 1, 60 do
            local at = random:upto(#text)
            local damaged = random:unit() < 0.3 and text:sub(1, at - 1)
              or text:sub(1, at - 1) .. string.char(random:upto(255)) .. text:sub(at + 1)
            write(folder .. "/" .. name, damaged)
            local back, why = stored.open(folder)
            if back then
              require("sim.check").judge(back)
            else
              refused = refused + 1
              assert.matches("^[^\n]+$", why)
              assert.matches(name:gsub("%p", "%%%0"), why)
            end
          end
          write(folder .. "/" .. name, text)
        end
        assert(refused > 60, refused)
      end
    end)
  end)
end)
