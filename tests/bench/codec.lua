-- The codec alone, beside lua-cjson in the same lua_State and on the same texts.

local cjson = require "cjson"
local json = require "hearsay.json"
local sample = require "sample"

local codec = {}

local function repeated(text, count)
  local list = {}
  for i = 1, count do
    list[i] = text:format(i)
  end
  return list
end

local TEXTS = {
  { name = "a small message", text = '{"id":42,"src":"c1","dest":"n1","body":{"type":"echo",'
    .. '"msg_id":1,"echo":"Please echo 35"}}' },
  { name = "1,000 integers", text = "[" .. table.concat(repeated("%d", 1000), ",") .. "]" },
  { name = "a string of 10,000 bytes", text = '{"echo":"' .. ("0123456789"):rep(1000) .. '"}' },
  { name = "100 objects", text = "["
    .. table.concat(repeated('{"key":"k%d","value":17,"at":[1,2]}', 100), ",") .. "]" },
}

function codec.run(bench)
  cjson.encode_max_depth(128)
  for _, case in ipairs(TEXTS) do
    if bench.wants("codec, " .. case.name) then
      local value = json.decode(case.text)
      local medians = sample.interleaved(5, {
        function() return sample.seconds(function() json.decode(case.text) end) end,
        function() return sample.seconds(function() cjson.decode(case.text) end) end,
        function() return sample.seconds(function() json.encode(value) end) end,
        function() return sample.seconds(function() cjson.encode(value) end) end,
      })
      for i, what in ipairs({ "decode", "encode" }) do
        bench.report({ group = "codec", name = ("%s %s"):format(what, case.name), unit = "MB/s",
          figure = #case.text / medians[i * 2 - 1] / 1e6,
          baseline = #case.text / medians[i * 2] / 1e6,
          faster = true, target = 2.5 })
      end
    end
  end
end

return codec
