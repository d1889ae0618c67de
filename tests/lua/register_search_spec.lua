-- sim.checkers.register_search, beside a plain search over all orders.

local model = dofile("tests/lua/register_model.lua")
local multisets = require "sim.checkers.multisets"
local randoms = require "hearsay.random"
local search = require "sim.checkers.register_search"

local SEED = 20261121
local BUDGET = 100000

local function print_ops(ops)
  local lines = {}
  for i, op in ipairs(ops) do
    lines[i] = ("%d-%d %s value=%s from=%s to=%s %s %s"):format(op.invoke_index, op.complete_index,
      op.f, op.value.value, op.value.from, op.value.to, op.outcome, op.result)
  end
  return table.concat(lines, "\n")
end

-- Makes a history wrong, most likely: reads that show something else, changes that failed and are
-- said to have succeeded.
local function spoil(random, ops, times)
  for _ = 1, times do
    local op = ops[random:upto(#ops)]
    if op.f == "read" and op.outcome == "ok" then
      op.result = (op.result + random:upto(3)) % 4
    elseif op.f == "cas" and op.outcome == "fail" then
      op.outcome = "ok"
    end
  end
end

-- Changes what the last read shows.
local function spoil_end(random, ops)
  for i = #ops, 1, -1 do
    if ops[i].f == "read" and ops[i].outcome == "ok" then
      ops[i].result = (ops[i].result + random:upto(4)) % 5
      return
    end
  end
end

describe("the search for an order", function()
  local patience, windows = search.patience, search.windows
  after_each(function()
    search.patience, search.windows = patience, windows
  end)

  it("agrees with one that tries every order, on small histories (seed " .. SEED .. ")", function()
    local random, counts = randoms.stream(SEED, "small"), { [true] = 0, [false] = 0 }
    for i = 1, 8000 do
      local ops = model.noise(random, 2 + random:upto(6), random:upto(4), random:upto(3))
      local expected = model.has_order(ops)
      counts[expected] = counts[expected] + 1
      assert(search.run(ops, BUDGET) == expected,
        ("history %d: not %s\n%s"):format(i, tostring(expected), print_ops(ops)))
    end
    assert(counts[true] > 300 and counts[false] > 300)
  end)

  it("agrees on small histories that are almost right (seed " .. SEED .. ")", function()
    local random, counts = randoms.stream(SEED, "almost"), { [true] = 0, [false] = 0 }
    for i = 1, 3000 do
      local ops = model.history(random, { operations = 4 + random:upto(5),
        workers = 1 + random:upto(4), values = 1 + random:upto(3), unknown = 0.2 })
      spoil(random, ops, random:upto(2))
      local expected = model.has_order(ops)
      counts[expected] = counts[expected] + 1
      assert(search.run(ops, BUDGET) == expected,
        ("history %d: not %s\n%s"):format(i, tostring(expected), print_ops(ops)))
    end
    assert(counts[true] > 500 and counts[false] > 500)
  end)

  it("accepts whatever a linearizable register does (seed " .. SEED .. ")", function()
    local random = randoms.stream(SEED, "model")
    for i = 1, 100 do
      local ops = model.history(random, { operations = 300, workers = random:upto(14),
        values = random:upto(6), unknown = i % 2 * random:unit() * 0.1 })
      assert(search.run(ops, BUDGET) == true, "history " .. i)
    end
  end)

  it("rejects most of them once a read or two show something else (seed " .. SEED .. ")", function()
    local random, rejected = randoms.stream(SEED, "spoiled"), 0
    for _ = 1, 200 do
      local ops = model.history(random, { operations = 100, workers = 4, values = 4 })
      spoil(random, ops, 4)
      rejected = rejected + (search.run(ops, BUDGET) == false and 1 or 0)
    end
    assert(rejected > 150, rejected)
  end)

  it("finds the same with short proofs as by trying everything (seed " .. SEED .. ")", function()
    local random, counts, shorter = randoms.stream(SEED, "proofs"), { [true] = 0, [false] = 0 }, 0
    for i = 1, 150 do
      local ops = model.history(random, { operations = 50 + random:upto(150),
        workers = 4 + random:upto(4), values = 5, unknown = random:unit() * 0.08 })
      spoil(random, ops, random:upto(3) - 1)
      spoil_end(random, ops)
      search.patience, search.windows = BUDGET, {}
      local expected, all, obstacle = search.run(ops, BUDGET)
      search.patience, search.windows = 0, { 1, 2, 4, 8, 16, 32 }
      local verdict, some, other = search.run(ops, BUDGET)
      assert(verdict == expected, ("history %d: not %s"):format(i, tostring(expected)))
      counts[expected] = counts[expected] + 1
      if not expected then
        assert.equal(obstacle.op, other.op)
        local possible = {}
        for _, state in ipairs(other.states) do
          possible[state.text] = true
        end
        for _, state in ipairs(obstacle.states) do
          assert(possible[state.text], state.text)
        end
        shorter = shorter + (some < all and 1 or 0)
      end
    end
    assert(counts[true] > 30 and counts[false] > 30)
    assert(shorter > 5, shorter)
  end)

  it("takes a long history in its stride, and rejects it when it is spoiled at its end", function()
    local random = randoms.stream(SEED, "long")
    local ops = model.history(random, { operations = 10000, workers = 10, values = 5,
      unknown = 0.001 })
    local verdict, visited = search.run(ops, BUDGET)
    assert.is_true(verdict)
    assert(visited < 10000, visited)
    local i = #ops - 100
    while ops[i].f ~= "read" or ops[i].outcome ~= "ok" do
      i = i + 1
    end
    ops[i].result = 7
    local obstacle
    verdict, visited, obstacle = search.run(ops, BUDGET)
    assert.is_false(verdict)
    assert(visited < 30000, visited)
    assert.equal(ops[i], obstacle.op)
  end)

  it("gives up when its budget is used up", function()
    local ops = model.history(randoms.stream(SEED, "budget"), { operations = 300, workers = 4,
      values = 3 })
    local verdict, visited, obstacle = search.run(ops, 20)
    assert.same({ "unknown", 20 }, { verdict, visited })
    assert.is_nil(obstacle)
    assert.is_true((search.run(ops, visited + 1000)))
  end)

  it("needs nothing for an empty history", function()
    assert.is_true((search.run({}, 1)))
  end)
end)

describe("a multiset", function()
  it("is the same number however it came about", function()
    local sets = multisets.new()
    local a = sets:add(sets:add(multisets.EMPTY, 3), 12)
    local b = sets:add(sets:add(sets:add(multisets.EMPTY, 12), 7), 3)
    assert.equal(a, sets:remove(b, 7))
    assert.equal(multisets.EMPTY, sets:remove(sets:remove(a, 3), 12))
    assert.same({ [3] = 1, [12] = 1 }, sets.counts[a])
    assert.not_equal(sets:add(multisets.EMPTY, 312), a)
  end)

  it("has an item more than once, and is within another with as many", function()
    local sets = multisets.new()
    local one = sets:add(multisets.EMPTY, 5)
    local two = sets:add(one, 5)
    assert.not_equal(one, two)
    assert.same({ [5] = 2 }, sets.counts[two])
    assert.equal(one, sets:remove(two, 5))
    assert.is_true(sets:is_within(one, two))
    assert.is_false(sets:is_within(two, one))
    assert.is_true(sets:is_within(two, two))
    assert.is_true(sets:is_within(multisets.EMPTY, one))
    assert.is_false(sets:is_within(sets:add(multisets.EMPTY, 6), two))
  end)
end)
