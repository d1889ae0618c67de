-- Real nodes with logs in real files.

local shell = dofile("tests/cli/shell.lua")
local testing = require "hearsay.testing"

local quote = shell.quote
local SCRIPT = "tests/lua/fixtures/durable.lua"

describe("./node --data", function()
  local sh, count = shell.open(), 0
  local talk = dofile("tests/cli/talk.lua")(sh)

  teardown(function() sh:close() end)

  -- A folder that is not there yet.
  local function new_folder()
    count = count + 1
    return sh:path("data" .. count)
  end

  local function node(folder, limits)
    return ("%s./node --data %s %s"):format(limits or "", quote(folder), SCRIPT)
  end

  -- The bodies that a node answers to init and these requests, in the order in which they came.
  local function ask(command, ...)
    local lines = { talk.init() }
    for i, body in ipairs({ ... }) do
      body.msg_id = i + 1
      lines[i + 1] = talk.message(body)
    end
    local said = talk.raw(command, lines)
    assert.equal(0, said.status)
    local bodies = {}
    for i, reply in ipairs(said.replies) do
      bodies[i] = reply.body
    end
    return bodies, table.concat(said.errors, "\n")
  end

  local function append(value)
    return { type = "append", key = "k", value = value, sync = true }
  end

  it("keeps what is in the logs from one run to the next", function()
    local folder = new_folder()
    local first = ask(node(folder), { type = "open" }, append("one"), append("two"),
      { type = "insert", key = "k", offset = 9, value = 9 },
      { type = "commit", key = "j", offset = 4 })
    assert.same({ "init_ok", "open_ok" }, { first[1].type, first[2].type })
    assert.equal(6, #first)
    local second, errors = ask(node(folder), { type = "open" }, { type = "read" })
    assert.equal(4, second[2].records)
    assert.same({ j = {}, k = { { 0, "one" }, { 1, "two" }, { 9, 9 } } }, second[3].keys)
    assert.same({ j = 4 }, second[3].committed)
    assert.equal("", errors)
  end)

  it("makes replies durable by the thousand", function()
    local folder, lines = new_folder(), {}
    for i = 1, 3000 do
      lines[i] = append(i)
    end
    local bodies = ask(node(folder), table.unpack(lines))
    local offsets = {}
    for i = 2, #bodies do
      assert.equal("append_ok", bodies[i].type)
      offsets[bodies[i].offset] = true
    end
    assert.equal(3001, #bodies)
    assert.is_true(offsets[0] and offsets[2999])
    assert.equal(3000, ask(node(folder), { type = "open" })[2].records)
  end)

  -- Commands for the shell: starts a node that reads a fifo, and waits until it has said so much.
  local function background(folder, name, lines)
    sh:write("lines", table.concat(lines, "\n") .. "\n")
    return ([[
      cd %s; rm -f fifo; mkfifo fifo; : >%s
      (cd %s; exec %s) <fifo >%s &
      pid=$!
      exec 9>fifo
      cat lines >&9
      while [ "$(wc -l <%s)" -lt %d ]; do sleep 0.01; done
    ]]):format(quote(sh.folder), name, quote(sh.root), node(folder), quote(sh:path(name)), name,
      #lines)
  end

  it("keeps what was acknowledged over kill -9", function()
    local folder = new_folder()
    local lines = { talk.init() }
    for i = 1, 500 do
      local body = append(i)
      body.msg_id = i + 1
      lines[#lines + 1] = talk.message(body)
    end
    -- Everything is acknowledged; or the kill comes in the middle of it.
    for _, wanted in ipairs({ 501, 50 }) do
      local script = background(folder, "said", lines):gsub("%-lt %d+", "-lt " .. wanted)
      local before = ask(node(folder), { type = "open" })[2].records
      sh:run(script .. "kill -9 $pid; wait $pid")
      local said = sh:read("said")
      local _, acknowledged = said:gsub('"append_ok"', "")
      assert.is_true(acknowledged >= wanted - 1)
      local records = ask(node(folder), { type = "open" })[2].records - before
      assert.is_true(records >= acknowledged and records <= 500)
    end
  end)

  it("locks a file against another process", function()
    local folder = new_folder()
    local first = { talk.init(), talk.message({ type = "open", msg_id = 2 }) }
    sh:write("second", table.concat(first, "\n") .. "\n")
    local ran = sh:run(background(folder, "said", first)
      .. ("cd %s; %s <%s; exec 9>&-; wait $pid"):format(quote(sh.root), node(folder),
        quote(sh:path("second"))))
    assert.truthy(ran.out:find(("cannot lock %s/n1/test.log: it is in use, by this node or another "
      .. "process"):format(folder), 1, true), ran.out .. ran.err)
    assert.is_nil(ask(node(folder), { type = "open" })[2].error)
  end)

  it("says that the disk is full, and lives on", function()
    local folder = new_folder()
    local bodies, errors = ask(node(folder, "ulimit -f 8; "), append("small"),
      append(("large"):rep(10000)), { type = "read" })
    local by_reply = {}
    for _, body in ipairs(bodies) do
      by_reply[body.in_reply_to] = body
    end
    assert.equal(0, by_reply[2].offset)
    assert.truthy(by_reply[3].text:find("/n1/test.log+1: File too large", 1, true))
    assert.equal(2, #by_reply[4].keys.k)
    assert.truthy(errors:find("cannot write to " .. folder, 1, true))
    assert.same({ { 0, "small" } }, ask(node(folder), { type = "read" })[2].keys.k)
  end)

  it("refuses what it cannot use, and leaves it as it is", function()
    local folder = new_folder()
    ask(node(folder), { type = "open" })
    local name = folder:match("[^/]+$") .. "/n1/test.log+1"
    local simulated = testing.start(SCRIPT) -- where the second comes when the first is synced
    assert(simulated:ask("n0", append(1)))
    assert(simulated:ask("n0", append(2)))
    local bytes = simulated:file("n0", "test.log+1")
    sh:write(name, bytes:sub(1, 72) .. "X" .. bytes:sub(74))
    local message = ask(node(folder), { type = "open" })[2].error
    assert.equal("cannot use test.log+1: the record at byte 40 is damaged: its checksum is wrong; "
      .. "at byte 74 records follow that were made when it was synced", message)
    assert.equal(bytes:sub(1, 72) .. "X" .. bytes:sub(74), sh:read(name))
    sh:write("file", "")
    assert.truthy(ask(node(sh:path("file")), { type = "open" })[2].error:find("Not a directory"))
  end)

  it("is needed for files", function()
    local bodies = ask("./node " .. SCRIPT, { type = "open" })
    assert.equal("this node has no folder for its files; start it with --data DIR", bodies[2].error)
    for _, command in ipairs({ "./node --data", "./node --data '' " .. SCRIPT }) do
      local ran = sh:run(command)
      assert.equal(2, ran.status)
      assert.equal("node: --data: expected a folder\n", ran.err)
    end
  end)
end)
