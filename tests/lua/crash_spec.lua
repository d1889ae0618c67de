-- A log on disk, in its first segment, is killed at every point of a script of appends, commits and
-- syncs, and whatever the disk can have made of what was not synced: any length of it, and any part
-- of its records.

local durable_lab = dofile("tests/lua/durable_lab.lua")
local json = require "hearsay.json"
local logs = require "hearsay.log"

local content, content_of = durable_lab.content, durable_lab.content_of
local NAME, SYNC = durable_lab.FIRST, 0.05

-- The changes, and where syncs begin and end: "sync" begins one, "pause" lets it end, and what is
-- between them is written while it is under way.
local STEPS = {
  { "append", { key = "a", value = 1 } }, { "commit", { key = "a", offset = 0 } },
  "sync", { "append", { key = "b", value = "during the first sync" } }, "pause",
  { "insert", { key = "a", offset = 9, value = { 1, 2 } } }, { "append", { key = "a", value = 3 } },
  "sync", "pause", "sync", "pause",
  { "append", { key = "", value = json.null } }, { "commit", { key = "b", offset = 7 } },
  { "append", { key = "b", value = ("long"):rep(20) } }, "sync",
  { "commit", { key = "b", offset = 8 } }, { "append", { key = "c", value = 1.5 } },
}

local function change(l, step)
  local kind, body = step[1], step[2]
  if kind == "append" then
    l:append(body.key, body.value)
  elseif kind == "insert" then
    l:insert(body.key, body.offset, body.value)
  else
    l:commit(body.key, body.offset)
  end
end

-- Logs with the first so many changes.
local function changed(count)
  local l = logs.new()
  for _, step in ipairs(STEPS) do
    if type(step) == "table" and count > 0 then
      change(l, step)
      count = count - 1
    end
  end
  return l
end

local states = {} -- what they have then
for count = 0, #STEPS do
  states[count] = content(changed(count))
end

-- Runs the first steps. Returns the nodes, where each of the records ends in the file, [0] for the
-- header, and how many of them were synced for sure.
local function run(count)
  local nodes = durable_lab.start({ sync_time = SYNC * 1000 })
  local ends, synced, replies = { [0] = #nodes:file("n0", NAME) }, 0, 0
  for i = 1, count do
    local step = STEPS[i]
    if step == "sync" then
      local covered = #ends
      nodes.cluster:client():request("n0", { type = "sync" }, 10, function(reply)
        assert(reply.ok)
        synced, replies = covered, replies + 1
      end)
      nodes:run(SYNC / 2)
    elseif step == "pause" then
      nodes:run(SYNC)
    else
      local body = { type = step[1] }
      for key, value in pairs(step[2]) do
        body[key] = value
      end
      assert(nodes:ask("n0", body))
      ends[#ends + 1] = #nodes:file("n0", NAME)
    end
  end
  return nodes, ends, synced
end

-- What a node makes of a file.
local function recover(nodes, bytes)
  nodes:kill("n0")
  nodes:file("n0", NAME, bytes)
  nodes:start("n0")
  local opened = durable_lab.ask(nodes, "open")
  if opened.error then
    return nil, opened.error
  end
  return content_of(nodes), opened
end

describe("a log that is killed", function()
  it("has what was synced and a prefix of the rest, at every point and every tear", function()
    local tears = 0
    for count = 0, #STEPS do
      local nodes, ends, synced = run(count)
      local bytes = nodes:file("n0", NAME)
      local whole = synced
      for length = ends[synced], #bytes do
        while ends[whole + 1] and ends[whole + 1] <= length do
          whole = whole + 1
        end
        local found, opened = recover(nodes, bytes:sub(1, length))
        assert.equal(states[whole], found)
        assert.equal(length - ends[whole], opened.cut_bytes)
        tears = tears + 1
      end
    end
    assert(tears > 500, tears)
  end)

  it("has no record behind one that is missing, whatever others came to the disk", function()
    local holes = 0
    for count = 0, #STEPS do
      local nodes, ends, synced = run(count)
      local bytes = nodes:file("n0", NAME)
      for lost = 1, (1 << (#ends - synced)) - 1 do
        local parts, first = { bytes:sub(1, ends[synced]) }, nil
        for i = synced + 1, #ends do
          local is_lost = lost >> (i - synced - 1) & 1 == 1
          first = first or (is_lost and i or nil)
          local record = bytes:sub(ends[i - 1] + 1, ends[i])
          parts[#parts + 1] = is_lost and ("\0"):rep(#record) or record
        end
        local found, opened = recover(nodes, table.concat(parts))
        assert.equal(states[first - 1], found)
        assert.equal(#bytes - ends[first - 1], opened.cut_bytes)
        holes = holes + 1
      end
    end
    assert(holes > 50, holes)
  end)

  it("is refused where something that was synced is missing, and a later record knows", function()
    local nodes, ends, synced = run(#STEPS)
    local bytes, refused = nodes:file("n0", NAME), 0
    for i = 1, synced do
      local damaged = bytes:sub(1, ends[i - 1]) .. ("\0"):rep(ends[i] - ends[i - 1])
        .. bytes:sub(ends[i] + 1)
      local found, message = recover(nodes, damaged)
      assert.is_nil(found)
      assert.matches(("the record at byte %d is damaged"):format(ends[i - 1]), message, 1, true)
      assert.equal(damaged, nodes:file("n0", NAME))
      refused = refused + 1
    end
    assert(refused >= 5, refused)
  end)

  -- The tail that was cut must not join on to what is written in its place.
  it("takes up nothing of a tail that it has cut", function()
    local nodes, ends, synced = run(#STEPS)
    local bytes = nodes:file("n0", NAME)
    assert.equal(states[synced], (recover(nodes, bytes:sub(1, ends[synced]) .. "\0"
      .. bytes:sub(ends[synced] + 2))))
    assert(nodes:ask("n0", { type = "append", key = "new", value = 1, sync = true }))
    local found, l = recover(nodes, nodes:file("n0", NAME)), changed(synced)
    l:append("new", 1)
    assert.equal(content(l), found)
  end)
end)
