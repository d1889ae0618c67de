-- sim.options: the command line of ./sim.

local help = require "sim.help"
local options = require "sim.options"
local topology = require "hearsay.topology"

local function parse(...)
  return options.parse({ "--bin", "./node x.lua", ... })
end

local WORKLOADS = table.concat(options.workloads, ", ")
local FAULTS = "one or more, with commas, of partition, kill, pause, one-way, loss, duplicate, "
  .. "reorder, spike, skew"

describe("options", function()
  it("have Maelstrom's defaults", function()
    local opts = assert(parse())
    assert.same({
      args = {}, bin = { "./node", "x.lua" }, given = { bin = "./node x.lua" },
      nodes = { "n1", "n2", "n3", "n4", "n5" }, node_count = 5, concurrency = 5, rate = 5,
      time_limit = 60, latency = 0, latency_dist = "constant", head_of_line = true,
      sync_time = 1, topology = "grid", real_time = false, nemesis = {}, nemesis_interval = 10,
      consistency_models = { "strict-serializable" }, converge = false, max_txn_length = 4,
      max_writes_per_key = 16, seed = 1, test_count = 1, json = false, store = "store",
      report = true, open = false, log_stderr = false, log_net_send = false,
      log_net_recv = false, color = "auto", help = false,
    }, opts)
  end)

  it("take every name with its value", function()
    local opts = assert(options.parse({
      "-w", "broadcast", "--bin", "./node challenges/broadcast_3e.lua", "--node-count", "25",
      "--time-limit", "20", "--rate", "100", "--latency", "100", "--latency-dist", "uniform",
      "--nemesis", "partition", "--nemesis-interval", "2.5", "--topology", "tree4",
      "--availability", "total", "--consistency-models", "read-committed, serializable",
      "--concurrency", "2n", "--key-count", "3", "--max-txn-length", "5",
      "--max-writes-per-key", "6", "--seed", "42", "--test-count", "7", "--store", "out",
      "--json", "--real-time", "--converge", "--no-head-of-line", "--log-stderr", "--log-net-send",
      "--log-net-recv", "--sync-time", "0.5", "--no-report", "--open",
    }))
    opts.given, opts.nodes = nil, { #opts.nodes, opts.nodes[1], opts.nodes[25] }
    assert.same({
      args = {}, workload = "broadcast", bin = { "./node", "challenges/broadcast_3e.lua" },
      nodes = { 25, "n0", "n24" }, node_count = 25, concurrency = 50, rate = 100,
      time_limit = 20, latency = 100, latency_dist = "uniform", head_of_line = false,
      sync_time = 0.5, topology = "tree4", real_time = true, nemesis = { "partition" },
      nemesis_interval = 2.5,
      availability = "total", consistency_models = { "read-committed", "serializable" },
      converge = true, key_count = 3, max_txn_length = 5, max_writes_per_key = 6,
      seed = 42, test_count = 7,
      json = true, store = "out", log_stderr = true, log_net_send = true, log_net_recv = true,
      report = false, open = true, color = "auto", help = false,
    }, opts)
  end)

  it("take values after an equals sign, and the last of two", function()
    local opts = assert(parse("--workload=echo", "--rate=2.5", "--rate=7", "--store=a=b"))
    assert.same({ "echo", 7, "a=b" }, { opts.workload, opts.rate, opts.store })
  end)

  it("do not share defaults between two parses", function()
    assert(parse()).nodes[1] = "changed"
    assert(parse()).nemesis[1] = "changed"
    assert.equal("n1", assert(parse()).nodes[1])
    assert.same({}, assert(parse()).nemesis)
  end)

  describe("--bin", function()
    local function words(text)
      local opts, message = options.parse({ "--bin", text })
      return opts and opts.bin or message
    end

    it("is split at spaces, but not in quotes", function()
      assert.same({ "challenges/x.lua" }, words("challenges/x.lua"))
      assert.same({ "./node", "a.lua", "counter" }, words("  ./node  a.lua\tcounter "))
      assert.same({ "./my node", "it's", "", "ab c" }, words([["./my node" "it's" '' a"b c"]]))
    end)

    it("must be there and closed", function()
      assert.equal("what to run is missing: expected a script, as in "
        .. "./sim test challenges/echo_1.lua", select(2, options.parse({})))
      assert.equal("what to run is missing: expected a script, as in "
        .. "./sim shrink challenges/echo_1.lua", select(2, options.parse({}, "shrink")))
      assert.matches('^%-%-bin "./node \'x": expected a command whose quotes are closed',
        words("./node 'x"))
      assert.matches("expected a program to run", words("  "))
    end)

    it("needs not be written before a script", function()
      local opts = assert(options.parse({ "--rate", "9", "a b/x.lua", "--", "y.lua" }))
      assert.same({ { "a b/x.lua" }, { "y.lua" } }, { opts.bin, opts.args })
      assert.equal([[./sim test --bin '"a b/x.lua"' --rate 9 --seed 1 -- y.lua]],
        options.command(opts))
      assert.same(opts.bin, options.parse({ "--bin", '"a b/x.lua"' }).bin)
      for text, message in pairs({
        ["x.lua y.lua"] = 'unexpected word "y.lua"; the program is x.lua already, and its '
          .. "arguments go after --",
        ["x.lua counter"] = 'unexpected word "counter"; the program is x.lua already, and its '
          .. "arguments go after --",
        ["challenges"] = 'unexpected word "challenges"; expected a Lua script, such as '
          .. "challenges/echo_1.lua",
      }) do
        local list = {}
        for word in text:gmatch("%S+") do
          list[#list + 1] = word
        end
        local none, why = options.parse(list)
        assert.is_nil(none)
        assert.equal(message, why)
      end
    end)

    it("leaves what follows -- to the program", function()
      local opts = assert(options.parse({ "--bin", "./node", "--rate", "9", "--", "x.lua", "--rate",
        "--" }))
      assert.same({ { "./node" }, { "x.lua", "--rate", "--" }, 9 },
        { opts.bin, opts.args, opts.rate })
    end)
  end)

  it("name the nodes: a list, or n0 on for a count, which goes first", function()
    assert.same({ "a", "b" }, assert(parse("--nodes", "a, b")).nodes)
    local opts = assert(parse("--node-count", "2", "--nodes", "a,b,c"))
    assert.same({ { "n0", "n1" }, 2 }, { opts.nodes, opts.node_count })
  end)

  it("count clients by node or in all", function()
    assert.equal(6, assert(parse("--nodes", "a,b", "--concurrency", "3n")).concurrency)
    assert.equal(3, assert(parse("--nodes", "a,b", "--concurrency", "3")).concurrency)
    assert.equal(25, assert(parse("--concurrency", "1n", "--node-count", "25")).concurrency)
  end)

  it("take a part or total for the availability", function()
    assert.equal(0.99, assert(parse("--availability", "0.99")).availability)
    assert.equal(0, assert(parse("--availability=0")).availability)
    assert.is_nil(assert(parse()).availability)
  end)

  it("take the topologies of the library, and all known consistency models", function()
    for _, name in ipairs(topology.names) do
      assert.equal(name, assert(parse("--topology", name)).topology)
    end
    for name in ("read-uncommitted read-committed monotonic-atomic-view repeatable-read "
      .. "snapshot-isolation serializable strict-serializable"):gmatch("%S+") do
      assert.same({ name }, assert(parse("--consistency-models", name)).consistency_models)
    end
  end)

  it("know of workloads that are added", function()
    assert.is_nil(parse("-w", "chess"))
    table.insert(options.workloads, "chess")
    assert.equal("chess", assert(parse("-w", "chess")).workload)
    assert.matches("echo, unique%-ids, .*chess", help.command("test"))
    table.remove(options.workloads)
  end)

  it("say in one line what is wrong and what is allowed", function()
    for _, case in ipairs({
      { { "--topolgy", "grid" }, "unknown option --topolgy; did you mean --topology?" },
      { { "--nodecount=5" }, "unknown option --nodecount; did you mean --node-count?" },
      { { "--time", "5" }, "unknown option --time; did you mean --time-limit?" },
      { { "--frobnicate" }, "unknown option --frobnicate; ./sim test --help lists them all" },
      { { "-x" }, "unknown option -x; ./sim test --help lists them all" },
      { { "x.lua" }, 'unexpected word "x.lua"; the program is ./node x.lua already, and its '
        .. "arguments go after --" },
      { { "--rate" }, "--rate needs a value: HZ" },
      { { "--rate", "--json" }, "--rate needs a value: HZ" },
      { { "--rate", "-w", "echo" }, "--rate needs a value: HZ" },
      { { "--rate", "--" }, "--rate needs a value: HZ" },
      { { "--json=yes" }, "--json takes no value, got yes" },
      { { "--rate", "-5" }, "--rate -5: expected a number from 0 to 1000000" },
      { { "--rate", "0x10" }, "--rate 0x10: expected a number from 0 to 1000000" },
      { { "--rate", "nan" }, "--rate nan: expected a number from 0 to 1000000" },
      { { "--latency=1e999" }, "--latency 1e999: expected a number from 0 to 1000000" },
      { { "--time-limit", "0" }, "--time-limit 0: expected a number above 0" },
      { { "--time-limit", "ten" }, "--time-limit ten: expected a number above 0" },
      { { "--nemesis-interval", "-1" }, "--nemesis-interval -1: expected a number above 0" },
      { { "--node-count", "2.5" }, "--node-count 2.5: expected a whole number from 1 to 10000" },
      { { "--node-count", "0" }, "--node-count 0: expected a whole number from 1 to 10000" },
      { { "--test-count", "0" }, "--test-count 0: expected a whole number from 1 to 1000000" },
      { { "--seed", "-1" }, "--seed -1: expected a whole number from 0 to 9223372036854775807" },
      { { "--concurrency", "2x" },
        "--concurrency 2x: expected a whole number from 1 to 100000, or that many for each node, "
        .. "as in 2n" },
      { { "--concurrency", "0n" }, "--concurrency 0n: expected a whole number from 1 to 100000, "
        .. "or that many for each node, as in 2n" },
      { { "-w", "brodcast" }, "--workload brodcast: did you mean broadcast? expected one of echo, "
        .. WORKLOADS:match("^echo, (.*)$") },
      { { "-w", "zzz" }, "--workload zzz: expected one of " .. WORKLOADS },
      { { "--topology", "gird" }, "--topology gird: did you mean grid? expected one of line, grid, "
        .. "ring, tree, tree2, tree3, tree4, star, total, hypercube" },
      { { "--latency-dist", "normal" },
        "--latency-dist normal: expected one of constant, uniform, exponential" },
      { { "--nemesis", "crash" }, "--nemesis crash: expected " .. FAULTS },
      { { "--nemesis", "partition,crash" }, "--nemesis partition,crash: expected " .. FAULTS },
      { { "--nemesis", "" }, '--nemesis "": expected ' .. FAULTS },
      { { "--availability", "2" }, "--availability 2: expected total or a number from 0 to 1" },
      { { "--availability", "high" },
        "--availability high: expected total or a number from 0 to 1" },
      { { "--nodes", "a,,b" },
        "--nodes a,,b: expected node ids with commas between them, as in n1,n2,n3" },
      { { "--nodes", "a,b,a" }, "--nodes a,b,a: expected node ids that differ; a is there twice" },
      { { "--nodes", "a,c1" },
        "--nodes a,c1: expected node ids other than c1, which is a service or a client" },
      { { "--nodes", "lin-kv" },
        "--nodes lin-kv: expected node ids other than lin-kv, which is a service or a client" },
      { { "--store", "" }, '--store "": expected a name' },
    }) do
      local opts, message = parse(table.unpack(case[1]))
      assert.is_nil(opts)
      assert.equal(case[2], message)
    end
    local _, message = parse("--consistency-models", "serializable,read-commited")
    assert.matches("did you mean read%-committed%? expected one or more, with commas, of ", message)
    assert.not_matches("\n", message)
  end)

  it("have a help that names each, and needs no program", function()
    local opts = assert(options.parse({ "--help" }))
    assert.is_true(opts.help)
    assert.is_true(assert(options.parse({ "-h" })).help)
    local text = help.command("test")
    for _, name in ipairs({
      "-w, --workload NAME", "--bin PROGRAM", "--node-count N", "--nodes LIST",
      "--concurrency N", "--rate HZ", "--time-limit S", "--latency MS", "--latency-dist NAME",
      "--nemesis FAULTS", "--nemesis-interval S", "--topology NAME", "--availability PART",
      "--consistency-models LIST", "--key-count N", "--max-txn-length N",
      "--max-writes-per-key N", "--log-stderr", "--log-net-send", "--log-net-recv",
      "--test-count N", "--seed N", "--json", "--no-head-of-line", "--store DIR", "-h, --help",
    }) do
      assert.matches(" " .. name .. " ", text, 1, true)
    end
    for line in text:gmatch("[^\n]+") do
      assert(#line <= 80, line)
    end
    assert.matches("Examples:", text)
    assert.matches("(default: n1,n2,n3,n4,n5)", text, 1, true)
  end)

  describe("make the command that repeats a run", function()
    it("with what was given, in one order, and the seed", function()
      local opts = assert(options.parse({ "--rate", "100", "--bin", "./node a b.lua", "--json",
        "-w", "echo" }))
      assert.equal('./sim test -w echo --bin "./node a b.lua" --rate 100 --seed 1 --json',
        options.command(opts))
      assert.equal("./sim test --bin ./node --nodes a,b --seed 9 -- x.lua 'it'\\''s $5'",
        options.command(assert(options.parse({ "--bin=./node", "--seed=9", "--nodes", "a,b",
          "--", "x.lua", "it's $5" }))))
    end)

    it("with changes", function()
      local opts = assert(parse("--test-count", "20", "--json"))
      assert.equal('./sim test --bin "./node x.lua" --seed 13',
        options.command(opts, { seed = "13", ["test-count"] = false, json = false }))
    end)

    it("that parses to the same options", function()
      local opts = assert(parse("--nemesis", "partition", "--no-head-of-line", "--seed", "5"))
      local words = {}
      for word in options.command(opts):gsub('"./node x.lua"', "./node_x.lua"):gmatch("%S+") do
        words[#words + 1] = (word:gsub("_", " "))
      end
      assert.same(opts, options.parse(table.move(words, 3, #words, 1, {})))
    end)
  end)
end)
