--- A value in a few words, for errors: its JSON text, cut to 60 bytes where that is longer. The cut
-- is between two characters, since the text goes into a reply, which is UTF-8.
-- @module hearsay.brief

local json = require "hearsay.json"

local LENGTH = 60

-- @param value anything; what has no JSON text is told by its type
-- @treturn string
return function(value)
  if value == nil then
    return "nothing"
  end
  local ok, text = pcall(json.encode, value)
  if not ok then
    return type(value)
  end
  local stop = LENGTH
  while stop > 0 and text:find("^[\x80-\xBF]", stop + 1) do
    stop = stop - 1
  end
  return text:sub(1, stop)
end
