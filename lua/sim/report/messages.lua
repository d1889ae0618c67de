--- The message journal of a run as columns, for the pictures of the report.
--
-- A picture needs of a message when and from whom to whom it went, not its body, so 100,000 of them
-- are some 1.5 MB of JSON: times are differences, and what many messages share, sender,
-- receiver, type and latency, stands once, as a *route*. Everything is numbered from 0, as in
-- JavaScript, where lua/sim/report/page/messages.js takes the columns apart again:
--
--     count           how many messages were sent
--     end_us          when the journal ends, in microseconds since the load began
--     route_from, route_to, route_type, route_latency
--                     a column each of the routes; microseconds from sent to received
--     route           of each message
--     sent            of each: microseconds since the one before; of the first since the load began
--     late            of each: microseconds beyond its route's latency
--     lost            messages that nobody received, as differences
--     twice           those that were received more than once, as differences
--     heads           of each: what its body says, shortened; "" where there was no room
--     spread          which messages carried which value, see sim.report.spread
--
-- The journal is read twice or three times, which takes some 2 s for 100,000 messages.
-- @module sim.report.messages

local columns = require "sim.report.columns"
local journal = require "sim.report.journal"
local json = require "hearsay.json"
local spread = require "sim.report.spread"

local HEAD, FIELD = 160, 28 -- characters of a body, and of one field in it, that are shown
local HEADS_BYTES = 1000000 -- all of them together

local messages = {}

local function cut(text, limit)
  if #text <= limit then
    return text
  end
  local stop = utf8.offset(text, 0, limit - 2) -- where the character begins that does not fit
  return text:sub(1, stop - 1) .. "…"
end

-- A field's value, shortened before it is encoded where it is long.
local function brief(v)
  if math.type(v) == "integer" then
    return tostring(v)
  elseif json.is_array(v) and #v > FIELD then -- each takes a character at least
    v = json.array(table.move(v, 1, FIELD, 1, {}))
  end
  return cut(json.encode(v, true), FIELD)
end

-- What a body says: its fields by name, but for the type, which has a column.
local function head_of(body)
  local names, count = {}, 0
  for name in pairs(body) do
    if name ~= "type" then
      count = count + 1
      names[count] = name
    end
  end
  table.sort(names)
  for i = 1, count do
    names[i] = names[i] .. " " .. brief(body[names[i]])
  end
  return cut(table.concat(names, ", "), HEAD)
end

-- Heads of messages while there is room: those between servers first, each in the order of
-- sending. `add(place, body, is_between)` takes one, `finish()` returns the list.
local function headings()
  local self, heads, is_between, rooms = {}, {}, {}, { [true] = HEADS_BYTES, [false] = HEADS_BYTES }
  function self.add(place, body, between)
    local head = rooms[between] > 0 and head_of(body) or ""
    rooms[between] = rooms[between] - #head
    heads[place], is_between[place] = head, between
  end
  function self.finish()
    local room = HEADS_BYTES
    for _, first in ipairs({ true, false }) do
      for i, head in ipairs(heads) do
        if is_between[i] == first then
          room = room - #head
          heads[i] = room >= 0 and head or ""
        end
      end
    end
    return json.array(heads)
  end
  return self
end

-- The columns while they grow. `number(id)` is the number of a node.
local function recorder(start_us, servers, number)
  local self = {}
  local is_server = {}
  local types, type_number = columns.numbering()
  local from, to = json.array({}), json.array({})
  local kinds, latency = json.array({}), json.array({})
  local route, sent, late, heads = json.array({}), json.array({}), json.array({}), headings()
  local sent_us, received, twice, routes_by_key = {}, {}, {}, {}
  local last_us = start_us
  for _, id in ipairs(servers) do
    is_server[id] = true
  end

  local function route_of(message)
    local src, dest = number(message.src), number(message.dest)
    local kind = type_number(message.body.type)
    local key = (src << 40) | (dest << 16) | kind
    if not routes_by_key[key] then
      local at = #from + 1
      routes_by_key[key] = at
      from[at], to[at], kinds[at], latency[at] = src, dest, kind, 0
    end
    return routes_by_key[key]
  end

  function self.send(line, place)
    local message = line.message
    route[place] = route_of(message) - 1
    sent_us[place] = line.time
    sent[place] = line.time - last_us
    last_us = line.time
    late[place] = 0
    heads.add(place, message.body, is_server[message.src] and is_server[message.dest] or false)
  end

  -- The first message of a route that arrives sets its latency.
  local is_set = {}
  function self.receive(line, place)
    if received[place] then
      twice[#twice + 1] = place
      return
    end
    received[place] = true
    local latency_us, at = line.time - sent_us[place], route[place] + 1
    if not is_set[at] then
      is_set[at], latency[at] = true, latency_us
    end
    late[place] = latency_us - latency[at]
  end

  function self.finish(end_us)
    local lost, again = {}, {}
    for place = 1, #sent do
      lost[#lost + 1] = not received[place] and place or nil
    end
    table.sort(twice)
    for i, place in ipairs(twice) do
      again[#again + 1] = place ~= twice[i - 1] and place or nil
    end
    return {
      count = #sent, end_us = end_us - start_us, route = route, sent = sent, late = late,
      route_from = from, route_to = to, route_type = kinds, route_latency = latency,
      lost = columns.differences(lost), twice = columns.differences(again),
      heads = heads.finish(),
    }, types
  end

  return self
end

--- Reads the journal.
-- @tparam table run see sim.report.render; `journal`, `results` and `opts` are used
-- @tparam function number from the id of a node to its number, from 0
-- @treturn[1] table the columns, see above, ready to be encoded
-- @treturn[1] {string,...} the types
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the journal, and in which line
function messages.columns(run, number)
  local servers, start_us = run.opts.nodes, run.results["start-us"]
  local record, end_us = recorder(start_us, servers, number), start_us
  local count, why = journal.each(run.journal, function(line, place)
    end_us = line.time
    if line.event == "send" then
      record.send(line, place)
    else
      record.receive(line, place)
    end
  end)
  if not count then
    return nil, why
  end
  local out, types = record.finish(end_us)
  out.spread = spread.read(run.journal, servers)
  return out, types
end

return messages
