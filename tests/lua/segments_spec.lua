-- Logs on disk of many segments, and their compaction.

local durable_lab = dofile("tests/lua/durable_lab.lua")
local json = require "hearsay.json"
local randoms = require "hearsay.random"
local testing = require "hearsay.testing"

local start, ask, send = durable_lab.start, durable_lab.ask, durable_lab.send
local content_of = durable_lab.content_of
local NAME, FIRST = durable_lab.NAME, durable_lab.FIRST

describe("a log of many segments", function()
  local SEGMENT = 4096

  local function fill(nodes, from, to, keep)
    for i = from, to do
      ask(nodes, "append", { key = "k", value = ("v"):rep(50) .. i })
      if keep and i > keep then
        ask(nodes, "retain", { key = "k", offset = i - keep })
      end
      if i % 10 == 0 then
        assert.is_true(ask(nodes, "sync").ok)
      end
    end
  end

  local function many(options)
    options.args = { "segment=" .. SEGMENT }
    return start(options)
  end

  it("gives up what is not retained, for good, and begins reads behind it", function()
    local nodes = many({})
    fill(nodes, 0, 20)
    assert.equal(5, ask(nodes, "retain", { key = "k", offset = 5 }).offset)
    assert.equal(5, ask(nodes, "retain", { key = "k", offset = 3 }).offset)
    local reply = ask(nodes, "read")
    assert.same({ k = 5 }, reply.starts)
    assert.equal(16, #reply.keys.k)
    assert.equal(5, reply.keys.k[1][1])
    assert.is_false(ask(nodes, "insert", { key = "k", offset = 4, value = "late" }).is_new)
    assert.is_true(ask(nodes, "sync").ok)
    nodes:restart("n0")
    assert.same(reply, ask(nodes, "read"))
    -- Behind the end: the next one goes there.
    ask(nodes, "retain", { key = "k", offset = 100 })
    assert.equal(100, ask(nodes, "append", { key = "k", value = 1 }).offset)
  end)

  it("takes no more space than what is kept, and a few segments", function()
    local nodes, most = many({ sync_time = 1 }), 0
    for i = 0, 2999 do
      fill(nodes, i, i, 20)
      if i % 50 == 0 then
        most = math.max(most, ask(nodes, "size").bytes)
      end
    end
    assert.is_true(most < 5 * SEGMENT, tostring(most))
    assert.is_true(ask(nodes, "compact").ok)
    local size = ask(nodes, "size")
    assert.is_true(size.bytes < 3 * SEGMENT)
    local on_disk = 0
    for _, name in ipairs(nodes:files("n0")) do
      on_disk = on_disk + (name ~= NAME and #nodes:file("n0", name) or 0)
    end
    assert.is_true(on_disk >= size.bytes and on_disk <= size.bytes + 100) -- the next one's header
    nodes:restart("n0")
    assert.equal(21, #ask(nodes, "read").keys.k)
    assert.same({ size.bytes, size.segments }, { ask(nodes, "size").bytes,
      ask(nodes, "size").segments })
  end)

  it("keeps all where nothing is given up, and merges nothing that is long enough", function()
    local nodes = many({ sync_time = 1 })
    fill(nodes, 0, 500)
    local before, names = content_of(nodes), nodes:files("n0")
    assert.is_true(#names > 10)
    assert.is_true(ask(nodes, "compact").ok)
    assert.same(names, nodes:files("n0"))
    nodes:restart("n0")
    assert.equal(before, content_of(nodes))
  end)

  it("goes on while it is compacted, and waits for a second pass behind the first", function()
    local nodes = many({ sync_time = 20 })
    fill(nodes, 0, 500)
    nodes:run(1)
    ask(nodes, "retain", { key = "k", offset = 30 }) -- too little for a pass by itself
    local first, second = send(nodes, "compact"), send(nodes, "compact")
    nodes:run(0.05)
    assert.is_nil(first.at)
    local begin = nodes:now()
    assert.equal(501, ask(nodes, "append", { key = "k", value = "meanwhile" }).offset)
    assert.is_true(nodes:now() - begin < 0.001)
    nodes:run(5)
    assert.is_true(first.reply.ok and second.reply.ok)
    assert.is_true(first.at < second.at)
    assert.is_true(ask(nodes, "sync").ok)
    nodes:restart("n0")
    assert.equal(472, #ask(nodes, "read").keys.k)
  end)

  -- What comes in one turn is in one segment, however long it gets; it is looked at in many steps.
  it("looks at a long segment in steps", function()
    local nodes = many({ sync_time = 10 })
    ask(nodes, "fill", { key = "k", value = ("v"):rep(100), count = 5000 })
    assert.is_true(ask(nodes, "sync").ok)
    ask(nodes, "append", { key = "k", value = "behind it" })
    nodes:run(1)
    ask(nodes, "retain", { key = "k", offset = 2500 })
    local answer = send(nodes, "compact")
    local begin, during = nodes:now(), 0
    while not answer.at do
      assert.equal(5001 + during, ask(nodes, "append", { key = "k", value = during }).offset)
      during = during + 1
      nodes:run(0.01)
    end
    assert.is_true(answer.reply.ok)
    assert.is_true(answer.at - begin > 5 * 0.01 and during > 5) -- more than 5 steps of 128 KiB
    local before = content_of(nodes)
    assert.is_true(ask(nodes, "sync").ok)
    nodes:restart("n0")
    assert.equal(before, content_of(nodes))
    assert.is_true(ask(nodes, "size").bytes < 2501 * 150 + during * 50)
  end)

  it("rewrites nothing that has been damaged meanwhile", function()
    local seal, record = 40, 32 + 1 + 53 -- bytes: of a seal, and of the record in front of it
    for kind, damage in ipairs({
      function(bytes) return bytes:sub(1, -seal - 1) end,
      function(bytes) return bytes:sub(1, -seal - record - 1) end,
      function(bytes) return bytes:sub(1, 99) .. "?" .. bytes:sub(101) end,
      function(bytes) return bytes:sub(1, 20) end,
      function() return "" end,
      function() return false end,
    }) do
      local nodes = many({ sync_time = 1 })
      fill(nodes, 0, 200)
      nodes:run(1)
      ask(nodes, "retain", { key = "k", offset = 20 })
      local before, third = content_of(nodes), nodes:file("n0", NAME .. "+3")
      nodes:file("n0", FIRST, damage(nodes:file("n0", FIRST)))
      local reply = ask(nodes, "compact")
      assert.is_nil(reply.ok, "damage " .. kind)
      assert.matches(kind < 6 and "cannot use test.log+1: " or "cannot open test.log+1",
        reply.error, 1, true)
      assert.equal(third, nodes:file("n0", NAME .. "+3"))
      assert.equal(201, ask(nodes, "append", { key = "k", value = 1, sync = true }).offset)
      assert.is_not.equal(before, content_of(nodes)) -- it goes on
      assert.is_nil(nodes:file("n0", NAME .. "+new"))
    end
  end)

  it("ends a compaction when it is closed", function()
    local nodes = many({ sync_time = 20 })
    fill(nodes, 0, 500)
    nodes:run(1)
    local answer = send(nodes, "compact")
    nodes:run(0.05)
    ask(nodes, "close")
    nodes:run(1)
    assert.equal("test.log is closed", answer.reply.error)
    assert.is_nil(ask(nodes, "reopen").error)
    assert.equal(501, #ask(nodes, "read").keys.k)
    for _, name in ipairs(nodes:files("n0")) do
      assert.is_nil(name:find("new", 1, true))
    end
  end)

  it("is killed during compactions, at any time", function()
    for seed = 1, 60 do
      local nodes = many({ seed = seed, sync_time = 5 })
      local random = randoms.stream(seed, "kills")
      local offset, synced, start_offset = -1, -1, 0
      for _ = 1, 4 do
        for _ = 1, 30 + random:upto(100) do
          offset = ask(nodes, "append", { key = "k", value = ("v"):rep(50) }).offset
          if random:upto(10) == 1 then
            assert.is_true(ask(nodes, "sync").ok)
            synced = offset
          elseif random:upto(10) == 1 then
            start_offset = math.max(start_offset, offset - 15)
            ask(nodes, "retain", { key = "k", offset = start_offset })
          elseif random:upto(30) == 1 then
            send(nodes, "compact")
          end
          nodes:run(random:upto(4) / 1000)
        end
        nodes:restart("n0")
        assert.is_nil(ask(nodes, "open").error)
        local entries = ask(nodes, "read").keys.k
        local first = ask(nodes, "read").starts.k
        assert.is_true(first <= start_offset)
        assert.is_true(entries[#entries][1] >= synced and entries[#entries][1] <= offset)
        assert.equal(entries[#entries][1] - first + 1, #entries) -- without a gap
        offset, start_offset, synced = entries[#entries][1], first, entries[#entries][1]
        assert.is_true(ask(nodes, "sync").ok)
      end
    end
  end)

  it("checks its options", function()
    for _, options in ipairs({ 1, { segment = 4095 }, { segment = "x" }, { segment = 5000.5 },
      { segments = 5000 }, { 1 } }) do
      local nodes = testing.start(([[
        local json, logs = require "hearsay.json", require "hearsay.log"
        require "hearsay".on("try", function()
          local ok, why = pcall(logs.open, "a", json.decode(%q))
          return { type = "try_ok", ok = ok, why = why }
        end)]]):format(json.encode(options)))
      local reply = assert(nodes:ask("n0", { type = "try" }))
      assert.is_false(reply.ok)
      assert.matches("bad argument #2", reply.why, 1, true)
    end
  end)

  it("is of the old version where it was, and is taken over", function()
    -- What version 1 wrote: an entry of "k" at 5, and a commit of it.
    local old = "\x48\x45\x41\x52\x53\x41\x59\x0a\x01\x00\x00\x00\x88\x77\x66\x55\x44\x33\x22\x11"
      .. "\xca\x14\x79\xf3\xaa\xff\x60\x9b\x24\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"
      .. "\x01\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x6b\x22\x76\x22"
      .. "\x97\x46\x56\x83\x21\x00\x00\x00\x01\x00\x00\x00\x02\x01\x00\x00\x02\x00\x00\x00"
      .. "\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x6b"
    local nodes = many({})
    nodes:kill("n0")
    for _, name in ipairs(nodes:files("n0")) do
      nodes:file("n0", name, false)
    end
    nodes:file("n0", NAME, old)
    nodes:start("n0")
    assert.equal(2, ask(nodes, "open").records)
    assert.same({ k = { { 5, "v" } } }, ask(nodes, "read").keys)
    assert.same({ k = 5 }, ask(nodes, "read").committed)
    assert.same({ NAME, FIRST }, nodes:files("n0"))
    nodes:restart("n0")
    assert.equal(6, ask(nodes, "append", { key = "k", value = 1 }).offset)
  end)
end)
