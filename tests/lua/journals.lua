-- Message journals for specs: written by hand, or of a real run.

local json = require "hearsay.json"
local runner = require "sim.runner"
local trial = require "sim.trial"

local Journal = {}
Journal.__index = Journal

local journals = {}

function journals.new()
  return setmetatable({ lines = {}, sent = {} }, Journal)
end

function Journal:write(time, event, id)
  self.lines[#self.lines + 1] = json.encode({ time = time, event = event, id = id,
    message = self.sent[id] }, true) .. "\n"
end

--- A message is sent.
function Journal:send(id, time, src, dest, body)
  self.sent[id] = { src = src, dest = dest, body = body }
  self:write(time, "send", id)
end

--- It is received.
function Journal:receive(id, time)
  self:write(time, "recv", id)
end

function Journal:text()
  return table.concat(self.lines)
end

--- The journal of a run, its servers, and when its load began.
function journals.of_run(arguments)
  local opts, world = assert(trial.options(arguments, "test")), nil
  local run = assert(runner.run(opts, function(w)
    world = w
    w:journal() -- turns it on
  end))
  return world:journal(), opts.nodes, run.start_us
end

return journals
