--- A client of a simulated cluster: sends a request, waits for its reply or for time to run out.
--
-- One request at a time, as Maelstrom's clients do. After a time-out whatever still comes for the
-- old request is passed over.
-- @module sim.client

local errors = require "hearsay.errors"

local Client = {}
Client.__index = Client

local client = {}

--- Adds a client to a world.
-- @tparam world world
-- @tparam string id such as `c7`
-- @treturn client
function client.new(world, id)
  local self = setmetatable({ world = world, id = id, last_msg_id = 0 }, Client)
  world:add(id, "client", function(body)
    self:receive(body)
  end)
  return self
end

function Client:receive(body)
  local waiting = self.waiting
  if not waiting or body.in_reply_to ~= self.last_msg_id then
    return
  end
  self.waiting = nil
  waiting.timer:cancel()
  if body.type == "error" then
    waiting.done(nil, errors.from_body(body))
  else
    waiting.done(body)
  end
end

--- Sends a request.
-- @tparam string dest node id
-- @tparam table body the client adds msg_id
-- @tparam number timeout seconds
-- @tparam function done called once: with the reply's body; or with nil and an error object
function Client:request(dest, body, timeout, done)
  assert(not self.waiting, "a client has one request at a time")
  self.last_msg_id = self.last_msg_id + 1
  body.msg_id = self.last_msg_id
  self.waiting = {
    done = done,
    timer = self.world:after(timeout, function()
      self.waiting = nil
      done(nil, errors.new("timeout", ("no reply from %s within %g s"):format(dest, timeout)))
    end),
  }
  self.world:send(self.id, dest, body)
end

--- Leaves the cluster.
function Client:close()
  self.world:close(self.id)
end

return client
