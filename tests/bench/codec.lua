-- The codec alone, beside lua-cjson in the same lua_State and on the same texts. Each message has
-- other values than the one before: nothing can be gained by keeping those.

local cjson = require "cjson"
local json = require "hearsay.json"
local sample = require "sample"

local codec = {}

local VARIED = 100 -- texts of the cases with messages

local function repeated(text, count)
  local list = {}
  for i = 1, count do
    list[i] = text:gsub("#", i)
  end
  return list
end

local SMALL = '{"id":#,"src":"c#","dest":"n1","body":{"type":"echo","msg_id":#,'
  .. '"echo":"Please echo #"}}'

-- Of a broadcast, transactions, Raft, a log, a register; some keys are data.
local KINDS = {
  '{"id":#,"src":"n3","dest":"n0","body":{"type":"gossip","round":#,'
    .. '"seen":[[0,#],[200,300]]}}',
  '{"id":#,"src":"c2","dest":"n2","body":{"type":"txn","msg_id":#,'
    .. '"txn":[["r",1,null],["w",#,6]]}}',
  '{"id":#,"src":"n2","dest":"c2","body":{"type":"txn_ok","in_reply_to":#,'
    .. '"txn":[["r",1,#],["w",#,6]]}}',
  '{"id":#,"src":"n1","dest":"n2","body":{"term":3,"type":"append",'
    .. '"prev":{"index":#,"term":2},"entries":[{"term":3,"client":"c3",'
    .. '"op":{"type":"write","key":"#","value":17}}],"commit":9}}',
  '{"id":#,"src":"n0","dest":"c4","body":{"type":"poll_ok","in_reply_to":#,'
    .. '"msgs":{"k#":[[1000,9],[1001,#]],"k1":[[2000,7]]}}}',
  '{"id":#,"src":"c1","dest":"n0","body":{"msg_id":#,"type":"cas","key":"x7","from":#,"to":4}}',
  '{"id":#,"src":"n0","dest":"c1","body":{"type":"error","code":22,'
    .. '"text":"expected #","in_reply_to":#}}',
}

local function mixed()
  local list = {}
  for i = 1, VARIED do
    list[i] = KINDS[i % #KINDS + 1]:gsub("#", i)
  end
  return list
end

local CASES = {
  { name = "a small message", texts = repeated(SMALL, VARIED) },
  { name = "a message of seven kinds", texts = mixed() },
  { name = "1,000 integers", texts = { "[" .. table.concat(repeated("#", 1000), ",") .. "]" } },
  { name = "a string of 10,000 bytes", texts = {
    '{"echo":"' .. ("0123456789"):rep(1000) .. '"}' } },
  { name = "100 objects", texts = { "["
    .. table.concat(repeated('{"key":"k#","value":17,"at":[1,2]}', 100), ",") .. "]" } },
}

-- Seconds that a function takes for one of a list, each in its turn.
local function timed(fn, list)
  local i, count = 0, #list
  return function()
    return sample.seconds(function()
      i = i % count + 1
      fn(list[i])
    end)
  end
end

function codec.run(bench)
  cjson.encode_max_depth(128)
  for _, case in ipairs(CASES) do
    if bench.wants("codec, " .. case.name) then
      local values, bytes = {}, 0
      for i, text in ipairs(case.texts) do
        values[i] = json.decode(text)
        bytes = bytes + #text / #case.texts
      end
      local medians = sample.interleaved(5, {
        timed(json.decode, case.texts), timed(cjson.decode, case.texts),
        timed(json.encode, values), timed(cjson.encode, values),
      })
      for i, what in ipairs({ "decode", "encode" }) do
        bench.report({ group = "codec", name = ("%s %s"):format(what, case.name), unit = "MB/s",
          figure = bytes / medians[i * 2 - 1] / 1e6, baseline = bytes / medians[i * 2] / 1e6,
          faster = true, target = 2.5 })
      end
    end
  end
end

return codec
