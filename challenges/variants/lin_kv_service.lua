#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Registers that are those of the service lin-kv: requests are handed on, replies handed back.
--
-- Idea: what is linearizable there is so here.
--
-- Cost: a request to the service and its reply; nodes say nothing to each other, and keep nothing.
--
-- Weakness: it needs the service. A request that the network brings there twice is done twice, and
-- the second may come late, or say that a cas failed that was done.

local kv = require "hearsay.kv"
local node = require "hearsay"

local function serve(name, fields, ask)
  node.on(name, fields, function(msg)
    local value, err = ask(msg.body)
    if value == nil then
      error(err, 0)
    end
    return { type = name .. "_ok", value = name == "read" and value or nil }
  end)
end

serve("read", { key = "any" }, function(body)
  return kv.lin:read(body.key)
end)

serve("write", { key = "any", value = "any" }, function(body)
  return kv.lin:write(body.key, body.value)
end)

serve("cas", { key = "any", from = "any", to = "any" }, function(body)
  return kv.lin:cas(body.key, body.from, body.to)
end)
