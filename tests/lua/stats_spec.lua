-- sim.stats.

local history = dofile("tests/lua/history.lua")
local stats = require "sim.stats"

describe("quantiles", function()
  it("are the element at floor(n * point), as in Jepsen", function()
    local sorted = { 10, 20, 30, 40 }
    assert.same({ 10, 10, 20, 30, 40, 40 }, {
      stats.quantile(sorted, 0), stats.quantile(sorted, 0.24), stats.quantile(sorted, 0.25),
      stats.quantile(sorted, 0.5), stats.quantile(sorted, 0.99), stats.quantile(sorted, 1),
    })
    assert.equal(5, stats.quantile({ 5 }, 0.5))
  end)

  it("are keyed by their text, of lists in any order, which are left as they are", function()
    local list = {}
    for i = 1, 100 do
      list[i] = i * 37 % 100
    end
    local before = table.concat(list, " ")
    assert.same({ ["0"] = 0, ["0.5"] = 50, ["0.95"] = 95, ["0.99"] = 99, ["1"] = 99 },
      stats.distribution(list))
    assert.equal(before, table.concat(list, " "))
    assert.same({ ["0.25"] = 25 }, stats.distribution(list, { 0.25 }))
  end)

  it("of nothing are nothing", function()
    assert.is_nil(stats.distribution({}))
    assert.is_nil(stats.summary({}))
  end)
end)

describe("a summary", function()
  it("has count, least, median, p95, p99, most and mean", function()
    local list = {}
    for i = 1, 200 do
      list[i] = 201 - i
    end
    assert.same({ count = 200, min = 1, median = 101, p95 = 191, p99 = 199, max = 200,
      mean = 100.5 }, stats.summary(list))
  end)

  it("is made of the latencies of ok operations, in milliseconds, for each kind", function()
    local h = history.new()
    h:ok(h:invoke(10, "n1", "read"), 10.5)
    h:ok(h:invoke(20, "n1", "read"), 22.5)
    h:ok(h:invoke(30, "n1", "add", 1), 31)
    h:info(h:invoke(40, "n1", "read"), 5040)
    h:fail(h:invoke(50, "n1", "cas"), 51)
    h:invoke(60, "n1", "read")
    local latencies = stats.latencies(h.ops)
    assert.same({ count = 2, min = 0.5, median = 2.5, p95 = 2.5, p99 = 2.5, max = 2.5, mean = 1.5 },
      latencies.read)
    assert.equal(1, latencies.add.count)
    assert.is_nil(latencies.cas)
  end)
end)

describe("a histogram", function()
  local function sum(counts)
    local total = 0
    for _, n in ipairs(counts) do
      total = total + n
    end
    return total
  end

  it("has buckets of round widths, all values and no more buckets than asked for", function()
    for largest = 0, 3000 do
      local list = { 0, largest, largest // 2 }
      local counts, width = stats.histogram(list, 10)
      assert(sum(counts) == 3 and #counts <= 10 and counts[#counts] > 0)
      assert(tostring(width):match("^[125]0*$"))
      assert(width == 1 or #counts > 3) -- and no wider than needed
    end
  end)

  it("counts a value in the bucket whose lower edge it is at or above", function()
    local counts, width = stats.histogram({ 0, 1, 49, 50, 99.5, 100, 449 }, 9)
    assert.same({ { 3, 2, 1, 0, 0, 0, 0, 0, 1 }, 50 }, { counts, width })
  end)

  it("of nothing, or of zeros, is one bucket", function()
    assert.same({ { 0 }, 1 }, { stats.histogram({}, 5) })
    assert.same({ { 3 }, 1 }, { stats.histogram({ 0, 0, 0 }, 5) })
  end)
end)
