-- Each variant of a challenge starts in every way in which Maelstrom may start it, and answers.

local shell = dofile("tests/cli/shell.lua")

describe("a variant over pipes", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)

  teardown(function() sh:close() end)

  local scripts = shell.lines(sh:run("ls challenges/variants/*.lua").out)

  it("is there, for each challenge", function()
    assert(#scripts >= 22)
  end)

  for _, path in ipairs(scripts) do
    local name = path:match("([^/]+)%.lua$")

    it("starts by one path, from any folder, with or without \"./node \" in front, " .. name,
      function()
        for _, command in ipairs({
          "./" .. path, "'./node " .. path .. "'", "./node " .. path,
          "here=$(pwd); cd /; \"$here/node " .. path .. "\"",
          "cd challenges/variants; ./" .. name .. ".lua",
        }) do
          local said = talk.raw(command, { talk.init({ "n3", "n1", "n2" }) })
          assert.same({ src = "n3", dest = "c0", body = { type = "init_ok", in_reply_to = 1 } },
            said.replies[1], command)
          assert.same({}, said.errors)
          assert.equal(0, said.status)
        end
      end)

    it("says in its header what its idea, cost and weakness are, within 80 lines, " .. name,
      function()
        local file = assert(io.open(path))
        local text = file:read("a")
        file:close()
        local header = text:match("^#![^\n]+\n(%-%-%-.-)\n\n")
        for _, word in ipairs({ "Idea", "Cost", "Weakness" }) do
          assert.matches("\n-- " .. word .. ": ", header, 1, true)
        end
        local _, lines = text:gsub("\n", "")
        assert(lines <= 80, lines)
      end)

    if name:find("^broadcast") then
      it("stores values, reads them, and refuses a broadcast without one, " .. name, function()
        local said = talk.to(path, {
          talk.message({ type = "topology", topology = { n1 = {} }, msg_id = 2 }),
          talk.message({ type = "broadcast", message = 7, msg_id = 3 }),
          talk.message({ type = "broadcast", msg_id = 4 }),
          talk.message({ type = "read", msg_id = 5 }),
        })
        local answers = {}
        for i, reply in ipairs(said.replies) do
          answers[i] = reply.body.type
        end
        assert.same({ "topology_ok", "broadcast_ok", "error", "read_ok" }, answers)
        assert.equal(12, said.replies[3].body.code)
        assert.same({ 7 }, said.replies[4].body.messages)
      end)
    end
  end
end)
