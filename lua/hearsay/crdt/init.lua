--- Conflict-free replicated data types: data that every node changes on its own, and that is the
-- same everywhere once all have heard of all changes, whatever the network did in between.
--
--     local pn_counter = require "hearsay.crdt.pn_counter"
--
--     local total = pn_counter.new()
--     total:add(node.id, -3)                     -- here, at once
--     node.send(peer, { type = "total", state = total:state() })
--     total:merge(msg.body.state)                -- there; true when it brought something new
--     total:value()                              -- -3
--
-- Each type is a module of this folder with `new()`; its objects have
--
--   - verbs that change them, and `value()`
--   - state(): all there is, for a message's body. Equal objects have equal states, but for the
--     order of a g_set
--   - merge(state): takes in what another one has; whether that changed anything. Or nil and the
--     error malformed_request, when it is no state of this type; then nothing is changed
--
-- Merging is associative, commutative and idempotent: states may be lost while a later one arrives,
-- come twice, and come in any order. It is the least upper bound of both, so no change is undone.
--
--     g_set         what was added stays; a hearsay.seen set
--     g_counter     counts up; a number for each replica
--     pn_counter    counts up and down; two g_counters
--     lww_register  one value, the last one written
--     or_set        adds and removes; where they are concurrent, the add wins
--
-- Changes are counted for a replica, which is named in the call: usually node.id. A node that was
-- restarted without its state counts from the start, which others take for something old: it needs
-- another name then, such as `ids.counter()` at its start.
--
-- `hearsay.crdt.gossip` sends states about.
--
-- Source: M. Shapiro, N. Preguica, C. Baquero, M. Zawirski, A Comprehensive Study of Convergent and
-- Commutative Replicated Data Types, INRIA 7506, 2011.
-- @module hearsay.crdt

local crdt = {}

for _, name in ipairs({ "g_set", "g_counter", "pn_counter", "lww_register", "or_set" }) do
  crdt[name] = require("hearsay.crdt." .. name)
end

return crdt
