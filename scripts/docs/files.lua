--- The reference and the editor's types, made from the doc comments: `make docs` writes
-- lua/README.md and lua/types. tests/lua/docs_spec.lua sees that they are up to date.
-- @module docs.files

local comments = require "docs.comments"
local definitions = require "docs.definitions"
local page = require "docs.page"
local types = require "docs.types"

local files = {}

-- In the order in which a script meets them.
local GROUPS = {
  { title = "A node", "", "errors", "json", "seen", "ids", "log" },
  { title = "Testing", "testing" },
  { title = "Spreading values", "gossip", "gossip.flood", "gossip.push", "gossip.batch",
    "gossip.hub", "gossip.direct", "gossip.push_pull", "gossip.anti_entropy", "gossip.plumtree",
    "outbox", "topology" },
  { title = "Replicated data", "crdt", "crdt.g_set", "crdt.g_counter", "crdt.pn_counter",
    "crdt.lww_register", "crdt.or_set", "crdt.gossip", "registers", "clock.lamport",
    "clock.hybrid", "clock.version_vector" },
  { title = "Services and requests", "kv", "tso", "kafka", "txn", "raft" },
  { title = "Trying again", "retry" },
  { title = "Order", "sorted" },
  { title = "For the bench", "random", "world" },
}

--- Modules in Lua that are no script's business: parts of others. One in C is none unless its first
-- comment names it by @module.
files.internal = {
  "brief", "malformed", "outbox_peer", "crdt.sum", "gossip.exchange", "gossip.hub_follower",
  "gossip.hub_leader", "gossip.link", "raft.election", "raft.follower", "raft.log", "raft.messages",
  "raft.replication", "raft.requests", "raft.sessions", "raft.storage", "raft.transfer",
  "take_options",
}

local function exists(path)
  return os.rename(path, path) ~= nil
end

-- The files that a module is made of.
local function files_of(name)
  if name == "" then
    return { "lua/hearsay/init.lua", "core/bind/core.c" }
  elseif name == "world" then
    return { "core/bind/world.c", "core/bind/world_faults.c", "core/bind/world_inspect.c" }
  elseif name == "log" then
    return { "core/bind/log.c", "core/bind/log_files.c" }
  end
  local path = name:gsub("%.", "/")
  for _, candidate in ipairs({ "lua/hearsay/" .. path .. ".lua",
    "lua/hearsay/" .. path .. "/init.lua", "core/bind/" .. path .. ".c" }) do
    if exists(candidate) then
      return { candidate }
    end
  end
  error("docs: there is no module hearsay." .. name, 0)
end

-- What a module has comes before what it does, and that before what its objects do.
local function rank(item)
  return item.kind == "fields" and 1 or item.kind == "table" and 2 or item.class and 4 or 3
end

local function read_module(name)
  local module = { name = name == "" and "hearsay" or "hearsay." .. name, items = {} }
  for _, path in ipairs(files_of(name)) do
    local file = comments.read(path)
    module.text = module.text or file.text
    table.move(file.items, 1, #file.items, #module.items + 1, module.items)
  end
  for i, item in ipairs(module.items) do
    item.place = i -- of two of the same rank the first one stays the first
  end
  table.sort(module.items, function(a, b)
    local left, right = rank(a), rank(b)
    return left < right or left == right and a.place < b.place
  end)
  return module
end

--- All modules that scripts require, with their doc comments.
-- @treturn {table,...} groups {title, modules}; a module has `name`, `text` and `items`, see
--   docs.comments
-- @treturn {table,...} the modules, in the same order
function files.modules()
  local groups, all = {}, {}
  for i, group in ipairs(GROUPS) do
    groups[i] = { title = group.title, modules = {} }
    for j, name in ipairs(group) do
      local module = read_module(name)
      groups[i].modules[j] = module
      all[#all + 1] = module
    end
  end
  return groups, all
end

--- The files that are made.
-- @treturn {table,...} {path, text}
function files.texts()
  local groups, all = files.modules()
  local index = types.index(all)
  local texts = { { path = "lua/README.md", text = page.render(groups) } }
  for _, module in ipairs(all) do
    texts[#texts + 1] = {
      path = "lua/types/" .. module.name:gsub("%.", "/") .. ".lua",
      text = definitions.render(module, index),
    }
  end
  return texts
end

--- Writes them.
function files.write()
  os.execute("mkdir -p lua/types/hearsay/gossip lua/types/hearsay/crdt lua/types/hearsay/clock")
  for _, file in ipairs(files.texts()) do
    local out = assert(io.open(file.path, "w"))
    assert(out:write(file.text))
    assert(out:close())
  end
end

return files
