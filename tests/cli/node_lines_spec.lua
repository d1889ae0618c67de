-- How ./node cuts its input into messages: line ends, the last line, the longest line.

local shell = dofile("tests/cli/shell.lua")

local ECHO = "./node challenges/echo_1.lua"

describe("lines", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)
  local init = talk.init()

  teardown(function() sh:close() end)

  local function echo(msg_id, value)
    return talk.message('{"type":"echo","msg_id":' .. msg_id .. ',"echo":"' .. (value or "good")
      .. '"}')
  end

  -- The msg_ids that got an answer.
  local function answered(said)
    local ids = {}
    for i, reply in ipairs(said.replies) do
      ids[i] = reply.body.in_reply_to
    end
    return ids
  end

  it("may end with CR and LF", function()
    local said = talk.raw(ECHO, init .. "\r\n" .. echo(2) .. "\r\n" .. echo(3) .. "\n")
    assert.same({ 1, 2, 3 }, answered(said))
    assert.same({}, said.errors)
  end)

  it("may have white space around the message", function()
    local said = talk.raw(ECHO, { "  " .. init .. "\t", "\t \r" .. echo(2):gsub("[,:]", " %0\t") })
    assert.same({ 1, 2 }, answered(said))
    assert.same({}, said.errors)
  end)

  it("need no newline at the end of input", function()
    local said = talk.raw(ECHO, init .. "\n" .. echo(2))
    assert.same({ 1, 2 }, answered(said))
    said = talk.raw(ECHO, init)
    assert.same({ 1 }, answered(said))
    assert.equal("\n", said.out:sub(-1))
    said = talk.raw(ECHO, init .. "\n" .. echo(2):sub(1, -2))
    assert.same({ 1, 2 }, answered(said))
    assert.equal("error", said.replies[2].body.type)
    assert.equal(1, #said.errors)
    assert.equal(0, said.status)
  end)

  it("are a line of diagnostics each when they are blank", function()
    local said = talk.raw(ECHO, init .. "\n\n\r\n   \n" .. echo(2) .. "\n")
    assert.same({ 1, 2 }, answered(said))
    assert.equal(3, #said.errors)
    for i, line in ipairs(said.errors) do
      assert.matches("line " .. i + 1 .. ": byte %d: expected a value$", line)
    end
  end)

  it("may be nothing but NUL bytes", function()
    local said = talk.raw(ECHO, init .. "\n" .. ("\0"):rep(100000) .. "\n" .. echo(2) .. "\n")
    assert.same({ 1, 2 }, answered(said))
    assert.equal(1, #said.errors)
  end)

  it("may come byte by byte", function()
    local path = sh:write("input", init .. "\n" .. echo(2) .. "\n")
    local ran = sh:run(("dd bs=1 if=%s 2>%s | %s"):format(shell.quote(path),
      shell.quote(sh:path("dd.log")), ECHO))
    assert.equal(2, #shell.lines(ran.out))
    assert.equal("", ran.err)
  end)

  it("may be many", function()
    local lines = { init }
    for i = 2, 20000 do
      lines[i] = echo(i)
    end
    local said = talk.raw(ECHO, lines)
    assert.equal(20000, #said.replies)
    for i, id in ipairs(answered(said)) do
      assert.equal(i, id)
    end
    assert.same({}, said.errors)
  end)

  describe("longer than --max-line", function()
    local LIMITED = "./node --max-line 2000 challenges/echo_1.lua"
    -- An echo whose line has so many bytes.
    local function of_length(length, msg_id)
      local empty = echo(msg_id, "")
      return echo(msg_id, ("x"):rep(length - #empty))
    end

    it("are refused, with an error reply; those up to it are served", function()
      local said = talk.raw(LIMITED, { init, of_length(1999, 2), of_length(2000, 3),
        of_length(2001, 4), of_length(1e6, 5), of_length(2000, 6), echo(7) })
      assert.same({ 1, 2, 3, 4, 5, 6, 7 }, answered(said))
      for i, reply in ipairs(said.replies) do
        local is_refused = i == 4 or i == 5
        assert.equal(is_refused and "error" or i == 1 and "init_ok" or "echo_ok", reply.body.type)
        assert.equal(is_refused and 12 or nil, reply.body.code)
      end
      assert.equal("longer than 2000 bytes; the limit is set by --max-line",
        said.replies[4].body.text)
      assert.equal(2, #said.errors)
      assert.matches("line 4, from c1: longer than 2000 bytes", said.errors[1])
      assert.matches("line 5, from c1: longer than 2000 bytes", said.errors[2])
    end)

    it("are refused when the newline is all that is too much", function()
      local said = talk.raw(LIMITED, { init, of_length(2000, 2) .. "\r", echo(3) })
      assert.same({ 1, 2, 3 }, answered(said))
      assert.equal("error", said.replies[2].body.type)
    end)

    it("get no reply when who asks what lies beyond the limit", function()
      local fill = ("x"):rep(3000)
      local long = '{"body":{"type":"echo","echo":"' .. fill .. '","msg_id":2},"src":"c1"}'
      local said = talk.raw(LIMITED, { init, long, fill, echo(3) })
      assert.same({ 1, 3 }, answered(said))
      assert.equal(2, #said.errors)
      assert.matches("line 2: longer than 2000 bytes", said.errors[1])
    end)

    it("may be the last, with or without newline", function()
      for _, tail in ipairs { "", "\n" } do
        local said = talk.raw(LIMITED, init .. "\n" .. of_length(1e6, 2) .. tail)
        assert.same({ 1, 2 }, answered(said))
        assert.equal(1, #said.errors)
        assert.equal(0, said.status)
      end
    end)

    for _, text in ipairs { "x", "1e4", "-1", "1023", "2147483649", "99999999999999999999", "" } do
      it("cannot be limited to " .. text, function()
        local ran = sh:run("./node --max-line '" .. text .. "' challenges/echo_1.lua")
        assert.equal(2, ran.status)
        assert.matches("^node: %-%-max%-line: expected bytes, from 1024 to 2147483648[^\n]*\n$",
          ran.err)
      end)
    end
  end)

  describe("of 64 MB", function()
    local LIMIT = 64 << 20
    local empty = #echo(2, "")

    it("are served", function()
      local said = talk.raw(ECHO, { init, echo(2, ("x"):rep(LIMIT - empty)), echo(3) })
      assert.same({ 1, 2, 3 }, answered(said))
      assert.equal(LIMIT - empty, #said.replies[2].body.echo)
      assert.same({}, said.errors)
      assert.equal(0, said.status)
    end)

    it("and a byte are refused, and the next message is served", function()
      local said = talk.raw(ECHO, { init, echo(2, ("x"):rep(LIMIT - empty + 1)), echo(3) })
      assert.same({ 1, 2, 3 }, answered(said))
      assert.equal(12, said.replies[2].body.code)
      assert.equal(1, #said.errors)
      assert.matches("line 2, from c1: longer than 67108864 bytes", said.errors[1])
      assert.equal("echo_ok", said.replies[3].body.type)
      assert.equal(0, said.status)
    end)
  end)
end)
