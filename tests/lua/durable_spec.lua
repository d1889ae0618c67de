-- Logs on disk, in nodes that are killed.

local json = require "hearsay.json"
local logs = require "hearsay.log"
local randoms = require "hearsay.random"
local testing = require "hearsay.testing"

local SCRIPT, NAME, FIRST = "tests/lua/fixtures/durable.lua", "test.log", "test.log+1"

local function start(options)
  return testing.start(SCRIPT, options)
end

local function ask(nodes, type, fields)
  local body = { type = type }
  for key, value in pairs(fields or {}) do
    body[key] = value
  end
  return assert(nodes:ask("n0", body))
end

-- A request whose reply is noted when it comes: {reply, at (seconds)}.
local function send(nodes, type, fields)
  local body, answer = { type = type }, {}
  for key, value in pairs(fields or {}) do
    body[key] = value
  end
  nodes.cluster:client():request("n0", body, 10, function(reply, err)
    answer.reply, answer.err, answer.at = reply, err, nodes:now()
  end)
  return answer
end

-- All that logs have, as text: each key's entries and committed offset, in byte order.
local function text_of(order, keys, committed)
  local parts = {}
  for i, key in ipairs(order) do
    parts[i] = ("%s %s %s"):format(key, json.encode(keys[key]), committed[key])
  end
  return table.concat(parts, "\n")
end

local function content(nodes)
  local reply = ask(nodes, "read")
  return text_of(reply.order, reply.keys, reply.committed)
end

local function same_content(l)
  local keys, committed = {}, {}
  for _, key in ipairs(l:keys()) do
    keys[key], committed[key] = json.decode(tostring((l:read(key)))), l:committed(key)
  end
  return text_of(l:keys(), keys, committed)
end

-- One random change of the logs: the request for it, and a function that does it to logs.
local function draw(random, i)
  local key, value = "k" .. random:upto(3), ("v"):rep(random:upto(20)) .. i
  local kind = random:upto(4)
  if kind == 1 then
    local offset = 1000 + random:upto(100000)
    return "insert", { key = key, offset = offset, value = value }, function(l)
      l:insert(key, offset, value)
    end
  elseif kind == 2 then
    return "commit", { key = key, offset = i }, function(l) l:commit(key, i) end
  end
  return "append", { key = key, value = value }, function(l) l:append(key, value) end
end

describe("logs on disk", function()
  -- What is left is what some of the first changes made, and all that were synced are among them.
  it("lose a suffix to a kill, never what was synced nor anything in the middle", function()
    local lost, torn, kept = 0, 0, 0
    for seed = 1, 150 do
      local random = randoms.stream(seed, "changes")
      local nodes = start({ seed = seed })
      local model, done, synced = logs.new(), {}, 0
      local states = { [0] = same_content(model) }
      for _ = 1, 3 do -- lives of the node
        for _ = 1, random:upto(12) do
          local kind, fields, change = draw(random, #done + 1)
          ask(nodes, kind, fields)
          change(model)
          done[#done + 1] = change
          states[#done] = same_content(model)
          if random:upto(6) == 1 then
            assert.is_true(ask(nodes, "sync").ok)
            synced = #done
          end
        end
        nodes:restart("n0")
        local found = ask(nodes, "open")
        assert.is_nil(found.error)
        assert.is_true(found.records >= synced and found.records <= #done,
          ("seed %d: %d of %d, %d were synced"):format(seed, found.records, #done, synced))
        assert.equal(states[found.records], content(nodes), "seed " .. seed)
        lost = lost + #done - found.records
        torn = torn + (found.cut_bytes > 0 and 1 or 0)
        kept = kept + (found.records - synced)
        -- It goes on from what is left, which survives from now on.
        model, synced = logs.new(), found.records
        done = table.move(done, 1, synced, 1, {})
        for _, change in ipairs(done) do
          change(model)
        end
      end
    end
    assert.is_true(lost > 300 and torn > 100 and kept > 300,
      ("lost %d, torn %d, kept %d"):format(lost, torn, kept))
  end)

  it("keep what was synced, whatever comes then", function()
    for seed = 1, 50 do
      local nodes = start({ seed = seed })
      for i = 1, 20 do
        ask(nodes, "append", { key = "k", value = i })
      end
      assert.is_true(ask(nodes, "sync").ok)
      local whole = content(nodes)
      for _ = 1, 3 do
        nodes:restart("n0")
        assert.same({ type = "open_ok", in_reply_to = 1, records = 20, cut_bytes = 0 },
          ask(nodes, "open"))
        assert.equal(whole, content(nodes))
      end
    end
  end)

  it("are torn at the same byte by the same seed", function()
    local function torn(seed)
      local nodes, lengths = start({ seed = seed }), {}
      for life = 1, 10 do
        for i = 1, 5 do
          ask(nodes, "append", { key = "k", value = i })
        end
        nodes:restart("n0")
        lengths[life] = #nodes:file("n0", FIRST)
      end
      return lengths
    end
    assert.same(torn(1), torn(1))
    assert.not_same(torn(1), torn(2))
  end)

  it("say what they cut off, and go on behind it", function()
    local nodes = start()
    ask(nodes, "append", { key = "k", value = "first", sync = true })
    nodes:kill("n0")
    local bytes = nodes:file("n0", FIRST)
    nodes:file("n0", FIRST, bytes .. bytes:sub(-30, -7))
    nodes:start("n0")
    assert.same(24, ask(nodes, "open").cut_bytes)
    assert.truthy(nodes:log("n0"):find(("%s: cut off 24 bytes behind byte %d of segment 1: the "
      .. "record at byte %d is not whole: it ends early"):format(NAME, #bytes, #bytes), 1, true))
    ask(nodes, "append", { key = "k", value = "second", sync = true })
    nodes:restart("n0")
    assert.same({ records = 2, cut_bytes = 0 }, {
      records = ask(nodes, "open").records, cut_bytes = ask(nodes, "open").cut_bytes })
    assert.same({ k = { { 0, "first" }, { 1, "second" } } }, ask(nodes, "read").keys)
  end)

  it("begin anew when not even the mark was whole", function()
    for length = 0, 40 do
      local nodes = start()
      nodes:kill("n0")
      nodes:file("n0", NAME, nodes:file("n0", NAME):sub(1, length))
      nodes:start("n0")
      assert.is_nil(ask(nodes, "open").error)
      ask(nodes, "append", { key = "k", value = 1, sync = true })
      nodes:restart("n0")
      assert.equal(1, ask(nodes, "open").records)
    end
  end)

  local function refused(name, bytes, why)
    local nodes = start()
    nodes:kill("n0")
    nodes:file("n0", name, bytes)
    nodes:start("n0")
    local message = ask(nodes, "open").error
    assert.truthy(message and message:find(why, 1, true), message)
    assert.equal(bytes, nodes:file("n0", name)) -- nothing was damaged
    return message
  end

  it("refuse a file that is damaged in front of whole records", function()
    local nodes = start()
    for i = 1, 3 do
      ask(nodes, "append", { key = "k", value = i, sync = true })
    end
    local bytes = nodes:file("n0", FIRST)
    local at = #bytes - 40
    refused(FIRST, bytes:sub(1, at - 1) .. "X" .. bytes:sub(at + 1),
      "cannot use test.log+1: the record at byte 74 is damaged: ")
  end)

  it("refuse what is no log, and a newer version", function()
    refused(NAME, ("x"):rep(100), "cannot use test.log: it is not a log")
    -- The checksum of this header was computed by another program.
    local newer = "HEARSAY\n\3\0\0\0" .. ("\0"):rep(8) .. "\x36\x5f\xeb\xb2"
    for _, name in ipairs({ NAME, FIRST }) do
      assert.equal(("cannot use %s: its format is version 3, and this program knows versions up to "
        .. "2"):format(name), refused(name, newer, "its format"))
    end
  end)

  it("are opened once at a time, and in a node that has its id", function()
    local nodes = start()
    assert.equal("cannot lock test.log: it is in use by this node", ask(nodes, "reopen").error)
    nodes = start()
    ask(nodes, "append", { key = "k", value = 1 })
    ask(nodes, "close")
    local _, err = nodes:ask("n0", { type = "append", key = "k", value = 2 })
    assert.truthy(err.text:find("the log is closed", 1, true))
    assert.is_nil(ask(nodes, "reopen").error)
    assert.same({ k = { { 0, 1 } } }, ask(nodes, "read").keys)

    local _, message = pcall(testing.start, 'require "hearsay.log".open("x")')
    assert.truthy(message:find("before init a node has no files", 1, true), message)
    assert.has_error(function() logs.open("x") end,
      "log.open: there is no node here, and so no folder for its files")
    for _, name in ipairs({ "", "..", "a/b", ".hidden", "-x", "a b", "a\0b", ("x"):rep(201) }) do
      assert.has_error(function() logs.open(name) end)
      local ok, why = pcall(logs.open, name)
      assert.is_false(ok)
      assert.truthy(why:find("expected the name of a file", 1, true))
    end
  end)
end)

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
    local before, names = content(nodes), nodes:files("n0")
    assert.is_true(#names > 10)
    assert.is_true(ask(nodes, "compact").ok)
    assert.same(names, nodes:files("n0"))
    nodes:restart("n0")
    assert.equal(before, content(nodes))
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
    local before = content(nodes)
    assert.is_true(ask(nodes, "sync").ok)
    nodes:restart("n0")
    assert.equal(before, content(nodes))
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
      local before, third = content(nodes), nodes:file("n0", NAME .. "+3")
      nodes:file("n0", FIRST, damage(nodes:file("n0", FIRST)))
      local reply = ask(nodes, "compact")
      assert.is_nil(reply.ok, "damage " .. kind)
      assert.matches(kind < 6 and "cannot use test.log+1: " or "cannot open test.log+1",
        reply.error, 1, true)
      assert.equal(third, nodes:file("n0", NAME .. "+3"))
      assert.equal(201, ask(nodes, "append", { key = "k", value = 1, sync = true }).offset)
      assert.is_not.equal(before, content(nodes)) -- it goes on
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
