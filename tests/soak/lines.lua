-- The messages of a soak, by number, and what must be in their replies. Sizes go from a few bytes
-- to some ten thousand, so that buffers grow and shrink.

local lines = {}

local BROADCASTS = 5000 -- that there are, so that what a node keeps has an end
local PER_READ = 20000 -- broadcasts to a read
local filler = ("0123456789abcdef"):rep(2048)

-- Of the i-th echo, as text.
local function payload(i)
  local length = i % 1000 == 999 and 32000 or i * 7919 % 400
  return i .. filler:sub(1, length)
end

local function message(i, body)
  return ('{"id":%d,"src":"c%d","dest":"n1","body":{"msg_id":%d,%s}}\n'):format(i, i % 7, i + 1,
    body)
end

local function is_read(i)
  return i % PER_READ == PER_READ - 1
end

local requests = {
  echo = function(i) return ('"type":"echo","echo":"%s"'):format(payload(i)) end,
  broadcast = function(i)
    return is_read(i) and '"type":"read"'
      or ('"type":"broadcast","message":%d'):format(i % BROADCASTS)
  end,
}

local replies = {
  echo = function(i) return ('"echo":"%s"'):format(payload(i)) end,
  broadcast = function(i) return is_read(i) and '"type":"read_ok"' or '"type":"broadcast_ok"' end,
}

--- The i-th request, from 0; that one is the init.
function lines.request(kind, i)
  if i == 0 then
    return message(0, '"type":"init","node_id":"n1","node_ids":["n1"]')
  end
  return message(i, requests[kind](i))
end

--- Whether a line is the reply to the i-th request.
function lines.is_reply(kind, i, line)
  return line:find(('"in_reply_to":%d,'):format(i + 1), 1, true) ~= nil
    and (i == 0 or line:find(replies[kind](i), 1, true) ~= nil)
end

return lines
