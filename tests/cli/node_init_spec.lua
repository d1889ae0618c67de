-- What ./node does before it has been told who it is, and when it is told wrongly or twice.

local shell = dofile("tests/cli/shell.lua")

local ECHO = "./node challenges/echo_1.lua"

describe("init", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)
  local good = talk.message({ type = "echo", msg_id = 99, echo = "good" }, "c9")

  teardown(function() sh:close() end)

  -- Sends a line, then init and a good message, which must both be served. Returns the replies to
  -- the line, and the lines on stderr.
  local function before(line, command)
    local said = talk.raw(command or ECHO, { line, talk.init(), good })
    assert.equal("echo_ok", table.remove(said.replies).body.type)
    assert.same({ type = "init_ok", in_reply_to = 1 }, table.remove(said.replies).body)
    assert.equal(0, said.status)
    return said.replies, said.errors
  end

  it("must come first: a message before it is refused in the name it was sent to", function()
    local replies, errors = before(talk.message({ type = "echo", msg_id = 7 }, "c1", "n5"))
    assert.same({ { src = "n5", dest = "c1", body = { type = "error", in_reply_to = 7, code = 11,
      text = "a message before init: the node has no id yet" } } }, replies)
    assert.equal(1, #errors)
    assert.matches("node line 1, from c1: a message before init", errors[1])
  end)

  it("must come first: what cannot be answered is dropped before it", function()
    for _, line in ipairs { "junk", talk.message({ type = "echo" }),
      '{"src":"c1","body":{"type":"echo","msg_id":7}}',
      talk.message({ type = "echo_ok", in_reply_to = 1 }) } do
      local replies, errors = before(line)
      assert.same({}, replies)
      assert.equal(1, #errors, line)
    end
  end)

  for name, fields in pairs {
    ["no node_id"] = '"node_ids":["n1"]',
    ["no node_ids"] = '"node_id":"n1"',
    ["neither"] = '"a":1',
    ["an empty node_id"] = '"node_id":"","node_ids":["","n1"]',
    ["a node_id that is a number"] = '"node_id":1,"node_ids":["n1"]',
    ["node_ids that are none"] = '"node_id":"n1","node_ids":[]',
    ["node_ids without node_id"] = '"node_id":"n1","node_ids":["n2","n3"]',
    ["node_ids with a number"] = '"node_id":"n1","node_ids":["n1",2]',
    ["node_ids that are an object"] = '"node_id":"n1","node_ids":{"n1":"n1"}',
    ["node_ids that are text"] = '"node_id":"n1","node_ids":"n1"',
  } do
    it("is refused with " .. name .. ", and a good one is served", function()
      local replies, errors = before(talk.message('{"type":"init","msg_id":7,' .. fields .. "}"))
      assert.equal(1, #replies)
      assert.equal("c1", replies[1].dest)
      assert.equal(12, replies[1].body.code)
      assert.equal(7, replies[1].body.in_reply_to)
      assert.matches('^init: expected "node_id"', replies[1].body.text)
      assert.equal(1, #errors)
      assert.matches("node line 1, from c1: init: expected", errors[1])
    end)
  end

  it("is refused with a key twice", function()
    local replies = before(talk.message(
      '{"type":"init","msg_id":7,"node_id":"n1","node_id":"n2","node_ids":["n1","n2"]}'))
    assert.equal(12, replies[1].body.code)
  end)

  it("is not answered without msg_id, and counts", function()
    local said = talk.raw(ECHO, { '{"src":"c0","dest":"n1","body":{"type":"init","node_id":"n1",'
      .. '"node_ids":["n1"]}}', good })
    assert.equal(1, #said.replies)
    assert.equal("echo_ok", said.replies[1].body.type)
    assert.same({}, said.errors)
  end)

  it("may have more fields than it needs", function()
    local said = talk.raw(ECHO, { '{"id":0,"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,'
      .. '"node_id":"n1","node_ids":["n1"],"more":{}}}', good })
    assert.same({ "init_ok", "echo_ok" }, { said.replies[1].body.type, said.replies[2].body.type })
    assert.same({}, said.errors)
  end)

  it("is refused when it comes again, and the node stays who it is", function()
    local said = talk.raw(ECHO, { talk.init(), talk.init({ "n2", "n1" }), good })
    assert.same({ src = "n1", dest = "c0", body = { type = "error", in_reply_to = 1, code = 22,
      text = "a second init: this node is n1 already" } }, said.replies[2])
    assert.equal("n1", said.replies[3].src)
    assert.equal("echo_ok", said.replies[3].body.type)
    assert.equal(1, #said.errors)
    assert.matches("n1 line 2, from c0: a second init", said.errors[1])
    assert.equal(0, said.status)
  end)

  it("tells the script who is there", function()
    local script = sh:write("who.lua", [[
      local node = require "hearsay"
      assert(node.id == nil)
      local greeted
      node.on_init(function() greeted = node.id .. " of " .. #node.ids end)
      node.on("who", function()
        return { type = "who_ok", id = node.id, ids = node.ids, peers = node.peers,
          greeted = greeted }
      end)
    ]])
    local said = talk.to(script, { talk.message({ type = "who", msg_id = 2 }, "c1", "b") },
      { "b", "a", "ü" })
    local body = said.replies[1].body
    assert.equal("b", said.replies[1].src)
    assert.equal("b", body.id)
    assert.same({ "b", "a", "ü" }, body.ids)
    assert.same({ "a", "ü" }, body.peers)
    assert.equal("b of 3", body.greeted)
    said = talk.to(script, { talk.message({ type = "who", msg_id = 2 }) })
    assert.matches('"peers":[]', said.out, 1, true)
  end)

  it("is answered with an error when the script fails in it", function()
    local script = sh:write("fails.lua", [[
      local node = require "hearsay"
      node.on_init(function() error("no good") end)
    ]])
    local said = talk.raw("./node " .. script, { talk.init() })
    assert.equal(13, said.replies[1].body.code)
    assert.equal(1, said.replies[1].body.in_reply_to)
    assert.matches("fails.lua:2: no good", said.errors[1], 1, true)
    assert.equal(0, said.status)
  end)
end)
