--- What a run leaves on disk: `store/<workload>/<time>/`, and `store/latest`, a link to it. Which
-- files, and what is in them: sim.files.
-- @module sim.store

local json = require "hearsay.json"

local Store = {}
Store.__index = Store

local store = {}

local function quote(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

local function shell(command)
  local ok, _, code = os.execute(command)
  if not ok then
    error(("cannot write results: %s: exit status %d"):format(command, code), 0)
  end
end

--- Makes the folder for a run. The folder's name is the time of day, which is not part of
-- anything that the run computes; a second run in the same second gets a suffix.
-- @tparam string root such as `store`
-- @tparam string workload
-- @treturn store
function store.open(root, workload)
  local name = workload:match("([^/]*)%.lua$") or workload -- a workload may be a file
  local base = ("%s/%s/%s"):format(root, name, os.date("%Y%m%dT%H%M%S"))
  local path, suffix = base, 1
  while os.rename(path, path) do
    suffix = suffix + 1
    path = base .. "-" .. suffix
  end
  shell("mkdir -p " .. quote(path .. "/node-logs"))
  return setmetatable({ root = root, path = path }, Store)
end

--- Writes one file of the run.
-- @tparam string name
-- @tparam string text
function Store:write(name, text)
  local path = self.path .. "/" .. name
  local file, message = io.open(path, "w")
  if not file then
    error("cannot write results: " .. message, 0)
  end
  local ok, why = file:write(text)
  local closed, why_not = file:close()
  if not (ok and closed) then
    error(("cannot write results: %s: %s"):format(path, why or why_not), 0)
  end
end

--- Writes the history.
function Store:write_history(history)
  local lines = {}
  for i, op in ipairs(history) do
    local line = {}
    for key, value in pairs(op) do
      line[key] = value
    end
    lines[i] = json.encode(line, true)
  end
  lines[#lines + 1] = ""
  self:write("history.jsonl", table.concat(lines, "\n"))
end

--- Points `latest` to this run.
function Store:link_latest()
  local target = self.path:sub(#self.root + 2)
  shell(("ln -sfn %s %s"):format(quote(target), quote(self.root .. "/latest")))
end

return store
