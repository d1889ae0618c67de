--- Workloads and faults of somebody's own: where an option takes the name of one, it takes the path
-- of a Lua file, too, which returns it. So one is tried without a change to the bench:
--
--     ./sim test -w leader.lua --nemesis one_link.lua,kill --bin "./node mine.lua"
--
-- What a workload is: sim.workloads; a fault: sim.nemesis.faults. Here it is only seen that the
-- file has one. It is run as a part of the bench, with all that Lua can do.
-- @module sim.extension

local extension = {}

local loaded = {} -- by path, so that a run and its report have the same one

local function is_callable(value)
  return type(value) == "function"
end

local function is_list(value)
  return type(value) == "table" and value[1] ~= nil
end

-- What is missing of a workload, or nil.
local function lack_of_workload(workload)
  if not is_list(workload.types) then
    return "types, a list of the message types that a node for it handles"
  elseif not is_callable(workload.generator) then
    return "generator, a function"
  elseif not is_callable(workload.check) then
    return "check, a function"
  elseif not is_callable(workload.perform)
    and not (is_callable(workload.request) and is_callable(workload.result)) then
    return "request and result, or perform: functions"
  end
end

local function lack_of_fault(fault)
  if not is_callable(fault.begin) then
    return "begin, a function"
  end
end

local function load_table(path, what, lack)
  if loaded[path] then
    return loaded[path]
  end
  local chunk, message = loadfile(path, "t")
  if not chunk then
    return nil, message
  end
  local ok, result = xpcall(chunk, function(err)
    return type(err) == "string" and err or "it raises " .. tostring(err)
  end)
  if not ok then
    return nil, result
  elseif type(result) ~= "table" then
    return nil, ("%s: expected a file that returns a %s, a table, not a %s"):format(path, what,
      type(result))
  end
  local missing = lack(result)
  if missing then
    return nil, ("%s: expected a %s with %s"):format(path, what, missing)
  end
  loaded[path] = result
  return result
end

--- Whether a name is that of a file.
-- @tparam string name
-- @treturn boolean
function extension.is_file(name)
  return name:find("%.lua$") ~= nil
end

--- The workload of a file.
-- @tparam string path
-- @treturn[1] table see sim.workloads
-- @treturn[2] nil
-- @treturn[2] string what is wrong with it
function extension.workload(path)
  local workload, message = load_table(path, "workload", lack_of_workload)
  if workload then
    workload.idempotent = workload.idempotent or {}
  end
  return workload, message
end

--- The fault of a file.
-- @tparam string path
-- @treturn[1] table see sim.nemesis.faults
-- @treturn[2] nil
-- @treturn[2] string what is wrong with it
function extension.fault(path)
  return load_table(path, "fault", lack_of_fault)
end

return extension
