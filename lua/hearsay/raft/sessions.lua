--- What makes each change happen once, though it may be in the log twice.
--
-- A server forwards a request again when it hears nothing, perhaps to another leader, and the
-- network repeats messages. So a command says who asks and its number there, and this table, which
-- is part of the replicated state, has the results of those that are done:
--
--     {origin, session, number, floor, operation}
--
--     session  grows from one start of the origin to the next, where its numbers begin again
--     floor    the origin waits for no number below: their results are forgotten
--
-- A command of an older session, or below the floor, is passed over: nobody waits for it. As each
-- server has the same log, each passes over the same ones. Memory: a result for each request that
-- an origin waits for.
--
-- Source: D. Ongaro, Consensus: Bridging Theory and Practice, 2014, section 6.3.
-- @module hearsay.raft.sessions

local json = require "hearsay.json"

local Sessions = {}
Sessions.__index = Sessions

local sessions = {}

function sessions.new()
  return setmetatable({ by_origin = {} }, Sessions)
end

--- Does a command, if it was not done before.
-- @tparam table command see above
-- @tparam function apply called with the operation, returns its result
-- @return the result; nil when the command was passed over
function Sessions:run(command, apply)
  local origin, session, number, floor, operation = table.unpack(command)
  local own = self.by_origin[origin]
  if not own or session > own.session then
    own = { session = session, floor = 1, done = {} }
    self.by_origin[origin] = own
  end
  if session < own.session or number < own.floor or own.done[number] ~= nil then
    return nil
  end
  for forgotten = own.floor, floor - 1 do
    own.done[forgotten] = nil
  end
  own.floor = math.max(own.floor, floor)
  own.done[number] = apply(operation)
  return own.done[number]
end

--- The result of what an origin asked, or nil.
function Sessions:result(origin, session, number)
  local own = self.by_origin[origin]
  return own and own.session == session and own.done[number] or nil
end

--- All of it, as JSON takes it.
function Sessions:save()
  local saved = {}
  for origin, own in pairs(self.by_origin) do
    local done = json.array()
    for number, result in pairs(own.done) do
      done[#done + 1] = json.array({ number, result })
    end
    table.sort(done, function(a, b) return a[1] < b[1] end)
    saved[origin] = { session = own.session, floor = own.floor, done = done }
  end
  return saved
end

--- Takes what save returned in place of what is here.
function Sessions:load(saved)
  self.by_origin = {}
  for origin, own in pairs(saved) do
    local done = {}
    for _, pair in ipairs(own.done) do
      done[pair[1]] = pair[2]
    end
    self.by_origin[origin] = { session = own.session, floor = own.floor, done = done }
  end
end

return sessions
