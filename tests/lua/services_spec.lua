-- sim.services: what all of them share, lin-kv and lin-tso.

local json = require "hearsay.json"
local service_lab = dofile("tests/lua/service_lab.lua")
local services = require "sim.services"
local testing = require "hearsay.testing"

local KV = { "lin-kv", "seq-kv", "lww-kv" }
local new, write, read, cas = service_lab.new, service_lab.write, service_lab.read, service_lab.cas

describe("services", function()
  it("are four", function()
    assert.same({ "lin-kv", "seq-kv", "lww-kv", "lin-tso" }, services.names)
    for _, name in ipairs(services.names) do
      assert.is_function(new(name).handle)
    end
    assert.has_error(function() new("lin-kw") end, 'services.new: there is no service "lin-kw"')
  end)

  for _, name in ipairs(KV) do
    describe(name, function()
      local kv
      before_each(function()
        kv = new(name)
      end)

      -- With one client the weaknesses of lww-kv show, so its replicas are brought together.
      local function settle()
        for _ = 1, 60 do
          read(kv, "n1", "settle")
        end
      end

      it("reads, writes, compares and sets", function()
        write(kv, "n1", "x", 1)
        settle()
        assert.equal(1, (read(kv, "n1", "x")))
        assert.equal("ok", cas(kv, "n1", "x", 1, 2))
        settle()
        assert.equal(2, (read(kv, "n1", "x")))
        assert.equal(22, cas(kv, "n1", "x", 1, 3))
        assert.equal(2, (read(kv, "n1", "x")))
        write(kv, "n1", "x", 5)
        settle()
        assert.equal(5, (read(kv, "n1", "x")))
      end)

      it("says that a key is missing", function()
        assert.same({ nil, 20 }, { read(kv, "n1", "x") })
        assert.equal(20, cas(kv, "n1", "x", 1, 2))
        assert.equal(20, cas(kv, "n1", "x", 1, 2, false))
        assert.same({ nil, 20 }, { read(kv, "n1", "x") })
      end)

      it("creates one when a cas asks for it, whatever it compares", function()
        assert.equal("ok", cas(kv, "n1", "x", 1, 2, true))
        settle()
        assert.equal(2, (read(kv, "n1", "x")))
        assert.equal(22, cas(kv, "n1", "x", 1, 3, true))
        assert.equal("ok", cas(kv, "n1", "x", 2, 3, true))
      end)

      it("says in words what is wrong", function()
        local reply = kv:handle("n1", { type = "read", key = { "x" } })
        assert.same({ type = "error", code = 20, text = 'there is no key ["x"]' }, reply)
        write(kv, "n1", "x", { a = 1 })
        settle()
        reply = kv:handle("n1", { type = "cas", key = "x", from = 2, to = 3 })
        assert.same({ type = "error", code = 22, text = 'key "x" has the value {"a":1}, not 2' },
          reply)
      end)

      it("tells keys and values apart as JSON does", function()
        local keys = { 1, 1.0, "1", true, "true", json.null, json.array(), {}, { 1 },
          { a = { 1, 2 }, b = "x" } }
        for i, key in ipairs(keys) do
          write(kv, "n1", key, i)
        end
        settle()
        keys[10] = { b = "x", a = { 1, 2 } }
        for i, key in ipairs(keys) do
          assert.equal(i, (read(kv, "n1", key)))
        end
        for _, v in ipairs(keys) do
          write(kv, "n2", "v", v)
          settle()
          read(kv, "n2", "v")
          for _, other in ipairs(keys) do
            if other ~= v then
              assert.equal(22, cas(kv, "n2", "v", other, "no"))
            end
          end
        end
        write(kv, "n3", "deep", { a = { 1, { b = 2.5 } }, c = json.null })
        settle()
        assert.equal("ok", cas(kv, "n3", "deep", { c = json.null, a = { 1, { b = 2.5 } } }, 0))
      end)

      it("refuses requests that lack something with 12, unknown ones with 10", function()
        for text, code in pairs({
          ['{"type":"read"}'] = 12, ['{"type":"write","key":1}'] = 12,
          ['{"type":"write","value":1}'] = 12, ['{"type":"cas","key":1,"from":1}'] = 12,
          ['{"type":"cas","key":1,"to":1}'] = 12, ['{"type":"cas","from":1,"to":1}'] = 12,
          ['{"type":"cas","key":1,"from":1,"to":1,"create_if_not_exists":1}'] = 12,
          ['{"type":"ts"}'] = 10, ['{"type":"delete","key":1}'] = 10, ['{}'] = 10,
        }) do
          local reply = kv:handle("n1", json.decode(text))
          assert.same({ "error", code }, { reply.type, reply.code }, text)
          assert.is_string(reply.text)
        end
        assert.equal('write: expected a field "value"',
          kv:handle("n1", { type = "write", key = 1 }).text)
      end)

      it("takes null for a value", function()
        write(kv, "n1", "x", json.null)
        settle()
        assert.equal(json.null, (read(kv, "n1", "x")))
        assert.equal("ok", cas(kv, "n1", "x", json.null, 1))
      end)
    end)
  end

  describe("lin-kv", function()
    it("shows everybody what was written last", function()
      local kv = new("lin-kv")
      for i = 1, 200 do
        write(kv, "n" .. i % 3, "x", i)
        assert.equal(i, (read(kv, "n" .. i % 5, "x")))
      end
    end)
  end)

  describe("lin-tso", function()
    it("counts from 0", function()
      local tso = new("lin-tso")
      for ts = 0, 99 do
        assert.same({ type = "ts_ok", ts = ts }, tso:handle("n" .. ts % 3, { type = "ts" }))
      end
    end)

    it("does nothing else", function()
      local tso = new("lin-tso")
      local reply = tso:handle("n1", { type = "read", key = 1 })
      assert.same({ type = "error", code = 10, text = 'a timestamp oracle has ts, not "read"' },
        reply)
      assert.equal(0, tso:handle("n1", { type = "ts" }).ts)
    end)
  end)

  describe("in a world", function()
    local SCRIPT = [[
      local node = require "hearsay"
      node.on("ask", function(msg)
        local reply, err = node.rpc(msg.body.service, msg.body.request, 5)
        return { type = "ask_ok", reply = reply, code = err and err.code }
      end)
      node.on("tell", function(msg)
        node.send(msg.body.service, msg.body.request)
        return { type = "tell_ok" }
      end)
    ]]

    local function ask(nodes, id, service, request)
      local reply = assert(nodes:ask(id, { type = "ask", service = service, request = request }))
      return reply.reply or reply.code
    end

    it("answer nodes under their names", function()
      local nodes = testing.start(SCRIPT, { nodes = 2, latency = 10 })
      for _, service in ipairs(KV) do
        assert.equal("write_ok", ask(nodes, "n0", service,
          { type = "write", key = "x", value = service }).type)
        assert.equal(12, ask(nodes, "n0", service, { type = "read" }))
      end
      assert.equal("lin-kv", ask(nodes, "n1", "lin-kv", { type = "read", key = "x" }).value)
      assert.equal(0, ask(nodes, "n0", "lin-tso", { type = "ts" }).ts)
      assert.equal(1, ask(nodes, "n1", "lin-tso", { type = "ts" }).ts)
    end)

    it("pay the latency, and count as servers", function()
      local nodes = testing.start(SCRIPT, { nodes = 1, latency = 100 })
      local before = nodes.world:counts().servers.sent
      local start = nodes:now()
      ask(nodes, "n0", "lin-kv", { type = "read", key = "x" })
      assert.near(0.2, nodes:now() - start, 0.001)
      assert.equal(before + 2, nodes.world:counts().servers.sent)
    end)

    it("answer what has no msg_id as well, which the node passes over", function()
      local nodes = testing.start(SCRIPT, { nodes = 1 })
      local before = nodes.world:counts().servers.sent
      assert(nodes:ask("n0", { type = "tell", service = "lin-kv",
        request = { type = "write", key = "x", value = 5 } }))
      nodes:run(1)
      assert.equal(before + 2, nodes.world:counts().servers.sent)
      assert.equal(5, ask(nodes, "n0", "lin-kv", { type = "read", key = "x" }).value)
    end)

    it("leave the same to chance for the same seed", function()
      local function replies(seed)
        local nodes, list = testing.start(SCRIPT, { nodes = 1, seed = seed }), {}
        for i = 1, 20 do
          ask(nodes, "n0", "lww-kv", { type = "write", key = "x", value = i })
          local reply = ask(nodes, "n0", "lww-kv", { type = "read", key = "x" })
          list[i] = type(reply) == "table" and reply.value or reply
        end
        return list
      end
      assert.same(replies(1), replies(1))
      assert.not_same(replies(1), replies(2))
    end)
  end)
end)
