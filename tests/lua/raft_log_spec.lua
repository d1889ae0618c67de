-- The log of a Raft server, beside a plain list of all entries that were ever in it.

local logs = require "hearsay.raft.log"
local json = require "hearsay.json"
local randoms = require "hearsay.random"

local function filled(...)
  local log = logs.new()
  for _, term in ipairs({ ... }) do
    log:append(term, "x")
  end
  return log
end

local function terms(log)
  local list = {}
  for index = log.base + 1, log:last() do
    list[#list + 1] = log:term_at(index)
  end
  return list
end

describe("a log", function()
  it("is empty at index and term 0", function()
    local log = logs.new()
    assert.equal(0, log:last())
    assert.equal(0, log:term_at(0))
    assert.is_nil(log:term_at(1))
  end)

  it("is covered by one that ends later: by the term, then by the index", function()
    local log = filled(1, 2, 2)
    assert.is_true(log:is_covered_by(3, 2))
    assert.is_true(log:is_covered_by(1, 3))
    assert.is_true(log:is_covered_by(4, 2))
    assert.is_false(log:is_covered_by(2, 2))
    assert.is_false(log:is_covered_by(9, 1))
  end)

  it("keeps what it has already, and what is behind that", function()
    local log = filled(1, 1, 1)
    assert.equal(0, log:merge(0, { { 1, "x" }, { 1, "x" } }))
    assert.same({ 1, 1, 1 }, terms(log))
  end)

  it("drops what contradicts, and all behind it", function()
    local log = filled(1, 1, 1, 1)
    assert.equal(2, log:merge(1, { { 1, "x" }, { 2, "y" }, { 2, "z" } }))
    assert.same({ 1, 1, 2, 2 }, terms(log))
    assert.equal("z", log:at(4).command)
  end)

  it("tells where a sender should go on", function()
    local log = filled(1, 2, 2, 2)
    assert.equal(5, log:conflict(9))
    assert.equal(2, log:conflict(4))
    assert.equal(2, log:conflict(2))
    assert.equal(1, log:conflict(1))
    log:forget(2)
    assert.equal(3, log:conflict(4))
  end)

  it("gives entries as text, up to a limit and at least one", function()
    local log = filled(1, 2, 3)
    local text, count = log:slice(1, 1e9)
    assert.equal('[[1,"x"],[2,"x"],[3,"x"]]', json.encode(text))
    assert.equal(3, count)
    text, count = log:slice(2, 1)
    assert.equal('[[2,"x"]]', json.encode(text))
    assert.equal(1, count)
    text, count = log:slice(4, 1)
    assert.equal("[]", json.encode(text))
    assert.equal(0, count)
  end)

  it("goes on behind a snapshot that it agrees with, and else begins anew", function()
    local log = filled(1, 1, 2)
    log:restart(2, 1)
    assert.same({ 2 }, terms(log))
    assert.equal(1, log:term_at(2))
    log:restart(7, 4)
    assert.same({}, terms(log))
    assert.equal(7, log:last())
    assert.equal(4, log:term_at(7))
    log = filled(1, 1, 2)
    log:restart(2, 3)
    assert.equal(2, log:last())
    assert.equal(3, log:term_at(2))
  end)

  it("is a list whose front may be forgotten", function()
    for seed = 1, 50 do
      local random = randoms.stream(seed, "log")
      local log, model = logs.new(), {}
      for _ = 1, 60 do
        local what = random:upto(4)
        if what <= 2 then
          local term = (model[#model] or 0) + random:upto(2) - 1
          log:append(term, #model)
          model[#model + 1] = term
        elseif what == 3 and log:last() > log.base then
          log:forget(log.base + random:upto(log:last() - log.base))
        elseif log:last() > log.base then
          local index = log.base + random:upto(log:last() - log.base)
          log:truncate(index)
          for i = #model, index, -1 do
            model[i] = nil
          end
        end
        assert.equal(#model, log:last())
        for index = math.max(1, log.base), #model do
          assert.equal(model[index], log:term_at(index), "seed " .. seed)
        end
        for index = 1, log.base - 1 do
          assert.is_nil(log:term_at(index))
        end
      end
    end
  end)
end)
