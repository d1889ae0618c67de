-- What log:sync waits for, and when it is over.

local durable_lab = dofile("tests/lua/durable_lab.lua")
local logs = require "hearsay.log"
local testing = require "hearsay.testing"

local start, ask, send = durable_lab.start, durable_lab.ask, durable_lab.send

describe("a sync", function()
  local function append(nodes)
    return send(nodes, "append", { key = "k", value = 1, sync = true })
  end

  it("takes the disk's time, and none when nothing is new", function()
    local nodes = start({ sync_time = 50 })
    local first = nodes:now()
    local answer = append(nodes)
    nodes:run(0.049)
    assert.is_nil(answer.at)
    nodes:run(1)
    assert.is_true(math.abs(answer.at - first - 0.05) < 1e-9)
    local second = nodes:now()
    local nothing = send(nodes, "sync")
    nodes:run(0)
    assert.is_true(nothing.reply.ok)
    assert.equal(second, nothing.at)
  end)

  it("is shared by those who ask during another", function()
    local nodes = start({ sync_time = 50 })
    local begin, answers = nodes:now(), {}
    for i = 1, 20 do
      answers[i] = append(nodes)
      nodes:run(0.002)
    end
    nodes:run(1)
    -- The first by itself, all others together.
    for i, answer in ipairs(answers) do
      assert.is_true(math.abs(answer.at - begin - (i == 1 and 0.05 or 0.1)) < 1e-9, "number " .. i)
    end
  end)

  it("is waited for again after recovery", function()
    local nodes = start({ sync_time = 50 })
    ask(nodes, "append", { key = "k", value = 1, sync = true })
    nodes:restart("n0")
    local begin = nodes:now()
    local answer = send(nodes, "sync")
    nodes:run(1)
    assert.is_true(math.abs(answer.at - begin - 0.05) < 1e-9)
  end)

  it("ends when the log is closed", function()
    local nodes = start({ sync_time = 50 })
    ask(nodes, "append", { key = "k", value = 1 })
    local answer = send(nodes, "sync")
    nodes:run(0.01)
    local begin = nodes:now()
    ask(nodes, "close")
    nodes:run(0)
    assert.equal("test.log is closed", answer.reply.error)
    assert.equal(begin, answer.at)
  end)

  it("is over for nobody while the node stands still, or is killed", function()
    local nodes = start({ sync_time = 50 })
    local paused = append(nodes)
    nodes:run(0.01)
    nodes:pause("n0")
    nodes:run(1)
    assert.is_nil(paused.at)
    nodes:resume("n0")
    nodes:run(0)
    assert.equal(0, paused.reply.offset)

    local killed = append(nodes)
    nodes:run(0.01)
    nodes:restart("n0")
    nodes:run(9)
    assert.is_nil(killed.at)
  end)

  it("is nothing for logs in memory", function()
    local l = logs.new()
    l:append("k", 1)
    assert.is_true(l:sync())
    assert.is_true(l:compact())
    assert.same({ 0, 0 }, { l:size() })
    assert.same({ records = 0, cut_bytes = 0 }, l:recovered())
    assert.equal(0, l:start("k"))
    assert.equal(1, l:retain("k", 1))
    assert.equal(1, l:start("k"))
    assert.equal(0, l:count("k"))
    assert.equal(1, l:append("k", 2))
    l:close()
    assert.has_error(function() l:append("k", 1) end)
    assert.has_error(function() l:sync() end)
    l:close()
  end)

  it("needs a handler's coroutine", function()
    local nodes = testing.start([[
      local logs = require "hearsay.log"
      local node = require "hearsay"
      node.on("sort", function()
        local l = assert(logs.open("a"))
        table.sort({ 1, 2 }, function() return l:sync() end)
      end)
    ]])
    local _, err = nodes:ask("n0", { type = "sort" })
    assert.truthy(err.text:find("log:sync waits, so it cannot be called here", 1, true))
  end)

  it("ends with its world, also while nodes sync and sleep", function()
    -- One that is freed early had left the moment at which it wakes among those of the others.
    local nodes = testing.start([[
      local logs = require "hearsay.log"
      local node = require "hearsay"
      local l
      node.on_init(function() l = assert(logs.open("a")) end)
      node.every(0.01, function() l:append("k", 1) end)
      node.every(0.02, function() l:sync() end)
    ]], { nodes = 5, sync_time = 50 })
    nodes:run(1)
    nodes.cluster, nodes.world = nil, nil
    collectgarbage()
    collectgarbage()
  end)
end)
