-- sim.workloads: what all of them share, and the simple ones.

local json = require "hearsay.json"
local options = require "sim.options"
local randoms = require "hearsay.random"
local workloads = require "sim.workloads"

local function generate(name, count, seed)
  local next_operation = workloads.get(name).generator({}, randoms.stream(seed or 1, "workload"))
  local list = {}
  for i = 1, count do
    list[i] = { next_operation({ index = 0, process = { id = 0 } }, 0) }
  end
  return list
end

describe("workloads", function()
  it("are there by the names that the command line takes", function()
    for _, name in ipairs(options.workloads) do
      local workload = workloads.get(name)
      assert(#workload.types > 0, name)
      assert.is_table(workload.idempotent, name)
      for _, part in ipairs({ "generator", "check" }) do
        assert.is_function(workload[part], name .. "." .. part)
      end
      assert(workload.perform or (workload.request and workload.result), name)
    end
  end)

  it("are inferred from the types that a script handles, whatever else it handles", function()
    for types, name in pairs({
      ["echo"] = "echo", ["generate hello"] = "unique-ids",
      ["topology broadcast read"] = "broadcast", ["read hub_up broadcast"] = "broadcast",
    }) do
      local list = {}
      for word in types:gmatch("%S+") do
        list[#list + 1] = word
      end
      assert.equal(name, (workloads.infer(list)))
    end
  end)

  it("cannot be inferred from part of the types", function()
    for _, types in ipairs({ {}, { "topology", "broadcast" }, { "hello" } }) do
      local name, message = workloads.infer(types)
      assert.is_nil(name)
      assert.equal(("cannot tell the workload from what the script handles (%s): say it with -w")
        :format(types[1] and table.concat(types, ", ") or "nothing"), message)
    end
  end)

  describe("end with", function()
    it("one operation for each worker, by workloads.once", function()
      local final = workloads.once("read")({}, {})
      local a, b = { index = 0 }, { index = 1 }
      assert.equal("read", (final(b)))
      assert.is_nil(final(b))
      assert.equal("read", (final(a)))
      assert.is_nil(final(a))
      assert.is_nil(final(b))
      assert.equal("read", (workloads.once("read")({}, {})(a))) -- for another run
    end)
  end)

  describe("perform", function()
    local echo = workloads.get("echo")
    local function perform(reply, err)
      local asked, ended = {}, {}
      workloads.perform(echo, { f = "echo", value = "x" }, function(body, answer)
        asked[#asked + 1] = body
        answer(reply, err)
      end, function(result, failure)
        ended[#ended + 1] = { result, failure }
      end, {})
      assert.same({ { type = "echo", echo = "x" } }, asked)
      assert.equal(1, #ended)
      return ended[1][1], ended[1][2]
    end

    it("makes one request of an operation, and its result of the reply", function()
      assert.same({ "y" }, { perform({ type = "echo_ok", echo = "y" }) })
      assert.same({ false }, { perform({ type = "echo_ok", echo = false }) })
    end)

    it("hands on an error", function()
      local failure = { code = 11 }
      assert.same({ nil, failure }, { perform(nil, failure) })
    end)

    it("makes an error of a reply of another form", function()
      local result, failure = perform({ type = "echo_ok" })
      assert.is_nil(result)
      assert.same({ code = 13, name = workloads.MALFORMED, definite = false,
        text = 'answered with type echo_ok; expected {"type": "echo_ok", "echo": ..}' }, failure)
    end)
  end)
end)

describe("echo", function()
  it("asks for texts with a number from 0 to 127", function()
    local seen = {}
    for _, op in ipairs(generate("echo", 3000)) do
      assert.equal("echo", op[1])
      local number = tonumber(op[2]:match("^Please echo (%d+)$"))
      assert(number >= 0 and number <= 127)
      seen[number] = true
    end
    assert.is_true(seen[0] and seen[127])
  end)

  it("takes any echo of the right type for a result", function()
    local result = workloads.get("echo").result
    for _, value in ipairs({ "x", false, 0, json.null, {} }) do
      assert.equal(value, (result({}, { type = "echo_ok", echo = value })))
    end
    for _, reply in ipairs({ { type = "echo", echo = 1 }, { type = "echo_ok" }, {} }) do
      assert.same({ nil, '{"type": "echo_ok", "echo": ..}' }, { result({}, reply) })
    end
  end)
end)

describe("unique-ids", function()
  it("asks for ids of any kind", function()
    local workload = workloads.get("unique-ids")
    assert.same({ { "generate" }, { "generate" } }, generate("unique-ids", 2))
    assert.same({ type = "generate" }, workload.request({ f = "generate" }))
    for _, id in ipairs({ 5, "x", 1.5, json.null, { 1 }, false }) do
      assert.equal(id, (workload.result({}, { type = "generate_ok", id = id })))
    end
    assert.same({ nil, '{"type": "generate_ok", "id": ..}' },
      { workload.result({}, { type = "generate_ok" }) })
  end)
end)

describe("broadcast", function()
  local workload = workloads.get("broadcast")

  it("sends 0, 1, 2, .. and reads as often, in random order", function()
    local next_value, reads = 0, 0
    for _, op in ipairs(generate("broadcast", 4000)) do
      if op[1] == "broadcast" then
        assert.equal(next_value, op[2])
        next_value = next_value + 1
      else
        assert.same({ "read" }, op)
        reads = reads + 1
      end
    end
    assert.near(2000, reads, 130)
    assert.same(generate("broadcast", 50, 1), generate("broadcast", 50, 1))
    assert.not_same(generate("broadcast", 50, 1), generate("broadcast", 50, 2))
  end)

  it("asks as Maelstrom does", function()
    assert.same({ type = "broadcast", message = 7 },
      workload.request({ f = "broadcast", value = 7 }))
    assert.same({ type = "read" }, workload.request({ f = "read" }))
  end)

  it("takes broadcast_ok, and read_ok with an array, be it empty", function()
    assert.is_true(workload.result({ f = "broadcast" }, { type = "broadcast_ok" }))
    assert.same({ nil, '{"type": "broadcast_ok"}' },
      { workload.result({ f = "broadcast" }, { type = "read_ok" }) })
    for text, is_right in pairs({
      ['{"type":"read_ok","messages":[]}'] = true, ['{"type":"read_ok","messages":[1,2]}'] = true,
      ['{"type":"read_ok","messages":{}}'] = false, ['{"type":"read_ok"}'] = false,
      ['{"type":"read_ok","messages":null}'] = false, ['{"type":"ok","messages":[]}'] = false,
    }) do
      local reply = json.decode(text)
      local result, expected = workload.result({ f = "read" }, reply)
      if is_right then
        assert.equal(reply.messages, result)
      else
        assert.same({ nil, '{"type": "read_ok", "messages": [..]}' }, { result, expected })
      end
    end
  end)

  it("tells every node the whole topology first, with lists that are arrays", function()
    local body_for = workload.setup({ topology = "tree4", nodes = { "n0" } })
    assert.equal('{"topology":{"n0":[]},"type":"topology"}', json.encode(body_for("n0"), true))
    body_for = workload.setup({ topology = "line", nodes = { "a", "b" } })
    assert.equal('{"topology":{"a":["b"],"b":["a"]},"type":"topology"}',
      json.encode(body_for("b"), true))
  end)

  it("only counts a read as harmless", function()
    assert.same({ read = true }, workload.idempotent)
  end)
end)
