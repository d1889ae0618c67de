-- Histories of workload kafka as text, an operation a line, for the specs of its checker:
--
--     n1 send a 7 @3            process 1, on n1, sends 7 to key a and gets offset 3
--     n1 send a 7 info          .. and nobody knows what became of it; or fail
--     n2 poll a 3:7 4:9 b 0:1   polls a and b; `n2 poll` shows nothing, `n2 poll info` fails
--     n2 poll a 3:7 commit a=3  and says what it asked to commit
--     n2 assign a b             is assigned to a and b, while the node lists no committed offsets
--     n2 assign a b list a=3    .. while it lists one
--     n2 assign a b seek        .. from the beginning, and asks for none
--     n2 crash                  the client gives up
--     n2.5 poll                 process 5, on n2
--     15-42 n2 poll             begins at 15 ms and ends at 42
--
-- The i-th line begins at 10 * i ms and takes 1 ms, unless it says otherwise.

local history = dofile("tests/lua/history.lua")

local function offsets(words)
  local map = {}
  for _, word in ipairs(words) do
    local key, offset = word:match("^(%w+)=(%-?%d+)$")
    map[assert(key, word)] = math.tointeger(offset)
  end
  return map
end

-- Splits a list of words at one of them.
local function split(words, at)
  for i, word in ipairs(words) do
    if word == at then
      return table.move(words, 1, i - 1, 1, {}), table.move(words, i + 1, #words, 1, {})
    end
  end
  return words
end

local parsers = {}

function parsers.send(words)
  local offset = words[3]:match("^@(%-?%d+)$")
  return {
    value = { key = words[1], msg = math.tointeger(words[2]) },
    outcome = offset and "ok" or words[3], result = math.tointeger(offset),
  }
end

function parsers.poll(words)
  if words[1] == "info" or words[1] == "fail" then
    return { outcome = words[1] }
  end
  local shown, committed = split(words, "commit")
  local msgs, list = {}, nil
  for _, word in ipairs(shown) do
    local offset, message = word:match("^(%-?%d+):(.+)$")
    if not offset then
      list = {}
      msgs[word] = list
    else
      message = tonumber(message) or message
      list[#list + 1] = { math.tointeger(offset), message }
    end
  end
  return { outcome = "ok", result = msgs, commit = committed and offsets(committed) }
end

function parsers.assign(words)
  local outcome = "ok"
  if words[#words] == "info" or words[#words] == "fail" then
    outcome = table.remove(words)
  end
  local keys, listed = split(words, "list")
  local seek = keys[#keys] == "seek" and table.remove(keys) ~= nil or nil
  return {
    value = { keys = keys, seek_to_beginning = seek }, outcome = outcome,
    result = outcome == "ok" and (seek or offsets(listed or {})) or nil,
  }
end

function parsers.crash()
  return { outcome = "info" }
end

local function parse_line(line, number)
  local from, to, rest = line:match("^%s*(%d+)%-(%d+)%s+(.*)$")
  from, to = from or number * 10, to or number * 10 + 1
  local words = {}
  for word in (rest or line):gmatch("%S+") do
    words[#words + 1] = word
  end
  local node, process = table.remove(words, 1):match("^(n%d+)%.?(%d*)$")
  local f = table.remove(words, 1)
  local parsed = parsers[f](words)
  parsed.f, parsed.node, parsed.process = f, node, math.tointeger(process)
  return parsed, tonumber(from), tonumber(to)
end

-- The operations of a text.
local function parse(text)
  local h, events = history.new(), {}
  local number = 0
  for line in text:gmatch("[^\n]*%S[^\n]*") do
    number = number + 1
    local parsed, from, to = parse_line(line, number)
    local op
    events[#events + 1] = { at = from, place = #events, act = function()
      op = h:invoke(from, parsed.node, parsed.f, parsed.value)
      op.process = parsed.process or op.process
      op.commit = parsed.commit
    end }
    events[#events + 1] = { at = to, place = #events, act = function()
      h[parsed.outcome](h, op, to, parsed.outcome == "ok" and parsed.result or nil)
    end }
  end
  table.sort(events, function(a, b)
    return a.at < b.at or a.at == b.at and a.place < b.place
  end)
  for _, event in ipairs(events) do
    event.act()
  end
  return h.ops
end

return { parse = parse }
