-- Logs on disk, in nodes that are killed.

local durable_lab = dofile("tests/lua/durable_lab.lua")
local logs = require "hearsay.log"
local randoms = require "hearsay.random"
local testing = require "hearsay.testing"

local start, ask = durable_lab.start, durable_lab.ask
local content, content_of = durable_lab.content, durable_lab.content_of
local NAME, FIRST = durable_lab.NAME, durable_lab.FIRST

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
      local states = { [0] = content(model) }
      for _ = 1, 3 do -- lives of the node
        for _ = 1, random:upto(12) do
          local kind, fields, change = draw(random, #done + 1)
          ask(nodes, kind, fields)
          change(model)
          done[#done + 1] = change
          states[#done] = content(model)
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
        assert.equal(states[found.records], content_of(nodes), "seed " .. seed)
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
      local whole = content_of(nodes)
      for _ = 1, 3 do
        nodes:restart("n0")
        assert.same({ type = "open_ok", in_reply_to = 1, records = 20, cut_bytes = 0 },
          ask(nodes, "open"))
        assert.equal(whole, content_of(nodes))
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
