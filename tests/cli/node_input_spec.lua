-- What ./node does with input that is no proper message: an error reply where there is someone to
-- reply to, one line on stderr, and the next message is served.

local shell = dofile("tests/cli/shell.lua")

local ECHO = "challenges/echo_1.lua"

describe("bad input", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)
  local good = talk.message({ type = "echo", msg_id = 99, echo = "good" }, "c9")

  teardown(function() sh:close() end)

  -- Sends a line between init and a good message, which must be served. Returns the replies between
  -- and the lines on stderr.
  local function send(line, script)
    local said = talk.to(script or ECHO, { line, good })
    local last = table.remove(said.replies)
    assert.same({ src = "n1", dest = "c9",
      body = { type = "echo_ok", in_reply_to = 99, echo = "good" } }, last)
    assert.equal(0, said.status)
    return said.replies, said.errors
  end

  -- Expects one line on stderr; what follows time, node id and "line 2" begins with the text.
  local function expect_line(text, errors)
    assert.equal(1, #errors, table.concat(errors, "\n"))
    local said = errors[1]:match("^ *%d+%.%d%d%d n1 line 2(.*)$")
    assert.equal(text, said and said:sub(1, #text), errors[1])
    return said
  end

  -- Refused, and c1 is told: an error reply with that code, and the text that is on stderr.
  local function refused(name, line, code, text)
    it("is answered with error " .. code .. ": " .. name, function()
      local replies, errors = send(line)
      local said = expect_line(", from c1: " .. text, errors)
      assert.same({ { src = "n1", dest = "c1", body = { type = "error", in_reply_to = 7,
        code = code, text = said:sub(#", from c1: " + 1) } } }, replies)
    end)
  end

  -- Refused, and there is nobody to tell, or nothing to tell them about.
  local function dropped(name, line, text)
    it("is dropped: " .. name, function()
      local replies, errors = send(line)
      expect_line(text, errors)
      assert.same({}, replies)
    end)
  end

  describe("that is not JSON", function()
    dropped("a word", "junk", ": byte 0: expected a value")
    dropped("an open object", "{", ": byte 1: expected a key")
    dropped("a message cut before its msg_id", '{"src":"c1","dest":"n1","body":{"type":"echo"',
      ", from c1: byte 45: expected ',' or '}'")
    dropped("an error before its src",
      '{"dest":"n1","body":{"type":"echo","msg_id":7,"echo":tru},"src":"c1"}',
      ": byte 53: expected a value")
    refused("a message cut behind its msg_id",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,', 12, "byte 57: expected a key")
    refused("a value that is none",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":undefined}}',
      12, "byte 64: expected a value")
    refused("two messages on a line", '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7}}'
      .. good, 12, "byte 58: expected nothing")
    refused("a comma too many", '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7},}',
      12, "byte 58: expected a key")
    refused("a number that no double can hold",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":1e400}}',
      12, "byte 64: number is too large for a double")
    refused("an integer of 65 bits",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":9223372036854775808}}',
      12, "byte 64: integer does not fit in 64 bits")
    refused("bytes that are not UTF-8",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":"a\xff"}}',
      12, "byte 66: expected valid UTF-8")
    refused("half a surrogate pair",
      [[{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":"\ud83d"}}]],
      12, "byte 65: a surrogate")
    refused("a NUL byte in a string",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":"a\0b"}}',
      12, "byte 66: a control character in a string must be escaped")
    refused("a NUL byte behind the message",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7}}\0',
      12, "byte 58: expected nothing")
    refused("deep nesting", '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":'
      .. ("["):rep(100000) .. ("]"):rep(100000) .. "}}", 12, "byte 190: nested too deeply")
  end)

  it("may be nested up to the limit", function()
    local nested = ("["):rep(126) .. ("]"):rep(126)
    local body = '{"type":"echo","msg_id":7,"echo":' .. nested .. "}"
    local said = talk.to(ECHO, { talk.message(body) })
    assert.same({}, said.errors)
    assert.matches(nested, said.out, 1, true)
  end)

  describe("that is JSON but no message", function()
    dropped("null", "null", ": byte 0: expected an object")
    dropped("an array of messages", "[" .. good .. "]", ": byte 0: expected an object")
    dropped("an empty object", "{}", ': byte 1: missing "src"')
    dropped("nothing of the right type", '{"src":1,"dest":2,"body":3}',
      ': byte 7: "src": expected a string')
    dropped("no src", '{"dest":"n1","body":{"type":"echo","msg_id":7}}',
      ': byte 46: missing "src"')
    dropped("src that is null", '{"src":null,"dest":"n1","body":{"type":"echo","msg_id":7}}',
      ': byte 7: "src": expected a string')
    dropped("no body", '{"src":"c1","dest":"n1"}', ', from c1: byte 23: missing "body"')
    dropped("a body that is text", '{"src":"c1","dest":"n1","body":"echo"}',
      ', from c1: byte 31: "body": expected an object')
    dropped("an empty body", '{"src":"c1","dest":"n1","body":{}}',
      ', from c1: byte 32: missing "body"."type"')
    refused("no dest", '{"src":"c1","body":{"type":"echo","msg_id":7}}',
      12, 'byte 45: missing "dest"')
    refused("dest that is a number", '{"src":"c1","dest":1,"body":{"type":"echo","msg_id":7}}',
      12, 'byte 19: "dest": expected a string')
    refused("no type", '{"src":"c1","dest":"n1","body":{"msg_id":7}}',
      12, 'byte 42: missing "body"."type"')
    refused("type that is a number", '{"src":"c1","dest":"n1","body":{"type":3,"msg_id":7}}',
      12, 'byte 39: "body"."type": expected a string')
    refused("in_reply_to that is text",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"in_reply_to":"5"}}',
      12, 'byte 71: "body"."in_reply_to": expected an integer')
    refused("src at the end", '{"body":{"msg_id":7},"dest":"n1","src":"c1"}',
      12, 'byte 19: missing "body"."type"')
  end)

  describe("with a msg_id of another kind", function()
    for _, id in ipairs { '"7"', "7.5", "7.0", "1e3", "null", "true", "[7]", "{}" } do
      dropped(id, '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":' .. id .. "}}",
        ', from c1: byte 55: "body"."msg_id": expected an integer')
    end
    dropped("9223372036854775808",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":9223372036854775808}}',
      ", from c1: byte 55: integer does not fit in 64 bits")

    for _, id in ipairs { "0", "-5", "9007199254740993", "9223372036854775807",
      "-9223372036854775808" } do
      it("is served when it is an integer, " .. id, function()
        local replies, errors =
          send('{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":' .. id .. ',"echo":1}}')
        assert.same({}, errors)
        assert.same({ type = "echo_ok", in_reply_to = math.tointeger(id), echo = 1 },
          replies[1].body)
      end)
    end
  end)

  it("without msg_id is handled, and not answered", function()
    local script = sh:write("note.lua", [[
      local node = require "hearsay"
      local notes = 0
      node.on("note", function() notes = notes + 1; return { type = "note_ok" } end)
      node.on("echo", function() return { type = "echo_ok", echo = notes == 1 and "good" } end)
    ]])
    local replies, errors = send(talk.message({ type = "note" }), script)
    assert.same({}, errors)
    assert.same({}, replies)
  end)

  describe("with a key twice", function()
    refused("in the body",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":1,"echo":2}}',
      12, "body: byte 35: the same key twice in one object")
    refused("deeper",
      '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":{"a":1,"a":2}}}',
      12, "body: byte 40: the same key twice in one object")
    refused("msg_id", '{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"msg_id":8}}',
      12, 'byte 66: "body"."msg_id": given twice')
    refused("src", '{"src":"c1","src":"c2","dest":"n1","body":{"type":"echo","msg_id":7}}',
      12, 'byte 18: "src": given twice')
  end)

  describe("of a type without handler", function()
    local known = "; this script handles: echo"
    refused("any", '{"src":"c1","dest":"n1","body":{"type":"nosuch","msg_id":7}}',
      10, 'no handler for message type "nosuch"' .. known)
    refused("error, which is no reply",
      '{"src":"c1","dest":"n1","body":{"type":"error","msg_id":7}}',
      10, 'no handler for message type "error"' .. known)
    refused("with line feeds and colours",
      [[{"src":"c1","dest":"n1","body":{"type":"a\n\tb\u001b[31m","msg_id":7}}]],
      10, 'no handler for message type "a b [31m"' .. known)
    dropped("without msg_id", '{"src":"c1","dest":"n1","body":{"type":"nosuch"}}',
      ', from c1: no handler for message type "nosuch"' .. known)

    it("is answered readably when the type is long, wherever it is cut", function()
      for _, first in ipairs { "", "x" } do
        local replies, errors = send(talk.message({ type = first .. ("é"):rep(2000), msg_id = 7 }))
        assert.equal(1, #errors)
        assert.equal(10, replies[1].body.code)
        assert.matches('^no handler for message type "x?éééé', replies[1].body.text)
      end
    end)
  end)

  it("whose src has line feeds is one line on stderr", function()
    local src = "c1\n2\r\n" .. ("x"):rep(5000)
    local replies, errors = send(talk.message({ type = "nosuch", msg_id = 7 }, src))
    assert.equal(1, #errors)
    assert.matches(", from c1 2 x+: no handler for message type", errors[1])
    assert.equal(src, replies[1].dest)
  end)

  it("is counted by its line", function()
    local said = talk.to(ECHO, { good, "", "junk", good, "junk" })
    assert.equal(2, #said.replies)
    assert.equal(3, #said.errors)
    for i, number in ipairs { 3, 4, 6 } do
      assert.matches(" n1 line " .. number .. ": byte 0: expected a value$", said.errors[i])
    end
  end)

  describe("that is a reply nobody waits for", function()
    for _, body in ipairs { '{"type":"echo_ok","in_reply_to":5}',
      '{"type":"echo_ok","in_reply_to":-1}',
      '{"type":"error","in_reply_to":5,"code":11,"text":"later"}',
      '{"type":"error","in_reply_to":9223372036854775807,"msg_id":3}' } do
      it("is passed over, " .. body, function()
        local replies, errors = send(talk.message(body))
        assert.same({}, errors)
        assert.same({}, replies)
      end)
    end
  end)

  describe("in a body that a handler checks", function()
    local script = sh:write("fields.lua", [[
      local node = require "hearsay"
      node.on("echo", { echo = "string", count = "integer?" }, function(msg)
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]])

    for text, body in pairs {
      ['echo: expected a field "echo" (string)'] = '{"type":"echo","msg_id":7}',
      ['echo: expected "echo" to be of type string, got 5'] = '{"type":"echo","msg_id":7,"echo":5}',
      ['echo: expected "count" to be of type integer, got 1.5'] =
        '{"type":"echo","msg_id":7,"echo":"","count":1.5}',
    } do
      it("is answered with error 12: " .. text, function()
        local replies = send(talk.message(body), script)
        assert.same({ type = "error", in_reply_to = 7, code = 12, text = text }, replies[1].body)
      end)
    end

    it("is answered readably when a long value is quoted", function()
      for _, first in ipairs { "", "x" } do
        local replies = send(talk.message({ type = "echo", msg_id = 7, echo = "ok",
          count = first .. ("é"):rep(100) }), script)
        assert.equal(12, replies[1].body.code)
        assert.matches('^echo: expected "count" to be of type integer, got "x?éééé',
          replies[1].body.text)
      end
    end)
  end)

  it("that a handler fails on is answered with error 13, and a traceback goes to stderr", function()
    local script = sh:write("fails.lua", [[
      local node = require "hearsay"
      node.on("fail", function(msg) return msg.body.nothing.more end)
      node.on("echo", function(msg) return { type = "echo_ok", echo = msg.body.echo } end)
    ]])
    local replies, errors = send(talk.message({ type = "fail", msg_id = 7 }), script)
    assert.equal(13, replies[1].body.code)
    assert.matches("fails%.lua:2: attempt to index a nil value", replies[1].body.text)
    assert.matches("fails%.lua:2: attempt to index a nil value", errors[1])
    assert.equal("stack traceback:", errors[2])
  end)
end)
