-- Code that does not come back: it ends with an error that names the line, and not with the
-- patience of who waits for it.

local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

describe("an endless loop", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  local function test(script, options)
    return sh:run(("./sim test -w echo --store %s --bin %s %s"):format(quote(sh:path("store")),
      quote(sh:write("script.lua", script)), options or ""))
  end

  it("in a handler ends the run, also behind a pcall", function()
    local ran = test([[
      local node = require "hearsay"
      node.on("echo", function(msg)
        pcall(function()
          while true do
          end
        end)
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]])
    assert.equal(1, ran.status)
    assert.matches("n%d does not come back: %S+script.lua:[45]: over 100000000 instructions",
      (ran.out:gsub("%s+", " ")))
    assert.matches("in function <%S+script.lua:2>", sh:read("store/latest/screen.txt")
      .. sh:read("store/latest/node-logs/n1.log") .. sh:read("store/latest/node-logs/n2.log")
      .. sh:read("store/latest/node-logs/n3.log") .. sh:read("store/latest/node-logs/n4.log")
      .. sh:read("store/latest/node-logs/n5.log"))
  end)

  it("in a pattern that tries for ever ends it too", function()
    local script = [[
      local node = require "hearsay"
      local text = ("a"):rep(200000)
      node.on("echo", function(msg)
        return { type = "echo_ok", echo = text:match(".-.-b") or msg.body.echo }
      end)
    ]]
    local options = "--json --time-limit 1"
    local one, two = test(script, options), test(script, options)
    assert.equal(1, one.status)
    assert.matches("script.lua:4: over 100000000 instructions", one.out)
    assert.equal(one.out, two.out)
  end)

  it("in the main part is told before anything runs", function()
    local ran = test("local i = 0\nrepeat\n  i = i + 1\nuntil i < 0\n")
    assert.equal(255, ran.status)
    assert.matches("^sim: %S+script.lua:[234]: over 100000000 instructions without an end", ran.err)
  end)

  it("in one handler of a process leaves the others", function()
    local script = sh:write("stuck.lua", [[
      local node = require "hearsay"
      node.on("loop", function() while true do end end)
      node.on("ping", function() return { type = "pong" } end)
    ]])
    local function line(id, body)
      return ('{"src":"c1","dest":"n1","body":{"msg_id":%d,%s}}'):format(id, body)
    end
    local input = sh:write("input", table.concat({
      line(1, '"type":"init","node_id":"n1","node_ids":["n1"]'), line(2, '"type":"loop"'),
      line(3, '"type":"ping"'), "" }, "\n"))
    local ran = sh:run(("./node %s <%s"):format(quote(script), quote(input)))
    assert.equal(0, ran.status)
    local refusal = ran.out:match('[^\n]*"in_reply_to":2[^\n]*')
    assert.matches('"code":13', refusal)
    assert.matches("stuck.lua:2: over 100000000 instructions", refusal)
    assert.matches('"pong"', ran.out)
  end)

  -- As many instructions are over the limit on every machine, however quick; and the run ends with
  -- the same words.
  it("or what is nearly one ends the run at the same line each time", function()
    local script = [[
      local node = require "hearsay"
      local function sum(n)
        local total = 0
        for i = 1, n do
          total = total + i
          if i %% 3 == 0 then
            total = total - 1
          end
        end
        return total
      end
      node.on("echo", function(msg)
        return { type = "echo_ok", echo = sum(%s) and msg.body.echo }
      end)
    ]]
    local options = "--json --time-limit 2"
    for _, limit in ipairs({ 1000000, 100000000 }) do
      local file = sh:write("script.lua", script:format(limit / 2))
      local function run()
        return sh:run(("./sim test -w echo --store %s --bin './node --max-instructions %d %s' %s")
          :format(quote(sh:path("store")), limit, file, options))
      end
      local one, two = run(), run()
      assert.equal(1, one.status)
      assert.matches("over " .. limit .. " instructions without an end", one.out)
      assert.equal(one.out, two.out)
    end
  end)

  it("that takes long is counted, and changes nothing when it is within the limit", function()
    local script = sh:write("script.lua", [[
      local node = require "hearsay"
      local count = 0
      node.on("echo", function(msg)
        count = count + 1
        if count % 10 == 0 then -- some 50 ms
          for i = 1, 1e7 do count = count + i - i end
        end
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]])
    local function run(limit)
      return sh:run(("./sim test -w echo --store %s --json --time-limit 10 --bin "
        .. "'./node --max-instructions %d %s'"):format(quote(sh:path("store")), limit, script))
    end
    local probed, counted = run(100000000), run(99999999)
    assert.equal(0, probed.status)
    assert.equal((probed.out:gsub("max%-instructions %d+", "")),
      (counted.out:gsub("max%-instructions %d+", "")))
  end)

  it("that ends before is left alone, and costs no fingerprint", function()
    local script = [[
      local node = require "hearsay"
      node.on("echo", function(msg)
        local sum = 0
        for i = 1, 3e6 do sum = sum + i end
        return { type = "echo_ok", echo = sum and msg.body.echo }
      end)
    ]]
    local options = "--json --time-limit 5 --rate 20"
    local one, two = test(script, options), test(script, options)
    assert.equal(0, one.status)
    assert.equal(one.out, two.out)
  end)
end)
