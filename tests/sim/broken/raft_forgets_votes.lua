--- Broken: a server that was killed knows its term and its log, but not whom it voted for, and
-- votes once more: two lead in one term, and what one of them has committed is overwritten.

local storage = require "hearsay.raft.storage"

local open = storage.open

function storage.open(...)
  local self, found = open(...)
  found.vote = nil
  return self, found
end
