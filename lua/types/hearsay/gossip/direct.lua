---@meta hearsay.gossip.direct
-- Written by `make docs`.

---Direct: whoever takes a value sends it to everybody else at once.
---
---A message to a node carries what that node has not confirmed of the sender's own values, and
---confirms what is here of the receiver's (hearsay.gossip.link). As every node sends to every other
---now and then, confirmations cost nothing while there is something to say. Afterwards each node
---would owe every other a confirmation, n(n-1) messages; so they are collected. A node that has
---been owing for a while sends the first node one *row*: whose values it has, up to which version.
---The first node sends everybody one *column*: who has that node's values, up to which version.
---
---    n1 --- has 7 of n0, 5 of n2, 9 of n3 ---> n0
---    n2 --- has 7 of n0, 4 of n1, 9 of n3 ---> n0 --- your 9 are at n1, n2 ---> n3
---
---What is not confirmed for a while is sent again, to that node alone, and confirmed to the sender;
---so it goes for everything last said while the first node is gone.
---
---Cost: n-1 messages a value, the least that is possible without waiting for others to share one;
---a value arrives after one hop. With a window values wait to share a message: those that a node
---takes at rate r cost (n-1) / (1 + r window) each. When nothing is new, all is confirmed by 2(n-1)
---messages, some more where nodes fall silent one after the other, and then nothing is sent.
---
---Survives loss and partitions: after one ends, values arrive within `resend` and a hop or two. A
---value goes from its first node only. So two nodes that cannot reach each other do not share
---values, even where a third reaches both; and a value that its node had no time to send to all is
---nowhere else, nor does a restarted node get what is left of its own. Where that matters there is
---`backup`: each node then exchanges what is missing with another one, drawn anew each time
---(hearsay.gossip.exchange), which costs some messages a period, also when nothing is new.
---@class hearsay.gossip.direct
local direct = {}

---@class hearsay.gossip.direct.start.options
---@field resend? number (default 2) seconds until what was not confirmed is sent again; must exceed a few round trips
---@field window? number (default 0) seconds that a value waits for others to share its message
---@field backup? number (default 0) seconds between exchanges with a random node; 0 for none

---Starts sending directly.
---@param options hearsay.gossip.direct.start.options
---@return hearsay.gossip.direct.Direct
function direct.start(options) end

---@class hearsay.gossip.direct.Direct
local a_direct = {}

---Takes a value from a client.
---@param value any anything that JSON can say
---@return boolean # whether it is new
function a_direct:add(value) end

return direct
