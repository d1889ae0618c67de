-- The lines that the benchmarks feed to nodes, as Maelstrom writes them, in files.

local inputs = {}

local INIT = '{"id":0,"src":"c0","dest":"n0","body":'
  .. '{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0","n1"]}}\n'

-- Writes a file of init and `count` messages; `body(i, folder)` is the text of the i-th without its
-- braces.
-- @treturn string its path
function inputs.write(folder, name, count, body)
  local path = ("%s/%s_%d.txt"):format(folder, name, count)
  local file = assert(io.open(path, "w"))
  assert(file:write(INIT))
  for i = 1, count do
    assert(file:write(('{"id":%d,"src":"c%d","dest":"n0","body":{%s,"msg_id":%d}}\n')
      :format(i, i % 5, body(i, folder), i + 1)))
  end
  assert(file:close())
  return path
end

function inputs.echo(i)
  return ('"echo":"Please echo %d","type":"echo"'):format(i % 100)
end

function inputs.generate()
  return '"type":"generate"'
end

function inputs.broadcast(i)
  return ('"type":"broadcast","message":%d'):format(i)
end

-- A hundred integers, of which each comes ten times, as gossip repeats itself.
function inputs.merge(i)
  local values = {}
  for k = 1, 100 do
    values[k] = 100000 + (i * 10 + k) % 1000000
  end
  return ('"type":"merge","values":[%s]'):format(table.concat(values, ","))
end

-- Broadcasts first, reads then.
function inputs.read(values)
  return function(i)
    return i <= values and inputs.broadcast(i) or '"type":"read"'
  end
end

function inputs.kafka_send(i)
  return ('"type":"send","key":"%d","msg":%d'):format(i % 10, i)
end

-- 100 entries of one key each time, when 2,000 were sent to ten keys.
function inputs.kafka_poll(i)
  if i <= 2000 then
    return inputs.kafka_send(i)
  end
  return ('"type":"poll","offsets":{"%d":%d}'):format(i % 10, i % 100)
end

local first -- request

--- The number of a node's first request, with the seed that nodes have here. It is not 1: a node
-- must not take an answer to one of an earlier run for its own.
function inputs.first_request(folder)
  if not first then
    local path = inputs.write(folder, "ask", 1, function() return '"type":"ask","key":1' end)
    local pipe = assert(io.popen("./node --seed 1 tests/bench/scripts/rpc.lua 2>&1 <" .. path))
    first = math.tointeger(pipe:read("a"):match('"msg_id":(%d+)'))
    pipe:close()
  end
  return first
end

-- A question, and the answer to what the node asks because of it.
function inputs.rpc(i, folder)
  local number = (i + 1) // 2
  if i % 2 == 1 then
    return ('"type":"ask","key":%d'):format(number)
  end
  return ('"type":"get_ok","in_reply_to":%d,"value":%d')
    :format(inputs.first_request(folder) + number - 1, number * 3)
end

function inputs.timers(i)
  return i <= 1000 and '"type":"start","times":100' or '"type":"go"'
end

return inputs
