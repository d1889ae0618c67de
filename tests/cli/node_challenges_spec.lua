-- Each challenge, spoken to as Maelstrom speaks to it.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")
local json_text = require("sim.checkers.value").text

local FOLDER = "challenges/"

describe("a challenge over pipes", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)

  teardown(function() sh:close() end)

  -- Talks, expects a clean run and no message but replies to the client, and returns their bodies
  -- by msg_id.
  local function ask(script, bodies, ids)
    local lines = {}
    for i, body in ipairs(bodies) do
      body.msg_id = i + 1
      lines[i] = talk.message(body, "c1", ids and ids[1])
    end
    local said = talk.to(FOLDER .. script, lines, ids)
    assert.same({}, said.errors)
    assert.equal(0, said.status)
    local answers = {}
    for _, reply in ipairs(said.replies) do
      if reply.dest == "c1" then
        assert.equal(ids and ids[1] or "n1", reply.src)
        assert.is_nil(answers[reply.body.in_reply_to])
        answers[reply.body.in_reply_to] = reply.body
        reply.body.in_reply_to = nil
      end
    end
    return answers, said
  end

  it("answers init with init_ok", function()
    for _, script in ipairs { "echo_1", "unique_ids_2", "broadcast_3a", "broadcast_3b",
      "broadcast_3c", "broadcast_3d", "broadcast_3e", "txn_6a" } do
      local said = talk.raw("./node challenges/" .. script .. ".lua",
        { talk.init({ "n3", "n1", "n2" }) })
      assert.same({ { src = "n3", dest = "c0", body = { type = "init_ok", in_reply_to = 1 } } },
        { said.replies[1] }, script)
      assert.same({}, said.errors)
      assert.equal(0, said.status)
    end
  end)

  describe("echo_1", function()
    it("returns what it was sent, of any type", function()
      local answers = ask("echo_1.lua", { { type = "echo", echo = "Please echo 35" },
        { type = "echo", echo = { 1, "two", { three = 3 } } }, { type = "echo", echo = false } })
      assert.same({ type = "echo_ok", echo = "Please echo 35" }, answers[2])
      assert.same({ type = "echo_ok", echo = { 1, "two", { three = 3 } } }, answers[3])
      assert.same({ type = "echo_ok", echo = false }, answers[4])
    end)

    -- What a JSON library that has only doubles and tables gets wrong; so the text is compared.
    for _, text in ipairs {
      "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808",
      "0", "-1", "1.0", "-0.0", "0.1", "3.141592653589793", "1e300", "1.7976931348623157e308",
      "5e-324",
      "[]", "{}", "[[],{}]", '{"a":[],"b":{}}', "[null]", "[[null,true],[]]",
      '"é€😀"', [["\"\\/\n\u0000"]], '""', "[1,1.0,\"1\"]",
    } do
      it("returns exactly " .. text, function()
        local said = talk.to(FOLDER .. "echo_1.lua",
          { ('{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":2,"echo":%s}}'):format(text) })
        local reply = shell.lines(said.out)[2]
        local echoed = reply:match('"echo":(.*),"type"') or reply:match('"echo":(.*)}}')
        local members = {}
        for member in (echoed:match("^{(.*)}$") or echoed):gmatch("[^,]+") do
          members[#members + 1] = member
        end
        table.sort(members) -- the order of members in an object is free
        echoed = echoed:find("^{.") and "{" .. table.concat(members, ",") .. "}" or echoed
        assert.equal(text, echoed)
      end)
    end

    it("reads escapes, and writes the characters that they stand for", function()
      local said = talk.to(FOLDER .. "echo_1.lua", { [[{"src":"c1","dest":"n1","body":]]
        .. [[{"type":"echo","msg_id":2,"echo":"\ud83d\ude00 \u00e9\t\/\u001F"}}]] })
      assert.equal("😀 é\t/\31", said.replies[1].body.echo)
      assert.matches("😀 é\\t/\\u001", said.out, 1, true)
    end)
  end)

  describe("unique_ids_2", function()
    local function ids_of(arguments, count, ids)
      local bodies = {}
      for i = 1, count do
        bodies[i] = { type = "generate" }
      end
      local answers = ask("unique_ids_2.lua" .. arguments, bodies, ids)
      local list, found = {}, {}
      for i = 1, count do
        assert.equal("generate_ok", answers[i + 1].type)
        list[i] = answers[i + 1].id
        assert.is_nil(found[list[i]], "given twice")
        found[list[i]] = true
      end
      return list
    end

    it("hands out 64-bit integers that grow", function()
      local list = ids_of("", 200, { "n2", "n1" })
      for i, id in ipairs(list) do
        assert.equal("integer", math.type(id))
        assert.is_true(id > 1 << 53)
        assert.is_true(i == 1 or id > list[i - 1])
      end
      assert.equal("integer", math.type(ids_of(" flake", 1)[1]))
    end)

    it("hands out the node's id with a counter", function()
      local list = ids_of(" counter", 200, { "n2", "n1" })
      local start = list[1]:match("^(n2%-%w+%-)1$")
      assert.is_string(start, list[1])
      assert.equal(start .. "200", list[200])
      assert.not_equal(list[1], ids_of(" counter", 1, { "n2", "n1" })[1]) -- another start
    end)

    it("hands out UUIDs of version 7 that grow", function()
      local list = ids_of(" uuid7", 200)
      local x = "%x"
      for i, id in ipairs(list) do
        assert.matches("^" .. x:rep(8) .. "%-" .. x:rep(4) .. "%-7" .. x:rep(3) .. "%-[89ab]"
          .. x:rep(3) .. "%-" .. x:rep(12) .. "$", id)
        assert.is_true(i == 1 or id > list[i - 1])
      end
    end)

    it("hands out different ids in different nodes", function()
      local found = {}
      for _, ids in ipairs { { "n1", "n2", "n3" }, { "n2", "n1", "n3" }, { "n3", "n1", "n2" } } do
        for _, kind in ipairs { "", " counter", " uuid7" } do
          for _, id in ipairs(ids_of(kind, 50, ids)) do
            assert.is_nil(found[id])
            found[id] = true
          end
        end
      end
    end)

    it("says which kinds there are when asked for another", function()
      local ran = sh:run("./node challenges/unique_ids_2.lua uuid9")
      assert.equal(1, ran.status)
      assert.equal("", ran.out)
      assert.matches("^node: challenges/unique_ids_2%.lua:%d+: "
        .. "expected flake, counter or uuid7, not uuid9\n$", ran.err)
    end)
  end)

  describe("broadcast", function()
    for _, script in ipairs { "broadcast_3a.lua", "broadcast_3b.lua", "broadcast_3c.lua",
      "broadcast_3d.lua", "broadcast_3e.lua" } do
      it("stores values and reads them, " .. script, function()
        local answers, said = ask(script, {
          { type = "topology", topology = { n1 = {} } }, { type = "read" },
          { type = "broadcast", message = 7 }, { type = "broadcast", message = -2 },
          { type = "broadcast", message = 7 }, { type = "broadcast", message = "seven" },
          { type = "read" },
        })
        assert.same({ type = "topology_ok" }, answers[2])
        assert.matches('"messages":[]', said.out, 1, true)
        for i = 4, 7 do
          assert.same({ type = "broadcast_ok" }, answers[i])
        end
        local values = answers[8].messages
        assert.equal(3, #values)
        local found = {}
        for _, value in ipairs(values) do
          found[value] = true
        end
        assert.same({ [7] = true, [-2] = true, seven = true }, found)
      end)

      it("refuses a broadcast without a message, " .. script, function()
        local said = talk.to(FOLDER .. script, { talk.message({ type = "broadcast", msg_id = 2 }),
          talk.message({ type = "read", msg_id = 3 }) })
        assert.equal(12, said.replies[1].body.code)
        assert.matches('"message"', said.replies[1].body.text, 1, true)
        assert.equal("read_ok", said.replies[2].body.type)
      end)
    end

    -- The bodies sent to nodes, and the ids of those nodes in order.
    local function sent(said)
      local bodies, dests = {}, {}
      for _, message in ipairs(said.replies) do
        if message.dest:find("^n") then
          bodies[#bodies + 1] = message.body
          dests[#dests + 1] = message.dest
        end
      end
      table.sort(dests)
      return bodies, dests
    end

    local CLUSTER = { "n1", "n2", "n3", "n4" }
    local TOPOLOGY = { type = "topology", topology = { n1 = { "n2", "n3" } } }

    it("floods to the neighbours, once, and not back", function()
      local bodies, dests = sent(talk.to(FOLDER .. "broadcast_3b.lua", {
        talk.message(TOPOLOGY), talk.message({ type = "broadcast", message = 5, msg_id = 2 }),
        talk.message({ type = "broadcast", message = 5, msg_id = 3 }),
        talk.message({ type = "flood", value = 6 }, "n2"),
        talk.message({ type = "flood", value = 6 }, "n3"),
      }, CLUSTER))
      assert.same({ "n2", "n3", "n3" }, dests)
      local values = { bodies[1].value, bodies[2].value, bodies[3].value }
      assert.same({ 5, 5, 6 }, values)
      assert.equal("flood", bodies[1].type)
      assert.is_nil(bodies[1].msg_id) -- nobody answers these
    end)

    it("pushes what is new to the neighbours, in one request each", function()
      local said = talk.to(FOLDER .. "broadcast_3c.lua", {
        talk.message(TOPOLOGY), talk.message({ type = "broadcast", message = 5, msg_id = 2 }),
        talk.message({ type = "broadcast", message = 6, msg_id = 3 }),
      }, CLUSTER)
      local bodies, dests = sent(said)
      assert.same({ "n2", "n3" }, dests)
      local first = bodies[1].msg_id
      assert.same({ { type = "push", values = { 5, 6 }, msg_id = first },
        { type = "push", values = { 5, 6 }, msg_id = first + 1 } }, bodies)
    end)

    it("keeps what is pushed to it, and confirms", function()
      local answers, said = ask("broadcast_3c.lua", { { type = "push", values = { 3, 1, 2 } },
        { type = "read" } }, { "n1" })
      assert.same("push_ok", answers[2].type)
      table.sort(answers[3].messages)
      assert.same({ 1, 2, 3 }, answers[3].messages)
      assert.equal(2, #said.replies)
    end)
  end)

  for _, name in ipairs({ "txn_6a", "txn_6b", "txn_6c" }) do
    it("runs transactions: " .. name, function()
      local function txn(text)
        return { type = "txn", txn = json.decode(text) }
      end
      local answers = ask(name .. ".lua", { txn('[["r",1,null],["w",1,6],["w",2,9]]'),
        txn('[["w",1,7],["x",1,8]]'), txn('[["r",1,null],["r",2,null]]') }, { "n1" })
      assert.equal('{"txn":[["r",1,null],["w",1,6],["w",2,9]],"type":"txn_ok"}',
        json_text(answers[2]))
      assert.same({ "error", 12 }, { answers[3].type, answers[3].code })
      assert.equal('{"txn":[["r",1,6],["r",2,9]],"type":"txn_ok"}', json_text(answers[4]))
    end)
  end
end)
