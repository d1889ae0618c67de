-- What ./sim test says about scripts that are not right.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

describe("./sim test finds", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  -- Runs a script of the given text; returns what ran and the results.
  local function sim(text, options)
    local script = sh:write("script.lua", 'local node = require "hearsay"\n' .. text)
    os.execute("rm -rf " .. shell.quote(sh:path("store")))
    local ran = sh:run(("./sim test --store %s --bin %s %s"):format(shell.quote(sh:path("store")),
      script, options or "--time-limit 2"))
    local stored = sh:read("store/latest/results.json")
    return ran, stored and assert(json.decode(stored, true))
  end

  -- What the screen says, on one line, one space wide.
  local function flat(ran)
    return (ran.out:gsub("%s+", " "))
  end

  local STORE = [[
    local values = {}
    node.on("topology", function() return { type = "topology_ok" } end)
    node.on("read", function()
      return { type = "read_ok", messages = require("hearsay.json").array(%s) }
    end)
    node.on("broadcast", function(msg)
      local value = msg.body.message
      %s
      return { type = "broadcast_ok" }
    end)
  ]]
  local ONE_NODE = "--node-count 1 --rate 20 --time-limit 5"

  it("a store that is right, for comparison", function()
    local ran, results = sim(STORE:format("values", "values[#values + 1] = value"), ONE_NODE)
    assert.equal(0, ran.status, ran.out)
    assert.equal(0, results.workload["lost-count"])
    assert.is_true(results.workload["stable-count"] > 30)
  end)

  it("values that are lost, and says which", function()
    local ran, results = sim(STORE:format("values",
      "if value % 10 ~= 3 then values[#values + 1] = value end"), ONE_NODE)
    assert.equal(1, ran.status)
    assert.same({ 3, 13, 23, 33, 43 }, table.move(results.workload.lost, 1, 5, 1, {}))
    assert.is_false(results.workload["valid?"])
    assert.matches("INVALID " .. results.workload["lost-count"] .. " values lost", flat(ran))
    assert.matches("Lost value 3: n0 acknowledged it at %d+%.%d+ s; no read ever showed it; "
      .. "the read at n0 that began at %d+%.%d+ s misses it%. value 13: ", flat(ran))
    assert.matches("All of them: 3, 13, 23, 33, 43", flat(ran), 1, true)
  end)

  it("values that are forgotten again", function()
    local ran = sim(STORE:format("values",
      "values[#values + 1] = value; if value == 20 then values = {} end"), ONE_NODE)
    assert.equal(1, ran.status)
    assert.matches("value 0: .- n0 still showed it at .- misses it%.", flat(ran))
  end)

  it("values that are twice in a read", function()
    local ran, results = sim(STORE:format("values",
      "values[#values + 1] = value; if value == 5 then values[#values + 1] = value end"), ONE_NODE)
    assert.equal(1, ran.status)
    assert.equal(1, results.workload["duplicated-count"])
    assert.matches("INVALID 1 value twice in one read Twice value 5: 2 times in the read at n0",
      flat(ran), 1, true)
  end)

  it("values that nobody sent, which is legal but odd", function()
    local ran, results = sim(STORE:format("table.move(values, 1, #values, 2, { 'made up' })",
      "values[#values + 1] = value"), ONE_NODE)
    assert.equal(0, ran.status)
    assert.equal(1, results.workload["unexpected-count"])
    assert.matches('Note 1 value was read that nobody sent: "made up"', flat(ran), 1, true)
  end)

  it("values that stay with one node of several", function()
    local ran, results = sim(STORE:format("values", "values[#values + 1] = value"),
      "--rate 20 --time-limit 5")
    assert.equal(1, ran.status)
    assert.is_true(results.workload["lost-count"] > 30)
  end)

  it("an id that is handed out twice", function()
    local ran, results = sim([[
      local n = 0
      node.on("generate", function() n = n + 1; return { type = "generate_ok", id = n } end)
    ]], "--time-limit 4 --rate 20")
    assert.equal(1, ran.status)
    assert.is_true(results.workload["duplicated-count"] > 5)
    assert.is_number(results.workload.duplicated["1"])
    assert.matches("handed out more than once Twice %d+: 5 times, by n%d at ", flat(ran))
  end)

  it("an echo that is another", function()
    local ran, results = sim([[
      node.on("echo", function(msg)
        return { type = "echo_ok", echo = msg.body.echo:gsub("7$", "seven") }
      end)
    ]], "--time-limit 10")
    assert.equal(1, ran.status)
    assert.is_true(results.workload["error-count"] > 0)
    assert.matches('got "Please echo %d*7" at %d+%.%d+ s and replied "Please echo %d*seven"%.',
      flat(ran))
  end)

  it("a reply of another type", function()
    local ran, results = sim([[
      node.on("echo", function(msg) return { type = "ekko", echo = msg.body.echo } end)
    ]])
    assert.equal(1, ran.status)
    assert.is_true(#results.exceptions.exceptions > 0)
    assert.matches('n%d at %d+%.%d+ s: .-with type ekko; expected {"type": "echo_ok", "echo": ..}',
      flat(ran))
  end)

  it("a reply without its value", function()
    local ran = sim(STORE:format("nil and {}", ""):gsub('require[^\n]*', "nil }"), ONE_NODE)
    assert.equal(1, ran.status)
    assert.matches('with type read_ok; expected {"type": "read_ok", "messages": [..]}', flat(ran),
      1, true)
  end)

  it("a message to a node that does not exist", function()
    local ran, results = sim([[
      node.on("echo", function(msg)
        node.send("n77", { type = "hello" })
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]])
    assert.equal(1, ran.status)
    assert.equal(1, #results.exceptions.exceptions)
    assert.matches('n%d sent a message to "n77", which does not exist: '
      .. '{"src":"n%d","dest":"n77","body":{"type":"hello"}} ', flat(ran))
  end)

  it("a handler that fails, and what clients got", function()
    local ran, results = sim([[
      node.on("echo", function(msg)
        if msg.body.echo:find("[02468]$") then error("even") end
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]], "--time-limit 5")
    assert.equal(1, ran.status)
    assert.is_true(results.stats["by-error"].crash > 0)
    assert.is_true(results.stats["ok-count"] > 0)
    assert.matches(" Errors crash ", flat(ran), 1, true)
    assert.matches(" First crash n%d: .*script.lua:%d+: ", flat(ran))
    assert.matches("script.lua:3: even", sh:read("store/latest/messages.jsonl"), 1, true)
  end)

  it("a handler that never answers", function()
    local ran, results = sim('node.on("echo", function() end)')
    assert.equal(1, ran.status)
    assert.equal(0, results.availability["ok-fraction"])
    assert.is_true(results.stats["by-error"].timeout > 0)
    assert.matches("did not answer in time. ", flat(ran), 1, true)
  end)

  it("a setup that is not answered", function()
    local ran = sim("", "-w broadcast --time-limit 1")
    assert.equal(1, ran.status)
    assert.matches('n%d did not answer "topology": not_supported %(10%)', flat(ran))
  end)

  for name, text in pairs {
    ["sleeps for no time"] = 'node.on("echo", function() while true do node.sleep(0) end end)',
    ["has a timer of no time"] = [[
      local function again() node.after(0, again) end
      node.on("echo", function() again() end)
    ]],
  } do
    it("time that stands still, and does not hang: a node that " .. name, function()
      local ran, results = sim(text)
      assert.equal(1, ran.status)
      assert.equal(1, #results.exceptions.exceptions)
      assert.matches("time stands still: a million events at one instant", flat(ran), 1, true)
    end)
  end

  it("too little availability, when it was asked for", function()
    local text = [[
      local errors, n = require "hearsay.errors", 0
      node.on("generate", function()
        n = n + 1
        if n % 2 == 0 then error(errors.new("temporarily_unavailable")) end
        return { type = "generate_ok", id = node.id .. n }
      end)
    ]]
    assert.equal(0, sim(text, "--time-limit 10").status)
    assert.equal(0, sim(text, "--time-limit 10 --availability 0.4").status)
    local ran = sim(text, "--time-limit 10 --availability total")
    assert.equal(1, ran.status)
    assert.matches("INVALID availability 0.%d+ where 1 was asked", flat(ran))
  end)

  describe("before it begins", function()
    for name, case in pairs {
      ["a syntax error"] = { "local = 1", ":2: <name> expected near '='" },
      ["an error in its main part"] = { "\nerror('boom')", ":3: boom" },
      ["a global that does not exist"] = { "print(undeclared)",
        ":2: undeclared global 'undeclared'" },
      ["a missing module"] = { 'require "nosuch"', ":2: module 'nosuch' not found:" },
      ["a look at the real clock"] = { "os.time()",
        ":2: os.time is not available to a script here: use node.now() for time" },
      ["a look at files"] = { "io.open('x')",
        ":2: io.open is not available to a script here: a confined script has no files" },
    } do
      it(name .. ", in one line, status 255", function()
        local ran, results = sim(case[1])
        assert.equal(255, ran.status)
        assert.equal("", ran.out)
        assert.is_nil(results)
        local expected = "sim: " .. sh:path("script.lua") .. case[2]
        assert.equal(expected, ran.err:sub(1, #expected))
        assert.equal(1, #shell.lines(ran.err))
      end)
    end

    it("that it cannot tell the workload", function()
      local ran = sim('node.on("ping", function() end)')
      assert.equal("", ran.out)
      assert.equal(255, ran.status)
      assert.equal("sim: cannot tell the workload from what the script handles (ping): "
        .. "say it with -w\n", ran.err)
    end)
  end)
end)
