-- sim.store: the folder that a run leaves.

local json = require "hearsay.json"
local store = require "sim.store"

local function shell(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return (text:gsub("\n$", ""))
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

describe("store", function()
  local root
  before_each(function()
    root = shell("mktemp -d") .. "/it's a store"
  end)
  after_each(function()
    os.execute(('rm -rf "%s"'):format(root:match("^(.*)/")))
  end)

  it("makes a folder for each run, two in the same second too", function()
    local paths = {}
    for _ = 1, 3 do
      local folder = store.open(root, "echo")
      folder:write("screen.txt", "") -- what is there is not taken again
      assert.is_nil(paths[folder.path])
      paths[folder.path] = true
      assert.matches("^" .. root:gsub("%p", "%%%0") .. "/echo/%d%d%d%d%d%d%d%dT%d%d%d%d%d%d[-%d]*$",
        folder.path)
      assert.equal("yes", shell(('test -d "%s/node-logs" && echo yes'):format(folder.path)))
    end
  end)

  it("writes files as they are", function()
    local folder = store.open(root, "echo")
    folder:write("results.json", "{}\n\0é")
    folder:write("node-logs/n0.log", "")
    assert.equal("{}\n\0é", read(folder.path .. "/results.json"))
    assert.equal("", read(folder.path .. "/node-logs/n0.log"))
  end)

  it("writes a history as a line of JSON an operation, keys sorted", function()
    local folder = store.open(root, "echo")
    local history = {
      { process = 0, f = "read", outcome = "ok", result = json.array(), invoke_us = 5 },
      { f = "broadcast", value = { a = 1 }, error = { code = 0, name = "timeout" } },
    }
    folder:write_history(history)
    assert.equal('{"f":"read","invoke_us":5,"outcome":"ok","process":0,"result":[]}\n'
      .. '{"error":{"code":0,"name":"timeout"},"f":"broadcast","value":{"a":1}}\n',
      read(folder.path .. "/history.jsonl"))
    folder:write_history({})
    assert.equal("", read(folder.path .. "/history.jsonl"))
  end)

  it("points latest to the last run, so that the store can be moved", function()
    local first = store.open(root, "echo")
    first:link_latest()
    local second = store.open(root, "broadcast")
    second:link_latest()
    assert.equal(second.path:sub(#root + 2), shell(('readlink "%s/latest"'):format(root)))
    os.execute(('mv "%s" "%s-moved"'):format(root, root))
    assert.equal("yes", shell(('test -d "%s-moved/latest/node-logs" && echo yes'):format(root)))
  end)

  it("says what cannot be written", function()
    local folder = store.open(root, "echo")
    local ok, message = pcall(folder.write, folder, "no/such/folder.txt", "x")
    assert.is_false(ok)
    assert.matches("^cannot write results: .*no/such/folder.txt: No such file or directory$",
      message)
    if io.open("/dev/full", "w") then -- a device on which nothing fits
      os.execute(('ln -s /dev/full "%s/full"'):format(folder.path))
      ok, message = pcall(folder.write, folder, "full", ("x"):rep(1000000))
      assert.is_false(ok)
      assert.matches("^cannot write results: .*/full: No space left on device$", message)
    end
  end)
end)
