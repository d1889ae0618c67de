-- The obvious node in plain Lua: a loop over the lines, cjson both ways, and a flush behind each
-- line, since nobody would see it else. What the benchmarks compare with.

local cjson = require "cjson"

local loop = { id = nil }

local waiting, next_id = {}, math.tointeger(arg[1]) or 1 -- callbacks of requests by msg_id

local function send(dest, body)
  io.write(cjson.encode({ src = loop.id, dest = dest, body = body }), "\n")
  io.flush()
end

function loop.request(dest, body, callback)
  body.msg_id = next_id
  waiting[next_id] = callback
  next_id = next_id + 1
  send(dest, body)
end

function loop.reply(msg, body)
  body.in_reply_to = msg.body.msg_id
  send(msg.src, body)
end

-- Runs until the input ends; handlers by message type: each returns a reply's body, or nothing.
function loop.run(handlers)
  for line in io.lines() do
    local msg = cjson.decode(line)
    local body = msg.body
    local callback = body.in_reply_to and waiting[body.in_reply_to]
    if callback then
      waiting[body.in_reply_to] = nil
      callback(body)
    elseif body.type == "init" then
      loop.id = body.node_id
      loop.reply(msg, { type = "init_ok" })
    else
      local reply = handlers[body.type](msg)
      if reply then
        loop.reply(msg, reply)
      end
    end
  end
end

return loop
