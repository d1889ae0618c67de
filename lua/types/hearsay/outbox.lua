---@meta hearsay.outbox
-- Written by `make docs`.

---A batching outbox: entries for all other nodes, in order, each exactly once, few messages.
---
---    local box = outbox.start {
---      name = "replicate", window = 0.05,
---      receive = function(src, entries, extra) .. end,
---      extra = function() return { clock = clock } end,
---    }
---    local position = box:add({ key, offset, message })
---    box:wait(position, "majority") -- until so many nodes have it
---
---Once a window what was added makes a *batch*, encoded once. Each peer is sent those that it has
---not been sent, and every message confirms, for free, how far its sender has got with the
---receiver's batches. Confirmations are cumulative, so one that is lost is made good by the next.
---
---    {type, session, of, from, batches, got, extra}
---
---    session  of the sender: drawn at its start, it tells this run of a node from one before
---    of       the receiver's, as the sender knows it; not there in a greeting
---    from     batches from + 1, from + 2, .. are in the message
---    got      the last of the receiver's batches that the sender has, with all before it
---    extra    what else the sender has to say once all its batches up to here are known; only in
---             a message after which there are no more
---    restarts how many sessions of the receiver the sender knew before this one; not there for 0
---    ask      a number that is to come back as `answer`
---
---A batch that does not follow on what the receiver has is dropped, one that it has is passed over.
---What is not confirmed for `resend` seconds is sent again from the confirmed position on, and to
---a peer that does not answer nothing more is sent than that. Batches travel only between nodes
---that know each other's sessions. So a node begins by greeting everyone, until all that the peer
---had is here; a greeting, and a message for a session that is over, is answered at once. A session
---that is not the known one may be new, or long over and its message late; so it is asked for an
---answer (as with TCP's handshake, RFC 9293, section 3.5), and then the stream to it begins again.
---
---Cost: at most n(n-1) messages a window, however many entries there are. When nothing was added
---and `extra` says what it said, what came last is confirmed, and then nothing is sent.
---
---A peer that was restarted has forgotten everything. It is sent again all that was ever added,
---which is kept for this; or, with the option `snapshot`, what that function returns: entries that
---stand for all that this node knows. Then batches are freed once every peer has confirmed them.
---As what is in a snapshot may also follow as an entry, taking an entry twice must then do no harm.
---A peer that is away, or dead for good, costs the memory of the batches since.
---@class hearsay.outbox
local outbox = {}

---@class hearsay.outbox.start.options
---@field name string the type of its messages; each outbox of a script has another
---@field receive fun(src:string,entries:table,extra:table?) takes entries that a peer added, an array, in order; and what the peer's `extra` returned, or nil when more is to come before that holds
---@field extra? fun():table called at the end of a window; returns a table to go with the batch, and may add entries to it. A table that is not what it was is told even if nothing was added
---@field snapshot? fun():table returns a list of entries that stand for all that this node knows, what others added too, for a peer that was restarted
---@field window? number (default 0.05) seconds from batch to batch
---@field resend? number (default 1) seconds without a confirmation after which batches count as lost; more than two windows and two hops
---@field limit? number (default 60000) bytes of entries in a message, which a single entry may exceed

---Starts an outbox. Call it in the script's main part.
---
---Raises on options that are not as above
---@param options hearsay.outbox.start.options
---@return hearsay.outbox.Outbox
function outbox.start(options) end

---@class hearsay.outbox.Outbox
local a_outbox = {}

---Adds an entry to the next batch.
---
---Raises when it cannot be encoded, and before init
---@param entry any anything that JSON can say; it is encoded here and now
---@return integer # its position, to wait for: the number of its batch
function a_outbox:add(entry) end

---The position up to which a node is known to have everything. That of a peer falls back to 0 when
---it is restarted, until it has it all again.
---@param id string
---@return integer # 0 for nothing
function a_outbox:confirmed(id) end

---Calls a function, once, as soon as so many nodes have all up to a position.
---@param position integer what add returned
---@param count string|integer "all", "majority" or a number of nodes, this one included
---@param fn function called in a coroutine of its own; at once, where it is so already
function a_outbox:when(position, count, fn) end

---Waits until so many nodes have all up to a position; see `when`, which costs less where many
---handlers wait.
---@param position integer what add returned
---@param count string|integer as of `when`
function a_outbox:wait(position, count) end

---Whether every peer has told, at some time since this node was started, all that it had: what
---was known before a restart is known again.
---@return boolean
function a_outbox:is_ready() end

---Whether a peer has told that it knew an earlier session of this node: it was restarted.
---@return boolean
function a_outbox:is_restarted() end

return outbox
