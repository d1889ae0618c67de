--- The word that somebody meant who wrote another.
-- @module sim.nearest

local command_line = require "hearsay.command_line"

local nearest = {}

--- The word of a list that was probably meant: one that begins with what was written, or that is
-- few edits away from it (see core/base/nearest.h).
-- @function nearest.find
-- @tparam string word
-- @tparam {string,...} list
-- @treturn string; or nil when none is near
nearest.find = command_line.nearest

--- What to say of a word that is not in a list.
-- @treturn string "did you mean X?" or "expected one of A, B, C"
function nearest.hint(word, list)
  local meant = nearest.find(word, list)
  return meant and ("did you mean %s?"):format(meant)
    or (#list > 1 and "expected one of " or "expected ") .. table.concat(list, ", ")
end

return nearest
