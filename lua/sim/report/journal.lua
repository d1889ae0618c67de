--- Visits the message journal of a run, `messages.jsonl`, event by event; what is in it: sim.files.
--
-- The text of a journal of 100,000 messages is 30 MB, and as tables it would be some 300: so it is
-- read anew by each who wants to know something. With all checks that takes 0.5 s, and again 0.2 s,
-- since then only what was sent is decoded.
-- @module sim.report.journal

local json = require "hearsay.json"
local stored = require "sim.stored"

local journal = {}

-- What does not fit what came before, or nil. `places` are those of the messages so far.
local function contradiction(event, places)
  local place = places[event.id]
  if type(event.message.body.type) ~= "string" then
    return ("message %d has no type; expected a text"):format(event.id)
  elseif event.event == "send" and place then
    return ("message %d is sent a second time"):format(event.id)
  elseif event.event == "recv" and not place then
    return ("message %d is received, but was not sent before"):format(event.id)
  end
end

--- Visits the events in their order. Each message is sent once, before it is received, and time
-- does not run backwards: who visits may rely on that.
-- @tparam string text of messages.jsonl
-- @tparam function visit called with the event, see sim.stored, and the message's place among those
--   sent, from 1
-- @treturn[1] integer how many messages were sent
-- @treturn[2] nil
-- @treturn[2] string what is wrong, and in which line
function journal.each(text, visit)
  local places, count, number, wrong = {}, 0, 0, nil
  local ok, why = stored.messages(text, function(event)
    number = number + 1
    local what = not wrong and contradiction(event, places)
    if what then
      wrong = ("messages.jsonl, line %d: %s"):format(number, what)
    elseif not wrong then
      if event.event == "send" then
        count = count + 1
        places[event.id] = count
      end
      visit(event, places[event.id])
    end
  end)
  if wrong or not ok then
    return nil, wrong or why
  end
  return count
end

-- How the bench writes that a message was received. The rest of the line is as when it was sent.
local RECEIVED = '^{"time":(%d+),"event":"recv","id":(%d+),'

--- Visits them once more, when `each` has found nothing wrong.
-- @tparam string text of messages.jsonl, or the first lines of it
-- @tparam function visit see each
function journal.again(text, visit)
  local under_way, places, count = {}, {}, 0
  for line in text:gmatch("[^\n]+") do
    local time, id = line:match(RECEIVED)
    id = id and math.tointeger(id)
    local message = id and under_way[id]
    if message then
      visit({ time = math.tointeger(time), event = "recv", id = id, message = message },
        places[id])
      under_way[id] = nil
    else -- it is sent, or received once more, or written in another order
      local event = json.decode(line)
      if event.event == "send" then
        count = count + 1
        places[event.id] = count
        under_way[event.id] = event.message
      end
      visit(event, places[event.id])
    end
  end
end

return journal
