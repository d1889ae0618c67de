-- Talks to the real ./node through pipes: each call starts one, sends it init and the given
-- lines, and collects what it says until it ends.
--
--     local talk = dofile("tests/cli/talk.lua")(sh)
--     local said = talk.to("challenges/echo_1.lua",
--       { talk.message({ type = "echo", msg_id = 2 }) })
--     said.replies  -- the messages behind init_ok, decoded
--     said.errors   -- the lines on stderr
--     said.status

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

return function(sh)
  local talk = {}

  --- A line with a message, without newline.
  -- @tparam table|string body
  -- @tparam[opt="c1"] string src
  -- @tparam[opt="n1"] string dest
  function talk.message(body, src, dest)
    return ('{"src":%s,"dest":%s,"body":%s}'):format(json.encode(src or "c1"),
      json.encode(dest or "n1"), type(body) == "string" and body or json.encode(body))
  end

  --- The init message for a node of a cluster.
  -- @tparam[opt={"n1"}] table ids the first is the node's own
  function talk.init(ids)
    ids = ids or { "n1" }
    return talk.message({ type = "init", msg_id = 1, node_id = ids[1], node_ids = json.array(ids) },
      "c0", ids[1])
  end

  --- What a node says to the lines as they are.
  -- @tparam string command that starts it
  -- @tparam string|table input text, or a list of lines
  function talk.raw(command, input)
    if type(input) == "table" then
      input = table.concat(input, "\n") .. "\n"
    end
    local ran = sh:run(command, { input = input })
    local said = { out = ran.out, status = ran.status, errors = shell.lines(ran.err), replies = {} }
    for i, line in ipairs(shell.lines(ran.out)) do
      said.replies[i] = assert(json.decode(line), line)
    end
    return said
  end

  --- What a node says after init, which it must answer.
  -- @tparam string script with its arguments
  -- @tparam table lines
  -- @tparam[opt] table ids see talk.init
  function talk.to(script, lines, ids)
    local said = talk.raw("./node " .. script, table.move(lines, 1, #lines, 2, { talk.init(ids) }))
    local first = table.remove(said.replies, 1)
    assert(first and first.body.type == "init_ok", "no init_ok: " .. said.out
      .. table.concat(said.errors, "\n"))
    return said
  end

  return talk
end
