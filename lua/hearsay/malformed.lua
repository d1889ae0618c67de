--- What is returned for something from the network that is not of its form: nil and error 12.
--
--     if math.type(time) ~= "integer" then
--       return malformed("lamport", "a time, an integer", time)
--     end
-- @module hearsay.malformed

local brief = require "hearsay.brief"
local errors = require "hearsay.errors"

-- @tparam string what was to be taken in
-- @tparam string expected
-- @param got what came instead
-- @treturn nil
-- @treturn table error malformed_request
return function(what, expected, got)
  return nil, errors.new("malformed_request", ("%s: expected %s, got %s"):format(what, expected,
    brief(got)))
end
