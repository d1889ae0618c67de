-- A workload or a fault that is a file: what is wrong with it is said before the run.

local extension = require "sim.extension"
local options = require "sim.options"
local trial = require "sim.trial"
local words = require "sim.words"

local count = 0

-- Writes a file, and returns its path: another one each time, as files are loaded once.
local function file(text)
  count = count + 1
  local path = ("%s-%d.lua"):format(os.tmpname(), count)
  local out = assert(io.open(path, "w"))
  out:write(text)
  out:close()
  finally(function() os.remove(path) end)
  return path
end

local WORKLOAD = [[return {
  types = { "count" },
  generator = function()
    return function() return "count" end
  end,
  request = function() return { type = "count" } end,
  result = function(_, reply) return reply.n, "a number n" end,
  check = function(history)
    local errors = {}
    for _, op in ipairs(history) do
      if op.result and op.result > 3 then
        errors[#errors + 1] = op.node .. " counted to " .. op.result
      end
    end
    return { ["valid?"] = #errors == 0, errors = errors }
  end,
  %s
}]]

local NODE = [[local node = require "hearsay"
local n = 0
node.on("count", function()
  n = n + 1
  return { type = "count_ok", n = n }
end)]]

local function run(...)
  local args = { "--bin", "./node " .. file(NODE), "--node-count", "1", ... }
  local opts, message = trial.options(args, "test")
  assert(opts, message)
  return assert(trial.run(opts))
end

describe("a workload of a file", function()
  it("runs and is judged by its checker", function()
    local path = file(WORKLOAD:format(""))
    local few = run("-w", path, "--operations", "3")
    assert.is_true(few.results["valid?"])
    local many = run("-w", path, "--operations", "5")
    assert.is_false(many.results["valid?"])
    assert.same({ "n0 counted to 4", "n0 counted to 5" }, many.results.workload.errors)
    assert.equal(path, many.workload)
  end)

  it("is told of in general words, or in its own", function()
    local path = file(WORKLOAD:format("words = { good = function() return 'counted' end },"))
    local wrong = {}
    words[path].bad({ errors = { "a", "b" } }, wrong)
    words[path].bad({}, wrong)
    assert.same({ "2 errors", "the checker is not satisfied" }, wrong)
    assert.equal("counted", words[path].good({}))
    assert.equal("the checker found nothing wrong", words["gone.lua"].good({}))
  end)

  it("is refused where there is none, with what is missing", function()
    for text, expected in pairs({
      ["return {"] = "expected",
      ["error('no')"] = "no",
      ["return 1"] = "expected a file that returns a workload, a table, not a number",
      ["return {}"] = "expected a workload with types, a list of the message types that a node "
        .. "for it handles",
      ["return { types = { 'a' } }"] = "expected a workload with generator, a function",
      ["return { types = { 'a' }, generator = print }"] = "with check, a function",
      ["return { types = { 'a' }, generator = print, check = print, request = print }"] =
        "with request and result, or perform: functions",
    }) do
      local opts, message = options.parse({ "--bin", "x", "-w", file(text) })
      assert.is_nil(opts)
      assert.is_truthy(message:find("--workload ", 1, true), message)
      assert.is_truthy(message:find(expected, 1, true), message)
    end
    local _, message = options.parse({ "--bin", "x", "-w", "/nowhere/gone.lua" })
    assert.is_truthy(message:find("cannot open /nowhere/gone.lua", 1, true), message)
  end)
end)

describe("a fault of a file", function()
  local FAULT = [[return {
    begin = function(cluster)
      cluster.world:kill(cluster.nodes[1])
      return "the first killed", function() cluster:restart(cluster.nodes[1]) end
    end,
  }]]

  it("begins and ends as the others do, beside them", function()
    local path = file(FAULT)
    local outcome = run("-w", file(WORKLOAD:format("")), "--nemesis", "loss," .. path,
      "--nemesis-interval", "2", "--time-limit", "10", "--rate", "20")
    local killed, lossy = 0, 0
    for _, fault in ipairs(outcome.faults) do
      killed = killed + (fault.text == "the first killed" and 1 or 0)
      lossy = lossy + (fault.text == "20% lost" and 1 or 0)
    end
    assert(killed > 1 and lossy > 1)
    assert(outcome.results.availability["ok-fraction"] < 1)
  end)

  it("is refused where there is none, also in a list", function()
    local _, message = options.parse({ "--bin", "x", "--nemesis", "loss," .. file("return {}") })
    assert.is_truthy(message:find("expected a fault with begin, a function", 1, true), message)
    _, message = options.parse({ "--bin", "x", "--nemesis", "los," .. file(FAULT) })
    assert.is_truthy(message:find("did you mean loss?", 1, true), message)
    assert.is_nil((extension.fault(file("return 'x'"))))
  end)
end)
