--- A run, read back from the folder that it left: see sim.files for what is in it.
--
-- The files may have been edited, cut off by a full disk or written by another version, so nothing
-- in them is taken on trust. Each reader returns the value, or nil and one sentence that names the
-- file, the line and what was expected there.
-- @module sim.stored

local extension = require "sim.extension"
local json = require "hearsay.json"
local mix = require "sim.mix"
local options = require "sim.options"
local shapes = require "sim.shapes"
local sorted = require "hearsay.sorted"

local stored = {}

--- The version of run.json.
stored.FORMAT = 1

local OUTCOMES = { ok = true, fail = true, info = true }

-- Raised by the checks below and caught by `guarded`, so that they read as a list.
local Wrong = {}

local function wrong(where, expected, got)
  local text = got == nil and "nothing" or json.encode(got, true)
  if #text > 60 then
    text = text:sub(1, 58) .. ".."
  end
  error(setmetatable({ text = ("%s: expected %s, not %s"):format(where, expected, text) }, Wrong))
end

local function guarded(read, ...)
  local ok, value = pcall(read, ...)
  if ok then
    return value
  elseif getmetatable(value) == Wrong then
    return nil, value.text
  end
  error(value, 0)
end

local function is_whole(v)
  return math.type(v) == "integer" and v >= 0
end

local function is_object(v)
  return type(v) == "table" and not json.is_array(v)
end

local checks = {
  whole = { "a whole number from 0 up", is_whole },
  integer = { "a whole number", function(v) return math.type(v) == "integer" end },
  text = { "a text", function(v) return type(v) == "string" end },
  boolean = { "true or false", function(v) return type(v) == "boolean" end },
  list = { "an array", function(v) return json.is_array(v) end },
  object = { "an object", is_object },
  outcome = { "ok, fail or info", function(v) return OUTCOMES[v] end },
}

-- Checks fields of an object: name and kind by turns; a kind that ends with ? may be missing.
local function check_fields(object, where, fields)
  for i = 1, #fields, 2 do
    local name, kind = fields[i], fields[i + 1]
    local is_optional = kind:sub(-1) == "?"
    local expected, fits = table.unpack(checks[is_optional and kind:sub(1, -2) or kind])
    local v = object[name]
    if not (is_optional and v == nil) and not fits(v) then
      wrong(("%s: %s"):format(where, name), expected, v)
    end
  end
end

local function check_texts(list, where)
  for i, text in ipairs(list) do
    if type(text) ~= "string" then
      wrong(("%s: element %d"):format(where, i), "a text", text)
    end
  end
end

local function decode_object(text, where)
  local object, why = json.decode(text, true)
  if object == nil then
    error(setmetatable({ text = ("%s: not JSON: %s"):format(where, why) }, Wrong))
  elseif not is_object(object) then
    wrong(where, "an object", object)
  end
  return object
end

local function at_line(name, number)
  return ("%s, line %d"):format(name, number)
end

-- Calls back with each line of a file of JSON lines and its number. The last line has its line
-- feed too: without it the file was cut off.
local function each_line(text, name, visit)
  local number = 0
  for line, ending in text:gmatch("([^\n]*)(\n?)") do
    if line == "" and ending == "" then
      break
    end
    number = number + 1
    if ending == "" then
      error(setmetatable({ text = at_line(name, number) .. ": cut off: it has no line feed" },
        Wrong))
    end
    visit(line, number)
  end
end

local function read_meta(text)
  local meta = decode_object(text, "run.json")
  if meta.format ~= stored.FORMAT then
    wrong("run.json: format", tostring(stored.FORMAT), meta.format)
  end
  check_fields(meta, "run.json", { "workload", "text", "script", "text", "arguments", "list",
    "duration-us", "integer", "faults", "list", "contents", "list?" })
  check_texts(meta.arguments, "run.json: arguments")
  local is_known = extension.is_file(meta.workload)
  for _, name in ipairs(options.workloads) do
    is_known = is_known or name == meta.workload
  end
  if not is_known then
    wrong("run.json: workload", "one of " .. table.concat(options.workloads, ", "), meta.workload)
  end
  for i, fault in ipairs(meta.faults) do
    local where = ("run.json: fault %d"):format(i)
    if not is_object(fault) then
      wrong(where, "an object", fault)
    end
    check_fields(fault, where, { "number", "whole", "fault", "text", "text", "text",
      "from-us", "integer", "to-us", "integer", "silenced", "list?", "cut", "object?" })
    check_texts(fault.silenced or {}, where .. ": silenced")
    for id, others in pairs(fault.cut or {}) do
      if not json.is_array(others) then
        wrong(("%s: cut: %s"):format(where, id), "an array", others)
      end
      check_texts(others, ("%s: cut: %s"):format(where, id))
    end
  end
  for i, of_node in ipairs(meta.contents or {}) do
    local where = ("run.json: contents %d"):format(i)
    if not is_object(of_node) then
      wrong(where, "an object", of_node)
    end
    check_fields(of_node, where, { "node", "text", "values", "list", "error", "text?" })
    for at, pair in ipairs(of_node.values) do
      if not json.is_array(pair) or #pair == 0 then
        wrong(("%s: value %d"):format(where, at), "an array of name and value", pair)
      end
    end
  end
  return meta
end

--- Reads run.json.
-- @tparam string text
-- @treturn[1] table format, workload, script, arguments, duration-us, faults, contents
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function stored.meta(text)
  return guarded(read_meta, text)
end

local OPERATION = {
  "process", "integer", "worker", "whole", "node", "text", "f", "text", "final", "boolean?",
  "invoke_us", "whole", "invoke_index", "whole", "complete_us", "whole?",
  "complete_index", "whole?", "outcome", "outcome?", "error", "object?", "planned", "boolean?",
}

local function check_operation(op, where, last_index)
  check_fields(op, where, OPERATION)
  if op.invoke_index <= last_index then
    wrong(where .. ": invoke_index", "a number above " .. last_index, op.invoke_index)
  end
  for _, name in ipairs({ "complete_us", "complete_index" }) do
    if (op[name] == nil) ~= (op.outcome == nil) then
      wrong(("%s: %s"):format(where, name), op.outcome and "one, since it has an outcome"
        or "none, since it has no outcome", op[name])
    end
  end
  if op.outcome and (op.complete_us < op.invoke_us or op.complete_index <= op.invoke_index) then
    wrong(where .. ": complete_us and complete_index", "an end after the beginning",
      json.array({ op.complete_us, op.complete_index }))
  elseif op.error then
    check_fields(op.error, where .. ": error", { "name", "text", "text", "text",
      "definite", "boolean?" })
  end
end

-- Checks what an operation was given and answered, by the workload's shapes.
local function check_shape(op, where, functions)
  local shape = functions[op.f]
  if not shape then
    wrong(where .. ": f", "one of " .. table.concat(sorted.keys(functions), ", "), op.f)
  elseif not shape[1][2](op.value) then
    wrong(where .. ": value", shape[1][1], op.value)
  elseif op.outcome == "ok" and not shape[2][2](op.result) then
    wrong(where .. ": result", shape[2][1], op.result)
  elseif op.f == "txn" and op.outcome == "ok" and #op.result ~= #op.value then
    wrong(where .. ": result", ("an array of %d, as the value is"):format(#op.value), op.result)
  end
end

-- Beginnings and ends are numbered through, which checkers rely on: one loops over all places.
local function check_places(history)
  local seen, count = {}, 0
  for _, op in ipairs(history) do
    for _, name in ipairs({ "invoke_index", "complete_index" }) do
      local place = op[name]
      if place and seen[place] then
        wrong(("history.jsonl: %s"):format(name), "no number twice", place)
      end
      if place then
        seen[place], count = true, count + 1
      end
    end
  end
  for place = 1, count do
    if not seen[place] then
      wrong("history.jsonl: invoke_index and complete_index",
        ("all numbers from 1 to %d, %d among them"):format(count, place), nil)
    end
  end
end

local function read_history(text, workload)
  local history, last_index = {}, 0
  each_line(text, "history.jsonl", function(line, number)
    local where = at_line("history.jsonl", number)
    local op = decode_object(line, where)
    check_operation(op, where, last_index)
    if shapes[workload] then -- one of a file has what its own checker knows
      check_shape(op, where, shapes[workload])
    end
    last_index = op.invoke_index
    history[#history + 1] = op
  end)
  check_places(history)
  return history
end

--- Reads history.jsonl.
-- @tparam string text
-- @tparam string workload
-- @treturn[1] {operation,...} see sim.checkers
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function stored.history(text, workload)
  return guarded(read_history, text, workload)
end

-- Whether an event of the journal is as it should be. There are hundreds of thousands of them, so
-- this looks before what says what is wrong.
local function is_sound(event, last_us)
  local message = is_object(event) and event.message
  return is_object(message) and is_whole(event.time) and event.time >= last_us
    and (event.event == "send" or event.event == "recv") and is_whole(event.id)
    and type(message.src) == "string" and type(message.dest) == "string"
    and is_object(message.body)
end

-- Says what is wrong with an event that is not sound.
local function refuse_event(line, where, last_us)
  local event = decode_object(line, where)
  check_fields(event, where, { "time", "whole", "event", "text", "id", "whole",
    "message", "object" })
  if event.event ~= "send" and event.event ~= "recv" then
    wrong(where .. ": event", "send or recv", event.event)
  elseif event.time < last_us then
    wrong(where .. ": time", "none before that of the line before", event.time)
  end
  check_fields(event.message, where .. ": message", { "src", "text", "dest", "text",
    "body", "object" })
end

local function visit_messages(text, visit)
  local last_us = 0
  each_line(text, "messages.jsonl", function(line, number)
    local event = json.decode(line, true)
    if not is_sound(event, last_us) then
      refuse_event(line, at_line("messages.jsonl", number), last_us)
    end
    last_us = event.time
    visit(event)
  end)
  return true
end

--- Reads messages.jsonl.
-- @tparam string text
-- @tparam function visit called with each event: time (of the bench's clock), event, id, message
-- @treturn[1] true
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function stored.messages(text, visit)
  return guarded(visit_messages, text, visit)
end

local function read_results(text)
  local results = decode_object(text, "results.json")
  check_fields(results, "results.json", { "net", "object", "exceptions", "object", "seed", "whole",
    "start-us", "whole", "fingerprint", "text?", "interrupted", "boolean?" })
  local valid = results["valid?"]
  if type(valid) ~= "boolean" and valid ~= "unknown" then
    wrong("results.json: valid?", 'true, false or "unknown"', valid)
  end
  for _, kind in ipairs({ "all", "clients", "servers" }) do
    local counts, where = results.net[kind], "results.json: net: " .. kind
    if not is_object(counts) then
      wrong(where, "an object", counts)
    end
    check_fields(counts, where, { "msg-count", "whole", "send-count", "whole",
      "recv-count", "whole" })
  end
  check_fields(results.exceptions, "results.json: exceptions", { "exceptions", "list" })
  for i, problem in ipairs(results.exceptions.exceptions) do
    local where = ("results.json: exception %d"):format(i)
    if not is_object(problem) then
      wrong(where, "an object", problem)
    end
    check_fields(problem, where, { "node", "text", "time", "integer", "text", "text" })
  end
  return results
end

--- Reads results.json.
-- @tparam string text
-- @treturn[1] table see sim.results
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function stored.results(text)
  return guarded(read_results, text)
end

local function slurp(folder, name)
  local file, why = io.open(folder .. "/" .. name, "rb")
  local text = file and file:read("a")
  if file then
    file:close()
  end
  if not text then -- a folder can be opened, but not read
    why = why and why:match("[^:]*$"):gsub("^ ", "") or "is a folder"
    error(setmetatable({ text = ("%s: %s; expected the folder of a run, with the files that "
      .. "./sim help format tells of"):format(name, why) }, Wrong))
  end
  return text
end

local function take(value, why)
  if value == nil then
    error(setmetatable({ text = why }, Wrong))
  end
  return value
end

local function read_folder(folder)
  local meta = take(stored.meta(slurp(folder, "run.json")))
  local opts, why = options.parse(meta.arguments, "test")
  if not opts then
    error(setmetatable({ text = "run.json: arguments: " .. why }, Wrong))
  end
  local faults = {}
  for i, fault in ipairs(meta.faults) do
    faults[i] = { number = fault.number, fault = fault.fault, text = fault.text,
      from_us = fault["from-us"], to_us = fault["to-us"], silenced = fault.silenced,
      cut = fault.cut }
  end
  return {
    folder = folder, opts = opts, workload = meta.workload, script = meta.script, faults = faults,
    duration_us = meta["duration-us"], contents = meta.contents,
    results = take(stored.results(slurp(folder, "results.json"))),
    history = take(stored.history(slurp(folder, "history.jsonl"), meta.workload)),
    journal = slurp(folder, "messages.jsonl"),
  }
end

--- Reads the folder of a run.
-- @tparam string folder
-- @treturn[1] table folder, opts (see sim.options), workload, script, faults and duration_us (see
--   sim.runner), contents (or nil), results, history, journal (the text of messages.jsonl)
-- @treturn[2] nil
-- @treturn[2] string what is wrong, in one line
function stored.open(folder)
  local run, why = guarded(read_folder, folder)
  return run, why and ("%s: %s"):format(folder, why)
end

local function array(list)
  return list and json.array(table.move(list, 1, #list, 1, {}))
end

local function encode_fault(fault)
  local cut = fault.cut and {}
  for id, others in pairs(fault.cut or {}) do
    cut[id] = array(others)
  end
  return { number = fault.number, fault = fault.fault, text = fault.text,
    ["from-us"] = fault.from_us, ["to-us"] = fault.to_us, silenced = array(fault.silenced),
    cut = cut }
end

--- The text of run.json.
-- @tparam table run what trial.run returned
-- @tparam table opts what trial.options returned, with `arguments`
-- @treturn string
function stored.encode_meta(run, opts)
  local faults = json.array({})
  for i, fault in ipairs(run.faults) do
    faults[i] = encode_fault(fault)
  end
  local contents = run.contents and json.array({})
  for i, of_node in ipairs(run.contents or {}) do
    local values = json.array({})
    for at, pair in ipairs(of_node.values) do
      values[at] = json.array({ pair[1], pair[2] })
    end
    contents[i] = { node = of_node.node, values = values,
      error = of_node.error and tostring(of_node.error) }
  end
  return json.encode({
    format = stored.FORMAT, workload = run.workload, script = opts.script_name,
    arguments = json.array(mix.apply(opts.arguments, { seed = ("%d"):format(run.seed) })),
    ["duration-us"] = run.duration_us, faults = faults, contents = contents,
  }, true) .. "\n"
end

return stored
