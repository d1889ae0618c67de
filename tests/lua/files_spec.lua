-- What `./sim help format` says of the files is true of those of real runs.

local files = require "sim.files"
local json = require "hearsay.json"
local sorted = require "hearsay.sorted"
local test = require "sim.test"

local RUNS = {
  "-w broadcast --bin challenges/broadcast_3b.lua --nemesis loss,duplicate --nemesis-interval 2",
  "-w kafka --bin challenges/kafka_5a.lua --node-count 1",
  "-w echo --bin challenges/echo_1.lua --nemesis pause --nemesis-interval 2",
}

local function fields_of(name)
  for _, file in ipairs(files.list) do
    if file.name == name then
      local fields = {}
      for i, field in ipairs(file.fields) do
        fields[i] = field[1]
      end
      table.sort(fields)
      return fields
    end
  end
end

describe("the files of a run", function()
  local root = os.tmpname()
  local contents = { ["history.jsonl"] = {}, ["messages.jsonl"] = {} }
  local runs, listed = {}, nil

  setup(function()
    os.remove(root)
    for i, options in ipairs(RUNS) do
      local args = { "--json", "--store", root, "--time-limit", "8", "--rate", "40" }
      for word in options:gmatch("%S+") do
        args[#args + 1] = word
      end
      local out, silent = io.stdout, assert(io.open("/dev/null", "w"))
      io.stdout = silent -- luacheck: ignore
      local ok, message = pcall(test.main, args)
      io.stdout = out -- luacheck: ignore
      silent:close()
      assert(ok, message)
      runs[i] = {}
      for name, all in pairs(contents) do
        runs[i][name] = {}
        for line in io.lines(root .. "/latest/" .. name) do
          local object = assert(json.decode(line, true))
          table.insert(runs[i][name], object)
          table.insert(all, object)
        end
      end
      local file = assert(io.open(root .. "/latest/results.json"))
      runs[i].results = assert(json.decode(file:read("a")))
      file:close()
    end
    local pipe = assert(io.popen(("cd %s/latest/ && find . -type f | sort"):format(root)))
    listed = pipe:read("a")
    pipe:close()
  end)

  teardown(function()
    os.execute("rm -rf " .. root)
  end)

  it("are those that the help lists", function()
    local names = {}
    for name in listed:gmatch("%./(%S+)") do
      names[name:gsub("n%d+%.log", "ID.log")] = true
    end
    for _, file in ipairs(files.list) do
      assert.is_true(names[file.name], file.name)
      names[file.name] = nil
    end
    assert.same({}, names)
  end)

  for name in pairs(contents) do
    it(name .. " has the fields that the help lists, and no others", function()
      local found = {}
      for _, object in ipairs(contents[name]) do
        for key in pairs(object) do
          found[key] = true
        end
      end
      assert.same(fields_of(name), sorted.keys(found))
    end)
  end

  it("number what began and ended in one order", function()
    for _, run in ipairs(runs) do
      local places, last = {}, 0
      for _, op in ipairs(run["history.jsonl"]) do
        assert(op.invoke_index > last)
        last = op.invoke_index
        places[#places + 1] = op.invoke_index
        places[#places + 1] = op.complete_index
      end
      table.sort(places)
      for i, place in ipairs(places) do
        assert.equal(i, place)
      end
    end
  end)

  it("have one clock, but for when the load began", function()
    for _, run in ipairs(runs) do
      local sent = {}
      for _, line in ipairs(run["messages.jsonl"]) do
        if line.event == "send" then
          sent[line.time .. line.message.dest .. line.message.body.type] = true
        end
      end
      for _, op in ipairs(run["history.jsonl"]) do
        if op.f == "broadcast" or op.f == "echo" then
          assert.is_true(sent[op.invoke_us + run.results["start-us"] .. op.node .. op.f])
        end
      end
    end
  end)

  it("pair sends and receipts by number", function()
    local sends, receipts = {}, {}
    for _, line in ipairs(runs[1]["messages.jsonl"]) do
      local counts = line.event == "send" and sends or receipts
      counts[line.id] = (counts[line.id] or 0) + 1
    end
    local seen = {}
    for id, count in pairs(sends) do
      assert.equal(1, count)
      seen[receipts[id] or 0] = true
    end
    assert.same({ [0] = true, [1] = true, [2] = true }, seen)
  end)
end)
