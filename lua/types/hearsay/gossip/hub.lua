---@meta hearsay.gossip.hub
-- Written by `make docs`.

---Hub rounds: all values go through one node, the hub, which sends to everybody else once a round.
---
---          leaf                          hub
---    value  |                             |
---           |--- up: values, have v3 ---->|           just before the tick
---           |                             | tick: every `window` seconds
---           |<-- down: values, v5, got ---|
---           |                             |           up arrives one window later, again
---
---*Down* carries what the leaf has not confirmed, and confirms what the leaf has sent; *up* carries
---what the hub has not confirmed, and confirms what the hub has sent. So no message is only an
---acknowledgement, and what a lost message carried is in the next one. A leaf sends in a round when
---it has values of its own; one that has none lets some rounds pass before it confirms. *Up* leaves
---so that it arrives just before a tick: each down says when the next tick is, and from its own
---times that come back the leaf knows how long a message is under way (smoothed as in RFC 6298,
---section 2). No clock is shared. A leaf's first message is answered at once, so that it gets into
---step.
---
---Cost: n-1 messages down and at most n-1 up per window; a leaf that takes values at rate r answers
---with probability 1 - e^(-r window). A value arrives after at most the window, the margin and two
---hops. When nothing is new, nothing is sent but a keep-alive.
---
---Survives loss, partitions, and nodes that are cut off, silent or restarted. The first id is the
---hub. A leaf that has no confirmation for `patience` windows turns to the next id in the list,
---which takes it as a follower and goes on as a hub for its followers and as a leaf towards its
---own hub. One that has come to itself follows nobody, and is the hub of all behind it, even of
---those who had nothing to say and so have not missed the first one; so those who can reach each
---other share values again. A hub knocks at a silent follower now and then, and a leaf that hears
---from an earlier id follows that one again and sends it all that it is not known to have. Since
---everybody follows an earlier id than its own, or itself, there are no circles. For the same
---reason a node that reaches no earlier id, while those behind it do, is heard by them but hears
---them only after the cut: n1, say, where nothing but the link from n0 to n1 is gone.
---@class hearsay.gossip.hub
local hub = {}

---@class hearsay.gossip.hub.start.options
---@field window? number (default 0.3) seconds from tick to tick
---@field margin? number (default 0.02) how long before a tick an up should arrive, in seconds
---@field patience? number (default 3) windows without confirmation until a leaf turns to another hub, or confirms although it has no values of its own
---@field keepalive? number (default 10) seconds after which a hub that has nothing to say says so

---Starts hub rounds.
---@param options hearsay.gossip.hub.start.options
---@return hearsay.gossip.hub.Hub
function hub.start(options) end

---@class hearsay.gossip.hub.Hub
local a_hub = {}

---Takes a value from a client.
---@param value any anything that JSON can say
---@return boolean # whether it is new
function a_hub:add(value) end

return hub
