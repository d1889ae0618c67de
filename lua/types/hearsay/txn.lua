---@meta hearsay.txn
-- Written by `make docs`.

---Transactions: lists of micro-operations, checked as a whole and then run against a state.
---
---    ["r", key, null]          reads; the null is replaced by what was read
---    ["w", key, value]         writes
---    ["append", key, element]  adds to the end of the list at a key
---
---`run` changes nothing: reads come from the state and from the transaction's own writes before
---them, and what is to be written comes back as a list, for the caller to apply in one step. So a
---transaction that is refused, for whatever micro-operation, leaves no trace. A handler that does
---not wait between the two (no rpc, no sleep) has the node for itself: what it read is a snapshot,
---and nobody sees a part of what it wrote.
---@class hearsay.txn
local txn = {}

---Checks the form of a transaction, for those who run it later.
---
---Raises error malformed_request
---@param operations table[] as they came in a request
---@param kinds? string[] the micro-operations that may come; default all three
function txn.check(operations, kinds) end

---Runs a transaction, and changes nothing. An append copies the list that it adds to.
---
---Raises error malformed_request, which says what was expected, when an operation is not of these
---forms; precondition_failed when an append goes to what is no list
---@param operations table[] as they came in a request
---@param get function called with a key (an integer or a string), returns its value or nil
---@param kinds? string[] the micro-operations that may come; default all three
---@return table[] # the same with the reads filled in, null where there is no value
---@return table[] # what to write, each key once, in the order of their first writes
function txn.run(operations, get, kinds) end

return txn
