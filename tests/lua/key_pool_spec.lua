-- Keys that are drawn, written and retired.

local key_pool = require "sim.workloads.key_pool"
local randoms = require "hearsay.random"

describe("a pool of keys", function()
  local function pool(opts)
    return key_pool.new(opts, randoms.stream(1, "pool"))
  end

  it("draws reads and writes half and half", function()
    local p, writes = pool({ max_writes_per_key = 1000000 }), 0
    for _ = 1, 10000 do
      local _, message = p:draw()
      writes = writes + (message and 1 or 0)
    end
    assert.is_true(math.abs(writes - 5000) < 200, "writes: " .. writes)
  end)

  it("has ten keys, each twice as likely as the one before", function()
    local p, counts = pool({ max_writes_per_key = 1000000 }), {}
    for _ = 1, 102300 do
      local key = p:draw()
      counts[key] = (counts[key] or 0) + 1
    end
    for key = 4, 9 do
      local expected = 100 * 2 ^ key
      assert.is_true(math.abs(counts[key] - expected) < 5 * expected ^ 0.5,
        ("key %d: %d, expected %d"):format(key, counts[key], expected))
    end
    assert.is_nil(counts[10])
  end)

  it("has as many as are asked for", function()
    local p = pool({ key_count = 1, max_writes_per_key = 1000000 })
    for _ = 1, 100 do
      assert.equal(0, (p:draw()))
    end
    assert.is_true(pool({ key_count = 5000, max_writes_per_key = 1 }):draw() > 4900)
  end)

  it("writes 1, 2, 3, .. to each, as often as is allowed", function()
    local p, last, highest = pool({ max_writes_per_key = 16 }), {}, 0
    for _ = 1, 5000 do
      local key, message = p:draw()
      if message then
        assert.equal((last[key] or 0) + 1, message)
        assert.is_true(message <= 16)
        last[key], highest = message, math.max(highest, key)
      end
    end
    local full = 0
    for _, message in pairs(last) do
      full = full + (message == 16 and 1 or 0)
    end
    assert.is_true(highest > 130 and highest < 170, "highest: " .. highest)
    assert.is_true(full >= highest - 9, "full: " .. full)
  end)
end)
