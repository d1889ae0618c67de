-- What the service seq-kv shows to whom: old states, but one order for all.

local randoms = require "hearsay.random"
local service_lab = dofile("tests/lua/service_lab.lua")

local new, write, read, cas = service_lab.new, service_lab.write, service_lab.read, service_lab.cas

describe("seq-kv", function()
  -- Writes 1 .. n to x.
  local function prepare(n, seed)
    local kv = new("seq-kv", seed)
    for i = 1, n do
      write(kv, "writer", "x", i)
    end
    return kv
  end

  it("shows a client its own writes", function()
    local kv = prepare(50)
    for i = 1, 100 do
      write(kv, "n1", "x", 100 + i)
      assert.equal(100 + i, (read(kv, "n1", "x")))
      write(kv, "n2", "y", i)
    end
  end)

  it("shows others any of the last 32 states, but never the newest, and never back", function()
    local kv, first = prepare(100), {}
    for client = 1, 400 do
      local last = 0
      for i = 1, 8 do
        local value = read(kv, "reader" .. client, "x")
        first[value] = first[value] or i == 1
        assert(value >= 69 and value <= 99, value)
        assert(value >= last)
        last = value
      end
    end
    for value = 69, 99 do
      assert.is_true(first[value], value)
    end
  end)

  it("may say that a key is not there yet", function()
    local missing = 0
    for seed = 1, 100 do
      local _, code = read(prepare(3, seed), "reader", "x")
      missing = missing + (code == 20 and 1 or 0)
    end
    assert.near(33, missing, 20) -- of the states 0, 1 and 2
  end)

  it("does not get to the newest state by reading again", function()
    local kv = prepare(20)
    local last
    for _ = 1, 200 do
      last = read(kv, "reader", "x")
    end
    assert.equal(19, last)
  end)

  it("gets there by a write of something new", function()
    local kv = prepare(20)
    for i = 1, 50 do
      write(kv, "fence" .. i, "fence", i)
      assert.equal(20, (read(kv, "fence" .. i, "x")))
    end
  end)

  it("does not by a write or a cas that changes nothing", function()
    for seed = 1, 50 do
      local kv = prepare(20, seed)
      write(kv, "writer", "fence", 1)
      for i = 21, 60 do
        write(kv, "writer", "x", i)
      end
      write(kv, "reader", "fence", 1)
      assert(read(kv, "reader", "x") < 60)
      local value = read(kv, "other", "x")
      cas(kv, "other", "x", value, value)
      assert(read(kv, "other", "x") < 60)
    end
  end)

  it("may do a write of an old value in the past, so that it changes nothing", function()
    local kept, done = 0, 0
    for seed = 1, 100 do
      local kv = new("seq-kv", seed)
      write(kv, "n1", "x", 1)
      write(kv, "n2", "x", 2)
      write(kv, "n3", "x", 1) -- in state 1 it is there already
      write(kv, "n2", "fence", seed)
      local value = read(kv, "n2", "x")
      kept = kept + (value == 2 and 1 or 0)
      done = done + (value == 1 and 1 or 0)
    end
    assert.near(50, kept, 25)
    assert.equal(100, kept + done)
  end)

  it("fails a cas in the past, but does one that would change something on the newest state",
    function()
      local codes = {}
      for seed = 1, 100 do
        local kv = prepare(4, seed)
        codes[cas(kv, "n2", "x", 4, 9)] = true -- only the newest state has 4
        assert.not_equal("ok", cas(kv, "n3", "x", 2, 9)) -- and only the past has 2
        write(kv, "n4", "fence", seed)
        assert.equal(4, (read(kv, "n4", "x")))
        assert.equal("ok", cas(kv, "n4", "x", 4, 9))
        assert.equal(9, (read(kv, "n4", "x")))
      end
      assert.same({ [20] = true, [22] = true }, codes)
    end)

  it("brings a client to the newest state by a cas that fails there", function()
    for seed = 1, 100 do
      local kv = prepare(2, seed)
      cas(kv, "n2", "x", 1, 9) -- in state 1 this would change something
      local value = read(kv, "n2", "x")
      assert(value ~= 9)
      if value == 2 then
        return
      end
    end
    assert(false, "never tried in state 1")
  end)

  it("loses no cas that succeeded", function()
    local kv, random = new("seq-kv"), randoms.stream(3, "clients")
    write(kv, "n0", "x", 0)
    local succeeded = 0
    for i = 1, 3000 do
      local src = "n" .. random:upto(5)
      if random:upto(3) == 1 then
        write(kv, src, "fence", i)
      end
      local value = read(kv, src, "x")
      if value and cas(kv, src, "x", value, value + 1) == "ok" then
        succeeded = succeeded + 1
      end
    end
    write(kv, "n9", "fence", "last")
    assert(succeeded > 100)
    assert.equal(succeeded, (read(kv, "n9", "x")))
  end)

  it("has one order that all clients see, which keeps that of their own operations", function()
    -- Each write is unique, so reads tell the states. A client that saw state s of one key must
    -- see of another what it was in state s or later.
    local kv, random = new("seq-kv", 4), randoms.stream(5, "clients")
    local number_of, at = { a = {}, b = {} }, { a = 0, b = 0 }
    local seen = {}
    for i = 1, 4000 do
      local src, key = "n" .. random:upto(6), random:upto(2) == 1 and "a" or "b"
      seen[src] = seen[src] or 0
      if random:upto(4) == 1 then
        write(kv, src, key, i)
        number_of[key][i] = { from = i, to = math.huge }
        if at[key] > 0 then
          number_of[key][at[key]].to = i
        end
        at[key], seen[src] = i, i
      else
        local value = read(kv, src, key)
        local period = value and number_of[key][value] or { from = 0, to = 4000 }
        assert(period.to > seen[src], "went back")
        seen[src] = math.max(seen[src], period.from)
      end
    end
  end)

  it("costs no more when there are many keys", function()
    local kv = new("seq-kv")
    for i = 1, 5000 do
      write(kv, "n1", "key " .. i, i)
    end
    local before = collectgarbage("count")
    for i = 1, 20000 do
      write(kv, "n1", "key 1", i)
    end
    collectgarbage()
    assert(collectgarbage("count") - before < 1000)
    assert.equal(20000, (read(kv, "n1", "key 1")))
    assert.equal(77, (read(kv, "n1", "key 77")))
  end)
end)
