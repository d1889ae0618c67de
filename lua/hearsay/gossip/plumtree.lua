--- Plumtree: a tree for the values of each node, and announcements that mend the trees.
--
-- At first every link is *eager*: a value is passed on along it at once. Where it arrives for the
-- second time the link is *pruned* for values that come from the same first node: what is left is a
-- tree. Along all links nodes announce the ids of what they have, now and then and many in one
-- message (*ihave*), confirmed and repeated (hearsay.gossip.link). A node that is told of an id and
-- still does not have the value after `patience` asks for it (*graft*), which makes that link eager
-- again: so a tree is mended where it broke.
--
-- Cost, with e links among n nodes: n-1 messages a value once the trees are there, each over the
-- ways that were fastest. A node's first values, while its tree is made, cost 2e - (n - 1), and a
-- prune for each that was too much. Besides up to 2e announcements a `lazy` period while something
-- is new. When nothing is new, nothing is sent.
--
-- Survives loss, partitions that end, and restarts, as far as the neighbours connect: a lost value
-- comes about a `lazy` period and the patience later. While messages are lost, links are grafted
-- and pruned again, and values cost up to 2e.
--
-- Source: Leitao, Pereira, Rodrigues, Epidemic Broadcast Trees, 2007. There an id is announced
-- once, on lazy links, and the membership service below says when a link fails; here nobody does,
-- so ids are announced until they are confirmed, on eager links too. One tree for all, as there, is
-- pruned at several places at once by values that come from several nodes, and falls apart; hence a
-- tree for each. The optimization by hop counts is left out: the first copy to arrive chooses the
-- tree.
-- @module hearsay.gossip.plumtree

local errors = require "hearsay.errors"
local gossip = require "hearsay.gossip"
local ids = require "hearsay.ids"
local json = require "hearsay.json"
local link = require "hearsay.gossip.link"
local node = require "hearsay"
local seen = require "hearsay.seen"

local JITTER = 0.25 -- part of the period

local Plumtree = {}
Plumtree.__index = Plumtree

local plumtree = {}

--- Starts a tree. Until `neighbours` is set, they are all other nodes: then the tree is a star or
-- nearly one, each node has to do with all others, and some few neighbours are cheaper.
-- @tparam table options
-- @tparam[opt=1] number options.lazy mean seconds from one announcement on a link to the next
-- @tparam[opt=0.5] number options.patience seconds that a value may take after its announcement
-- @tparam[opt=2] number options.resend seconds until what was not confirmed is announced again
-- @treturn plumtree
function plumtree.start(options)
  local parameters = gossip.parameters(options, { lazy = 1, patience = 0.5, resend = 2 },
    { lazy = gossip.POSITIVE, patience = gossip.POSITIVE })
  local self = setmetatable({
    values = seen.new(), parameters = parameters,
    ids = seen.new(), -- of the values that are here
    by_id = {}, -- id to {id, value, the node that took it}
    came = {}, -- id to the neighbour that it came from
    trees = {}, -- node that took values to {parent, lazy: neighbour to true}
    missing = {}, -- list of {id, since, holders: {neighbour, its session}}, the oldest first
    missed = {}, -- id to its entry in `missing`
  }, Plumtree)
  self.links = link.all(self.ids)
  node.on_init(function()
    gossip.every(parameters.lazy, JITTER, function() self:announce() end)
  end)
  node.on("plum_values", { list = "array", is_graft = "boolean?" }, function(msg)
    self:receive(msg.src, msg.body.list, msg.body.is_graft)
  end)
  node.on("plum_prune", { root = "string" }, function(msg)
    self:tree(msg.body.root).lazy[msg.src] = true
  end)
  node.on("plum_ihave", link.FIELDS, function(msg)
    if self:is_neighbour(msg.src) then -- nobody else is asked for what it announced
      local peer = self.links[msg.src]
      peer.is_asked = peer:receive(msg.body) or peer.is_asked
      self:hear_of(msg.src, msg.body.values)
    end
  end)
  node.on("plum_graft", { ids = "array" }, function(msg)
    self:give(msg.src, msg.body.ids)
  end)
  return self
end

function Plumtree:is_neighbour(id)
  for _, neighbour in ipairs(self.neighbours or node.peers) do
    if neighbour == id then
      return true
    end
  end
  return false
end

-- The tree for what `root` took: `parent` is the neighbour from which it comes, none at the root;
-- those that are `lazy` are not sent it.
function Plumtree:tree(root)
  self.trees[root] = self.trees[root] or { lazy = {} }
  return self.trees[root]
end

-- Keeps an entry and passes it on; false when it was here.
function Plumtree:keep(entry, from)
  local id, value, root = table.unpack(entry)
  if not self.ids:add(id) then
    return false
  end
  self.by_id[id], self.came[id] = entry, from
  self.values:add(value)
  local lazy = self:tree(root).lazy
  for _, neighbour in ipairs(self.neighbours or node.peers) do
    if neighbour ~= from and not lazy[neighbour] then
      node.send(neighbour, { type = "plum_values", list = { entry } })
    end
  end
  return true
end

local function prune(neighbour, root)
  node.send(neighbour, { type = "plum_prune", root = root })
end

local function check(list)
  for _, entry in ipairs(list) do
    if not json.is_array(entry) or type(entry[1]) ~= "string" or entry[2] == nil
      or type(entry[3]) ~= "string" then
      error(errors.new("malformed_request", "expected a list of [id, value, node]"), 0)
    end
  end
end

-- Of two neighbours that send the same, the parent stays. Were it simply the later one that is
-- pruned, several values under way at a time would prune them all.
function Plumtree:receive(from, list, is_graft)
  check(list)
  local before = self.ids:version()
  for _, entry in ipairs(list) do
    local id, _, root = table.unpack(entry)
    local tree = self:tree(root)
    if self:keep(entry, from) then
      if is_graft or not tree.parent then
        tree.parent = from
      end
    elseif from ~= tree.parent then
      prune(from, root)
    elseif self.came[id] ~= from then
      prune(self.came[id], root)
    end
  end
  self.links[from]:skip(before)
end

-- A neighbour has announced ids: those that are not here should come soon, by another link.
function Plumtree:hear_of(from, list)
  for _, id in ipairs(list) do
    if type(id) == "string" and not self.by_id[id] then
      local entry = self.missed[id]
      if not entry then
        entry = { id = id, since = node.now(), holders = {} }
        self.missed[id] = entry
        self.missing[#self.missing + 1] = entry
      end
      table.insert(entry.holders, { from, self.links[from].theirs })
    end
  end
  if self.missing[1] and not self.timer then
    self.timer = node.after(self.parameters.patience, function() self:graft() end)
  end
end

-- The next neighbour to ask for what is missing, each in turn; one that was restarted since has
-- forgotten it. None when nobody is left.
function Plumtree:next_holder(entry)
  while entry.holders[1] do
    local holder = table.remove(entry.holders, 1)
    if self.links[holder[1]].theirs == holder[2] then
      entry.holders[#entry.holders + 1] = holder
      return holder[1]
    end
  end
end

-- Asks for what has not come.
function Plumtree:graft()
  local asked, wanted, still = {}, {}, {}
  for _, entry in ipairs(self.missing) do
    local is_late = node.now() - entry.since >= self.parameters.patience
    local holder = is_late and self:next_holder(entry)
    if self.by_id[entry.id] or (is_late and not holder) then
      self.missed[entry.id] = nil
    else
      still[#still + 1] = entry
    end
    if holder and not self.by_id[entry.id] then
      if not wanted[holder] then
        wanted[holder] = {}
        asked[#asked + 1] = holder
      end
      table.insert(wanted[holder], entry.id)
    end
  end
  for _, holder in ipairs(asked) do
    node.send(holder, { type = "plum_graft", ids = wanted[holder] })
  end
  self.missing = still
  self.timer = still[1] and node.after(self.parameters.patience, function() self:graft() end)
end

-- A neighbour lacks these: it is sent them, and in future what comes from the same nodes.
function Plumtree:give(to, list)
  local entries = {}
  for _, id in ipairs(list) do
    local entry = type(id) == "string" and self.by_id[id]
    if entry then
      entries[#entries + 1] = entry
      self:tree(entry[3]).lazy[to] = nil
    end
  end
  if entries[1] then
    node.send(to, { type = "plum_values", list = entries, is_graft = true })
  end
end

function Plumtree:announce()
  for _, neighbour in ipairs(self.neighbours or node.peers) do
    local peer = self.links[neighbour]
    if peer:has_news() or peer:owes() or peer.is_asked
      or peer:is_overdue(self.parameters.resend) then
      peer:send("plum_ihave")
      peer.is_asked = false
    end
  end
end

--- Takes a value from a client.
-- @param value anything that JSON can say
-- @treturn boolean whether it is new
function Plumtree:add(value)
  if self.values:has(value) then
    return false
  end
  return self:keep({ ids.counter(), value, node.id })
end

return plumtree
