-- sim.runner: the load on a cluster, and how a run ends.

local json = require "hearsay.json"
local runner = require "sim.runner"
local trial = require "sim.trial"

local BROADCAST = "challenges/broadcast_3d.lua"
local ECHO = "challenges/echo_1.lua"

-- Runs a script, its path or its text, with options as on the command line.
local function run(script, ...)
  local path, temporary = script, nil
  if script:find("\n") then
    temporary = os.tmpname()
    path = temporary .. ".lua"
    local file = assert(io.open(path, "w"))
    file:write('local node = require "hearsay"\nlocal errors = require "hearsay.errors"\n'
      .. 'errors = errors and errors\n' .. script)
    file:close()
  end
  local opts = assert(trial.options({ "--bin", "./node " .. path, ... }, "test"))
  local result, message = runner.run(opts)
  if temporary then
    os.remove(path)
    os.remove(temporary)
  end
  return result, message
end

-- Operations without those of the final phase.
local function main_phase(history)
  local list = {}
  for _, op in ipairs(history) do
    list[#list + 1] = not op.final and op or nil
  end
  return list
end

local function by_worker(history)
  local lists = {}
  for _, op in ipairs(history) do
    lists[op.worker] = lists[op.worker] or {}
    table.insert(lists[op.worker], op)
  end
  return lists
end

describe("the load", function()
  it("comes at uniformly random gaps of 0 to 2 / rate", function()
    local result = run(ECHO, "--rate", "50", "--time-limit", "100", "--concurrency", "20")
    local history = result.history
    assert.near(5000, #history, 150)
    local counts = { 0, 0, 0, 0 } -- of gaps by quarters
    for i = 2, #history do
      local gap = (history[i].invoke_us - history[i - 1].invoke_us) / 1e6
      assert(gap >= 0 and gap <= 2 / 50)
      local quarter = math.min(4, 1 + math.floor(gap * 50 * 2))
      counts[quarter] = counts[quarter] + 1
    end
    for _, count in ipairs(counts) do
      assert.near(#history / 4, count, #history / 20)
    end
  end)

  it("begins at once and ends with the time, but for what is open then", function()
    local result = run([[
      node.on("echo", function(msg)
        node.sleep(0.8)
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]], "--rate", "10", "--time-limit", "7", "--concurrency", "20")
    assert.equal(0, result.history[1].invoke_us)
    local last = result.history[#result.history]
    assert(last.invoke_us > 6.5e6 and last.invoke_us < 7e6)
    assert.equal("ok", last.outcome)
    assert.equal(800000, last.complete_us - last.invoke_us)
    assert.equal(last.complete_us, result.duration_us)
  end)

  it("waits for a free worker: each does one operation at a time", function()
    local result = run([[
      node.on("echo", function(msg)
        node.sleep(0.5)
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]], "--rate", "100", "--time-limit", "20", "--concurrency", "3", "--node-count", "1")
    assert.near(3 * 20 / 0.5, #result.history, 6)
    for _, list in pairs(by_worker(result.history)) do
      for i = 2, #list do
        assert(list[i].invoke_us >= list[i - 1].complete_us)
      end
    end
  end)

  it("is spread over the workers, and worker i asks node i mod n", function()
    local result = run(ECHO, "--node-count", "4", "--concurrency", "10", "--rate", "100",
      "--time-limit", "30")
    local workers = 0
    for worker, list in pairs(by_worker(result.history)) do
      workers = workers + 1
      assert.near(300, #list, 75)
      for _, op in ipairs(list) do
        assert.same({ "n" .. worker % 4, worker }, { op.node, op.process })
      end
    end
    assert.equal(10, workers)
  end)

  it("is nothing at a rate of 0, and the final operations come all the same", function()
    local result = run(BROADCAST, "--rate", "0", "--time-limit", "5")
    assert.equal(5, #result.history)
    for _, op in ipairs(result.history) do
      assert.same({ "read", true, "ok" }, { op.f, op.final, op.outcome })
      assert.equal(15e6, op.invoke_us)
    end
    assert.same({}, run(ECHO, "--rate", "0", "--time-limit", "5").history)
  end)
end)

describe("an operation", function()
  -- Echoes are odd or even by their number; odd ones go wrong in the way that is given.
  local function odd(handling, ...)
    return run(([[
      node.on("echo", function(msg)
        if tonumber(msg.body.echo:match("%%d+")) %% 2 == 1 then
          %s
        end
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]]):format(handling), "--concurrency", "4", "--rate", "20", "--time-limit", "20", ...)
  end
  local function is_odd(op)
    return tonumber(op.value:match("%d+")) % 2 == 1
  end

  it("has its place among all events, and its times", function()
    local result = run(BROADCAST, "--rate", "50", "--time-limit", "5", "--latency", "20")
    local places = {}
    for i, op in ipairs(result.history) do
      assert(i == 1 or op.invoke_index > result.history[i - 1].invoke_index)
      assert(op.complete_index > op.invoke_index and op.complete_us >= op.invoke_us)
      places[op.invoke_index], places[op.complete_index] = op.invoke_us, op.complete_us
    end
    assert.equal(2 * #result.history, #places)
    for i = 2, #places do
      assert(places[i] >= places[i - 1])
    end
  end)

  it("that is answered is ok, with what the reply carried", function()
    local result = run(ECHO, "--rate", "20", "--time-limit", "5")
    for _, op in ipairs(result.history) do
      assert.same({ "ok", op.value }, { op.outcome, op.result })
      assert.is_nil(op.error)
    end
  end)

  it("fails at a definite error, and its worker goes on as the same process", function()
    local result = odd('error(errors.new("temporarily_unavailable", "not now"))')
    for _, op in ipairs(result.history) do
      assert.equal(is_odd(op) and "fail" or "ok", op.outcome)
      assert.equal(op.worker, op.process)
      if is_odd(op) then
        assert.same({ 11, "temporarily_unavailable", "not now" },
          { op.error.code, op.error.name, op.error.text })
        assert.is_nil(op.result)
      end
    end
    assert.same({}, result.problems)
  end)

  it("is info at an error that is not, and its worker a new process and client", function()
    for handling, name in pairs({
      ['error("oops")'] = "crash",
      ['error(errors.new("timeout", "too slow"))'] = "timeout",
      ["return"] = "timeout",
    }) do
      local result = odd(handling)
      local infos = 0
      for worker, list in pairs(by_worker(result.history)) do
        local process = worker
        for _, op in ipairs(list) do
          assert.equal(process, op.process)
          if is_odd(op) then
            assert.same({ "info", name }, { op.outcome, op.error.name })
            process = process + 4
            infos = infos + 1
          end
        end
      end
      assert(infos > 3)
      -- Clients: one for each node's init, one for each worker, one more for each info.
      local clients = 5 + 4 + infos
      local ok = pcall(result.world.close, result.world, "c" .. clients - 1)
      assert.is_true(ok)
      ok = pcall(result.world.close, result.world, "c" .. clients)
      assert.is_false(ok)
    end
  end)

  it("times out after five seconds", function()
    local result = odd("return")
    for _, op in ipairs(result.history) do
      if is_odd(op) then
        assert.equal(5e6, op.complete_us - op.invoke_us)
      end
    end
  end)

  it("that changes nothing fails at any error: a read was surely not done", function()
    local result = run([[
      node.on("topology", function() return { type = "topology_ok" } end)
      node.on("broadcast", function() return { type = "broadcast_ok" } end)
      node.on("read", function(msg)
        if msg.body.msg_id % 2 == 1 then error("oops") end
      end)
    ]], "--rate", "20", "--time-limit", "20", "--concurrency", "4")
    local errors = {}
    for _, op in ipairs(result.history) do
      assert.equal(op.f == "read" and "fail" or "ok", op.outcome)
      assert.equal(op.worker, op.process)
      if op.error then
        errors[op.error.name] = true
      end
    end
    assert.same({ crash = true, timeout = true }, errors)
  end)

  it("with a reply of another form is info, and a problem of the node", function()
    local result = odd('return { type = "ok" }')
    local wrong = 0
    for _, op in ipairs(result.history) do
      if is_odd(op) then
        wrong = wrong + 1
        assert.same({ "info", "malformed_reply" }, { op.outcome, op.error.name })
        assert.same({ node = op.node, time_us = op.complete_us,
          text = 'echo: answered with type ok; expected {"type": "echo_ok", "echo": ..}' },
          result.problems[wrong])
      end
    end
    assert.equal(wrong, #result.problems)
    assert(wrong > 10)
  end)
end)

describe("the end", function()
  it("is ten seconds of quiet, and then a read by each worker", function()
    local result = run(BROADCAST, "--rate", "50", "--time-limit", "10", "--node-count", "3",
      "--concurrency", "7", "--latency", "50")
    local main, final, last_us = main_phase(result.history), {}, 0
    for _, op in ipairs(main) do
      last_us = math.max(last_us, op.complete_us)
    end
    for i = #main + 1, #result.history do
      local op = result.history[i]
      assert.same({ "read", true, "ok" }, { op.f, op.final, op.outcome })
      assert(op.invoke_us >= last_us + 10e6 and op.invoke_us <= 10e6 + 10e6 + 1e6)
      final[op.worker] = (final[op.worker] or 0) + 1
    end
    for worker = 0, 6 do
      assert.equal(1, final[worker])
    end
    assert.equal(#main + 7, #result.history)
  end)

  it("comes after all faults, which have ended before the quiet", function()
    for seed = 1, 5 do
      local result = run(BROADCAST, "--rate", "20", "--time-limit", "20", "--seed", tostring(seed),
        "--nemesis", "partition", "--nemesis-interval", "3")
      assert(#result.faults > 2)
      for _, fault in ipairs(result.faults) do
        assert.equal("partition", fault.fault)
        assert(fault.from_us >= 0 and fault.from_us <= fault.to_us and fault.to_us <= 21e6)
      end
      for _, op in ipairs(result.history) do
        assert(not op.final or op.invoke_us >= result.faults[#result.faults].to_us + 10e6)
      end
    end
  end)

  it("tells which links the faults cut, so that nothing came over them", function()
    for _, fault_name in ipairs({ "partition", "one-way" }) do
      local world
      local result = runner.run(assert(trial.options({ "--bin", "./node " .. BROADCAST, "--rate",
        "20", "--time-limit", "20", "--nemesis", fault_name, "--nemesis-interval", "3" }, "test")),
        function(w)
          world = w
          w:journal() -- turns it on
        end)
      local deaf_count, received = 0, {}
      for line in world:journal():gmatch("[^\n]+") do
        local event = json.decode(line)
        if event.event == "recv" then
          received[#received + 1] = { event.time - result.start_us, event.message }
        end
      end
      for _, fault in ipairs(result.faults) do
        for id, senders in pairs(fault.cut) do
          for _, sender in ipairs(senders) do
            deaf_count = deaf_count + 1
            for _, r in ipairs(received) do
              local is_on_link = r[2].dest == id and r[2].src == sender
              assert(not is_on_link or r[1] <= fault.from_us or r[1] >= fault.to_us)
            end
          end
        end
      end
      assert(deaf_count > 0, fault_name)
    end
  end)

  it("is at once for a workload without final operations", function()
    local result = run(ECHO, "--rate", "20", "--time-limit", "5")
    assert.equal(#result.history, #main_phase(result.history))
    assert(result.duration_us <= 5e6)
  end)
end)

describe("a run", function()
  local ARGUMENTS = { "--rate", "40", "--time-limit", "10", "--latency", "30", "--latency-dist",
    "exponential" }
  local function again(seed, ...)
    local words = table.move(ARGUMENTS, 1, #ARGUMENTS, 3, { "--seed", tostring(seed) })
    for _, word in ipairs({ ... }) do
      words[#words + 1] = word
    end
    return run(BROADCAST, table.unpack(words))
  end

  it("is the same for the same seed, and another for another", function()
    for _, faults in ipairs({ {}, { "--nemesis", "partition,kill,loss" } }) do
      local one, two = again(3, table.unpack(faults)), again(3, table.unpack(faults))
      assert.same(one.history, two.history)
      assert.same({ one.fingerprint, one.net, one.faults, one.duration_us },
        { two.fingerprint, two.net, two.faults, two.duration_us })
      local other = again(4, table.unpack(faults))
      assert.not_equal(one.fingerprint, other.fingerprint)
      assert.not_same(one.history, other.history)
    end
  end)

  it("has the same load with faults as without, and with other latencies", function()
    local calm = main_phase(again(5).history)
    for _, arguments in ipairs({
      { "--nemesis", "partition" }, { "--nemesis", "kill,skew", "--nemesis-interval", "2" },
      { "--nemesis", "pause", "--nemesis-interval", "2" },
      { "--latency", "200" }, { "--no-head-of-line" }, { "--topology", "line" },
    }) do
      local other = main_phase(again(5, table.unpack(arguments)).history)
      assert(#other > 20)
      for i = 1, math.min(#calm, #other) do
        assert.same({ calm[i].f, calm[i].value }, { other[i].f, other[i].value })
      end
    end
    local other = main_phase(again(6).history)
    local differ = 0
    for i = 1, math.min(#calm, #other) do
      differ = differ + (calm[i].f ~= other[i].f and 1 or 0)
    end
    assert(differ > 50)
  end)

  it("asks at the same times with partitions as without, where clients are not held up", function()
    local calm, cut = again(5, "--no-head-of-line"), again(5, "--no-head-of-line", "--nemesis",
      "partition")
    assert(#cut.faults > 0)
    local a, b = main_phase(calm.history), main_phase(cut.history)
    assert.equal(#a, #b)
    for i, op in ipairs(a) do
      assert.same({ op.invoke_us, op.worker, op.f, op.value },
        { b[i].invoke_us, b[i].worker, b[i].f, b[i].value })
    end
  end)

  it("tells the workload from the script, unless it is told", function()
    assert.equal("broadcast", run(BROADCAST, "--time-limit", "1").workload)
    assert.equal("echo", run(ECHO, "--time-limit", "1").workload)
    assert.equal("unique-ids", run("challenges/unique_ids_2.lua", "--time-limit", "1").workload)
    local result = run(BROADCAST, "-w", "echo", "--time-limit", "2")
    assert.equal("echo", result.workload)
    assert.equal("not_supported", result.history[1].error.name)
    local message
    result, message = run('node.on("hello", print)\n', "--time-limit", "1")
    assert.is_nil(result)
    assert.matches("cannot tell the workload from what the script handles (hello)", message, 1,
      true)
  end)

  it("does not begin where the script does not load", function()
    local result, message = run("error('not today')\n")
    assert.is_nil(result)
    assert.matches(":4: not today$", message)
  end)

  it("has a problem where nodes do not start, and no operations", function()
    local result = run([[
      node.on_init(function() error("not today") end)
      node.on("echo", print)
    ]])
    assert.same({}, result.history)
    assert.equal("the cluster", result.problems[1].node)
    assert.matches('n1 did not answer "init": crash', result.problems[1].text)
    result = run([[
      node.on("broadcast", print)
      node.on("read", print)
    ]])
    assert.same({}, result.history)
    assert.matches('n1 did not answer "topology": not_supported', result.problems[1].text)
  end)

  it("ends where a node does what none may, with what happened until then", function()
    local result = run([[
      local count = 0
      node.on("echo", function(msg)
        count = count + 1
        if count == 3 then node.send("n99", { type = "hello" }) end
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]], "--rate", "10", "--time-limit", "20", "--node-count", "1")
    assert.equal(3, #result.history)
    assert.equal("the cluster", result.problems[1].node)
    assert.matches('n0 sent a message to "n99", which does not exist', result.problems[1].text)
  end)

  it("tells nodes the topology that was asked for", function()
    local result = run([[
      local got
      node.on("topology", function(msg)
        got = msg.body.topology
        return { type = "topology_ok" }
      end)
      node.on("broadcast", function() return { type = "broadcast_ok" } end)
      node.on("read", function() return { type = "read_ok", messages = { got } } end)
    ]], "--rate", "0", "--time-limit", "1", "--node-count", "3", "--topology", "line")
    assert.same({ n0 = { "n1" }, n1 = { "n0", "n2" }, n2 = { "n1" } },
      result.history[1].result[1])
  end)

  it("counts messages: with clients, between servers, and all", function()
    local result = run(ECHO, "--rate", "10", "--time-limit", "10", "--node-count", "2")
    local messages = 2 * (2 + #result.history) -- two inits
    assert.same({ ["send-count"] = messages, ["recv-count"] = messages,
      ["msg-count"] = messages }, result.net.clients)
    assert.equal(0, result.net.servers["msg-count"])
    assert.same(result.net.clients, result.net.all)
    result = run(BROADCAST, "--rate", "10", "--time-limit", "10", "--latency", "10",
      "--nemesis", "partition")
    local net = result.net
    assert(net.servers["recv-count"] < net.servers["send-count"]) -- some were cut off
    for key, count in pairs(net.all) do
      assert.equal(net.clients[key] + net.servers[key], count)
    end
  end)
end)
