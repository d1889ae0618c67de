--- Ends real nodes by kill -9 under load, and compares what they acknowledged with what they have
-- when they are back: make crash ROUNDS=500.
--
-- In each round ./node runs a challenge with its logs on disk, and takes requests as fast as it
-- can, until it is killed: anywhere in its start, its recovery, its writes and its syncs. What it
-- said until then, to the last whole line, is what a client knows. The next round begins with
-- polls of what was sent since the last answered poll of it: each message that a client knows of
-- must be there, at its offset, and nothing may be there twice, nor anything that nobody sent. Half
-- of the nodes give up what is committed, and compact their logs all the while; of these nothing
-- but that may be missing.
-- A kill leaves what the operating system has taken; what a loss of power leaves besides is for
-- the bench, which tears and loses what was not synced.
--
--     (trap '' PIPE; ./node --lua tests/crash/main.lua ROUNDS [SEED])

local json = require "hearsay.json"
local randoms = require "hearsay.random"
local sorted = require "hearsay.sorted"

local KEEP = 10
local SMALL = (" segment=4096 keep=%d"):format(KEEP)
local NODES = {
  "challenges/kafka_5a.lua durable=true most=100000",
  "challenges/kafka_5a.lua durable=true most=100000" .. SMALL,
  "challenges/kafka_5c.lua durable=true most=100000 window=0.005",
  "challenges/kafka_5c.lua durable=true most=100000 window=0.005" .. SMALL,
}
local LIFE = 25 -- rounds on one folder, which then begins empty

local rounds, seed = math.tointeger(tonumber(arg[1] or "")), tonumber(arg[2] or "1")
if not rounds or rounds < 1 or not math.tointeger(seed) then
  io.stderr:write("usage: ./node --lua tests/crash/main.lua ROUNDS [SEED]\n")
  os.exit(2)
end

local random = randoms.stream(math.tointeger(seed), "crash")
local folder = os.tmpname()
os.remove(folder)
local data, out = folder .. "/data", folder .. "/out"
local totals = { acknowledged = 0, others = 0, cut = 0, rounds = 0, given_up = 0, rewritten = 0 }

local function shell(command)
  assert(os.execute(command), command)
end

local function lines_of(path)
  local list = {}
  local file = io.open(path)
  for line in file and file:lines("L") or function() end do
    list[#list + 1] = line
  end
  if file then
    file:close()
  end
  return list
end

-- What clients know of the logs in a folder.
local function new_knowledge()
  return {
    count = 0, sent = {}, -- key to set of messages
    told = {}, place = {}, -- message to offset, and "key/offset" to message
    commits = {}, -- key to offset
    asked = {}, -- the same, whether it was acknowledged or not
    keys = {}, unchecked = {}, -- a list, and a set
  }
end

local function fail(format, ...)
  error(("seed %d, round %d: %s; the files are in %s"):format(seed, totals.rounds,
    format:format(...), folder), 0)
end

local function learn(know, key, offset, message)
  local place = key .. "/" .. offset
  if not know.sent[key][message] then
    fail("%s was never sent to %s", message, key)
  elseif (know.place[place] or message) ~= message then
    fail("%s is %s, and was %s", place, message, know.place[place])
  elseif (know.told[message] or offset) ~= offset then
    fail("%s is at %d of %s, and was at %d", message, offset, key, know.told[message])
  end
  know.told[message], know.place[place] = offset, message
end

-- A poll of what another life of the node took: it must show all that is known of it, but for what
-- it may have given up.
local function check(know, key, shown, keep)
  local given_up = (know.asked[key] or -1) + 1 - keep
  local there = {}
  for _, pair in ipairs(shown) do
    there[pair[2]] = pair[1]
  end
  for message in pairs(know.sent[key]) do
    local offset = know.told[message]
    if offset and offset < given_up and not there[message] then
      totals.given_up = totals.given_up + 1
    elseif offset and there[message] ~= offset then
      fail("%s was acknowledged at %d of %s, and is lost", message, offset, key)
    end
  end
end

local function take_replies(know, requests)
  for _, line in ipairs(lines_of(out)) do
    local body = line:sub(-1) == "\n" and assert(json.decode(line)).body or {}
    local request = requests[body.in_reply_to]
    if body.type == "error" then
      fail("%s", line)
    elseif body.type == "send_ok" then
      learn(know, request.key, body.offset, request.msg)
      totals.acknowledged = totals.acknowledged + 1
    elseif body.type == "commit_offsets_ok" then
      for key, offset in pairs(request.offsets) do
        know.commits[key] = math.max(know.commits[key] or -1, offset)
      end
    end
  end
end

local function take_polls(know, requests, keep)
  for _, line in ipairs(lines_of(out)) do
    local body = line:sub(-1) == "\n" and assert(json.decode(line)).body or {}
    local request = requests[body.in_reply_to]
    if body.type == "poll_ok" then
      local key = next(request.offsets)
      if request.checks then
        check(know, key, body.msgs[key], keep)
        know.unchecked[key] = nil
      end
      for _, pair in ipairs(body.msgs[key]) do
        learn(know, key, pair[1], pair[2])
      end
    elseif body.type == "list_committed_offsets_ok" then
      for key, least in pairs(request.least) do
        if (body.offsets[key] or -1) < least then
          fail("the committed offset of %s, %d, went back to %s", key, least, body.offsets[key])
        end
      end
    end
  end
end

-- Starts a node whose end comes after so many seconds; nil: with that of its input.
local function start(script, seconds, dead)
  local killer = seconds and ("(sleep %g; kill -9 $$; echo >%s) </dev/null >/dev/null 2>&1 &")
    :format(seconds, dead)
  return assert(io.popen(("%s exec ./node --data %s %s >%s 2>>%s/err"):format(killer or "", data,
    script, out, folder), "w"))
end

-- One life of a node. It is first asked for what is not checked yet, when it has replied to a
-- request that waits until it serves; or it is in haste, and takes requests from the beginning.
local function round(script, know, is_killed)
  local requests, id = {}, 1
  local dead = ("%s/%s%d"):format(folder, is_killed and "dead" or "ended", totals.rounds)
  local longest = random:upto(6) == 1 and 600 or 90 -- ms; in some there is time to compact a log
  local pipe = start(script, is_killed and random:upto(longest) / 1000, dead)
  local function ask(body, hidden)
    id = id + 1
    body.msg_id = id
    requests[id] = setmetatable(hidden or {}, { __index = body })
    return pipe:write(json.encode({ src = "c1", dest = "n1", body = body }), "\n")
  end
  pipe:write('{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1",'
    .. '"node_ids":["n1"]}}\n')
  if not is_killed or random:upto(4) > 1 then
    local keys, least = sorted.keys(know.unchecked), {}
    for _, key in ipairs(keys) do
      least[key] = know.commits[key]
    end
    ask({ type = "list_committed_offsets", keys = json.array(keys) }, { least = least })
    pipe:flush()
    shell(("until grep -qs list_committed %s || [ -e %s ]; do :; done"):format(out, dead))
    for _, key in ipairs(keys) do
      ask({ type = "poll", offsets = { [key] = 0 } }, { checks = true })
    end
  end
  local key, sends, is_alive = "k" .. totals.rounds, 0, is_killed
  know.unchecked[key] = know.unchecked[key] or is_killed
  know.sent[key] = know.sent[key] or {}
  know.keys[#know.keys + 1] = key
  while is_alive do
    for _ = 1, random:upto(30) do
      local kind = random:upto(12)
      if kind == 1 then
        ask({ type = "poll", offsets = { [key] = 0 } })
      elseif kind == 2 then
        local consumed = know.keys[random:upto(#know.keys)] -- of this round or another
        local offset = random:upto(4) * random:upto(4000)
        know.asked[consumed] = math.max(know.asked[consumed] or -1, offset)
        ask({ type = "commit_offsets", offsets = { [consumed] = offset } })
      else
        know.count, sends = know.count + 1, sends + 1
        know.sent[key]["m" .. know.count] = true
        ask({ type = "send", key = key, msg = "m" .. know.count })
      end
    end
    is_alive = pipe:flush() -- until nobody reads any more
    if random:upto(3) == 1 then
      shell("sleep 0.001")
    end
  end
  pipe:close()
  local before = totals.acknowledged
  take_polls(know, requests, script:find("keep=") and KEEP or math.huge)
  take_replies(know, requests)
  totals.others = totals.others + sends - (totals.acknowledged - before)
  os.remove(out)
end

-- Whether a node has compacted its log: the first segment says that it was rewritten.
local function is_rewritten()
  local file = io.open(data .. "/n1/kafka.log+1", "rb")
  local header = file and file:read(40) or ""
  if file then
    file:close()
  end
  return header:byte(25) == 2
end

shell("mkdir " .. folder)
local know
for i = 1, rounds do
  totals.rounds = i
  local script = NODES[1 + (i - 1) // LIFE % #NODES]
  if (i - 1) % LIFE == 0 then
    shell("rm -rf " .. data)
    know = new_knowledge()
  end
  round(script, know, true)
  if i % LIFE == 0 or i == rounds then -- and at last all of it
    for j = (i - 1) // LIFE * LIFE + 1, i do
      know.unchecked["k" .. j] = true
    end
    round(script, know, false)
    if next(know.unchecked) then
      fail("a poll of %s was not answered", next(know.unchecked))
    end
    totals.rewritten = totals.rewritten + (is_rewritten() and 1 or 0)
  end
end
for _, line in ipairs(lines_of(folder .. "/err")) do
  totals.cut = totals.cut + (line:find("cut off", 1, true) and 1 or 0)
end
if rounds >= #NODES * LIFE and totals.rewritten == 0 then
  fail("no log was ever compacted")
end
shell("rm -rf " .. folder)
print(("%d messages acknowledged, none of them lost, none twice; %d not acknowledged; %d tails "
  .. "cut; %d given up, in %d logs that were compacted"):format(totals.acknowledged, totals.others,
  totals.cut, totals.given_up, totals.rewritten))
print(("%d passed, 0 failed"):format(rounds))
