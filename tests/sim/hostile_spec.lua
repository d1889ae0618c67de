-- Bodies that are well-formed JSON and nothing else: whatever a challenge is asked, it answers with
-- what it expected instead, is not harmed, and keeps its state.

local json = require "hearsay.json"
local lab = require "hearsay.testing"
local random_streams = require "hearsay.random"
local sorted = require "hearsay.sorted"

local BODIES = 150 -- for each message type of each script

-- What a right request has, beside its type. Fields of messages between nodes are in none of them:
-- those get random ones.
local fields = {
  echo = { echo = "hi" },
  broadcast = { message = 1 },
  topology = { topology = { n0 = json.array({ "n1" }) } },
  add = { delta = 1, element = 1 },
  send = { key = "k", msg = 1 },
  poll = { offsets = { k = 0 } },
  commit_offsets = { offsets = { k = 0 } },
  list_committed_offsets = { keys = json.array({ "k" }) },
  read = { key = "k" },
  write = { key = "k", value = 1 },
  cas = { key = "k", from = 1, to = 2 },
  txn = { txn = json.array({ json.array({ "w", 1, 2 }), json.array({ "r", 1, json.null }) }) },
}

-- What shows a script's state, for those of its types that do.
local looks = {
  read = { type = "read", key = "k" },
  poll = { type = "poll", offsets = { k = 0, a = 0, [""] = 0 } },
  list_committed_offsets = { type = "list_committed_offsets", keys = json.array({ "k", "a", "" }) },
  txn = { type = "txn", txn = json.array({ json.array({ "r", 1, json.null }),
    json.array({ "r", 2, json.null }) }) },
}

local NAMES = { "type", "key", "msg", "delta", "element", "message", "offsets", "keys", "txn",
  "values", "from", "version", "session", "epoch", "entries", "window", "a", "" }

local function deep(levels)
  local v = json.array()
  for _ = 1, levels do
    v = json.array({ v })
  end
  return v
end

local any -- a random value

local leaves = {
  function() return json.null end,
  function(random) return random:unit() < 0.5 end,
  function(random) return random:upto(5) - 3 end,
  function() return math.maxinteger end,
  function() return math.mininteger end,
  function() return 1 << 53 end,
  function() return 0.5 end,
  function() return -1e300 end,
  function() return 1.0 end,
  function() return "" end,
  function() return "k" end,
  function() return "\0\"\u{1F600}" end,
  function() return ("x"):rep(5000) end,
  function() return json.array() end,
  function() return {} end,
  function() return deep(100) end,
}

local function pick(random, list)
  return list[random:upto(#list)]
end

function any(random, depth)
  local choice = depth > 3 and 1 or random:unit()
  if choice < 0.2 then
    local list = json.array()
    for i = 1, random:upto(4) do
      list[i] = any(random, depth + 1)
    end
    return list
  elseif choice < 0.35 then
    local object = {}
    for _ = 1, random:upto(3) do
      object[pick(random, NAMES)] = any(random, depth + 1)
    end
    return object
  end
  return pick(random, leaves)(random)
end

-- A request of a type, with something changed in most cases: deeper or at its top.
local function spoil(random, value)
  if type(value) ~= "table" or random:unit() < 0.3 then
    return any(random, 0)
  end
  local copy, keys = json.is_array(value) and json.array() or {}, {}
  for key, field in pairs(value) do
    copy[key], keys[#keys + 1] = field, key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  if keys[1] then
    local key = pick(random, keys)
    copy[key] = spoil(random, copy[key])
  end
  return copy
end

local function body_of(random, message_type)
  local right, body = fields[message_type] or {}, {}
  for _, name in ipairs(sorted.keys(right)) do
    local choice = random:unit()
    if choice > 0.15 then
      body[name] = choice > 0.7 and right[name] or spoil(random, right[name])
    end
  end
  for _ = 1, random:upto(3) - 1 do
    local name = pick(random, NAMES)
    body[name] = body[name] or any(random, 0)
  end
  body.type = message_type
  return body
end

local function state_of(nodes, types)
  local state = {}
  for _, message_type in ipairs(types) do
    if looks[message_type] then
      state[#state + 1] = nodes:ask("n0", looks[message_type], 2)
    end
  end
  return json.encode(state)
end

local function attack(script, seed)
  local random = random_streams.stream(seed, script)
  local nodes = lab.start(script, { nodes = 2, seed = seed })
  local types = nodes.world:types("n0")
  local refused = 0
  for _, message_type in ipairs(types) do
    for _ = 1, BODIES do
      local body = body_of(random, message_type)
      local before = state_of(nodes, types)
      local reply, err = nodes:ask("n0", body, 2)
      local what = script .. ": " .. json.encode(body):sub(1, 300)
      local is_of_clients = fields[message_type] or looks[message_type]
      assert(reply or err.definite or (err.name == "timeout" and not is_of_clients),
        what .. ": " .. tostring(err))
      if err and err.name == "malformed_request" then
        refused = refused + 1
        assert(err.text:find("expected", 1, true), what .. ": " .. err.text)
        assert.equal(before, state_of(nodes, types), what)
      end
      local log = nodes:log("n0")
      assert(not log:find("stack traceback:", 1, true), what .. "\n" .. log)
    end
  end
  return refused, types
end

describe("bodies of every form", function()
  local list = assert(io.popen("ls challenges/*.lua"))
  for script in list:lines() do
    it("do no harm to " .. script, function()
      local refused, types = attack(script, 1)
      for _, message_type in ipairs(types) do
        local takes_all = ({ topology = true, echo = true, read = true })[message_type]
        assert(takes_all or not fields[message_type] or refused > 10, "hardly anything was refused")
      end
    end)
  end
  list:close()
end)
