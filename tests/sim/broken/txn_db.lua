-- What the nodes that are wrong with transactions have in common: keys with values, and running a
-- transaction's micro-operations on them.

local json = require "hearsay.json"
local node = require "hearsay"

local db = {}

-- A transaction's view of a state: `reads` looks a key up, `writes` takes what is written.
local operations = {
  r = function(view, key)
    return view.get(key)
  end,
  w = function(view, key, v)
    view.set(key, v)
    return v
  end,
  append = function(view, key, element)
    local old = view.get(key)
    local list = json.array(type(old) == "table" and table.move(old, 1, #old, 1, {}) or {})
    list[#list + 1] = element
    view.set(key, list)
    return element
  end,
}

-- Runs micro-operations. `view` has get(key), which returns the value or null, and set(key, value).
function db.run(ops, view)
  local done = json.array({})
  for i, op in ipairs(ops) do
    done[i] = { op[1], op[2], operations[op[1]](view, op[2], op[3]) }
  end
  return done
end

-- A view of a state that keeps the writes for itself: `writes` by key, `keys` in the order in which
-- they were first written, `seen` by key what was read from the state.
function db.buffered(state)
  local view = { writes = {}, keys = {}, seen = {} }
  function view.get(key)
    local v = view.writes[key]
    if v == nil then
      v = state[key]
      v = v == nil and json.null or v
      view.seen[key] = v
    end
    return v
  end
  function view.set(key, v)
    if view.writes[key] == nil then
      view.keys[#view.keys + 1] = key
    end
    view.writes[key] = v
  end
  return view
end

-- A view that reads and writes a state itself.
function db.direct(state)
  return {
    get = function(key)
      local v = state[key]
      return v == nil and json.null or v
    end,
    set = function(key, v)
      state[key] = v
    end,
  }
end

-- A pause of up to some seconds, in which other transactions run.
function db.pause(most)
  node.sleep(node.random() * most)
end

-- Answers transactions by a function from their micro-operations to these with the reads filled in.
function db.serve(run)
  node.on("txn", { txn = "array" }, function(msg)
    return { type = "txn_ok", txn = run(msg.body.txn) }
  end)
end

return db
