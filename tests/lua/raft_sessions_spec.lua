-- Changes that are in the log twice, or late, happen once.

local json = require "hearsay.json"
local sessions = require "hearsay.raft.sessions"

local function lab()
  local done, table_of = {}, sessions.new()
  return done, function(origin, session, number, floor)
    return table_of:run({ origin, session, number, floor, number }, function(operation)
      done[#done + 1] = ("%s %d %d"):format(origin, session, operation)
      return { number = operation }
    end)
  end, table_of
end

describe("sessions", function()
  it("do a change once, in whatever order they come", function()
    local done, run = lab()
    assert.same({ number = 2 }, run("n1", 1, 2, 1))
    assert.same({ number = 1 }, run("n1", 1, 1, 1))
    assert.is_nil(run("n1", 1, 2, 1))
    assert.is_nil(run("n1", 1, 1, 1))
    assert.same({ "n1 1 2", "n1 1 1" }, done)
  end)

  it("pass over what nobody waits for, and forget its results", function()
    local done, run, table_of = lab()
    run("n1", 1, 1, 1)
    run("n1", 1, 5, 4)
    assert.is_nil(table_of:result("n1", 1, 1))
    assert.same({ number = 5 }, table_of:result("n1", 1, 5))
    assert.is_nil(run("n1", 1, 1, 1))
    assert.is_nil(run("n1", 1, 3, 3))
    assert.is_not_nil(run("n1", 1, 4, 4))
    assert.same({ "n1 1 1", "n1 1 5", "n1 1 4" }, done)
  end)

  it("end with the next start of their origin", function()
    local done, run, table_of = lab()
    run("n1", 1, 7, 7)
    assert.is_not_nil(run("n1", 2, 1, 1))
    assert.is_nil(run("n1", 1, 8, 8))
    assert.is_nil(table_of:result("n1", 1, 7))
    assert.is_not_nil(run("n2", 1, 7, 7))
    assert.same({ "n1 1 7", "n1 2 1", "n2 1 7" }, done)
  end)

  it("are the same when they were saved and loaded", function()
    local _, run, table_of = lab()
    run("n1", 3, 4, 2)
    run("n1", 3, 2, 2)
    run("n2", 1, 1, 1)
    local text = json.encode(table_of:save(), true)
    local done, run_loaded, loaded = lab()
    loaded:load(json.decode(text))
    assert.equal(text, json.encode(loaded:save(), true))
    assert.is_nil(run_loaded("n1", 3, 4, 2))
    assert.is_nil(run_loaded("n1", 3, 1, 1))
    assert.is_not_nil(run_loaded("n1", 3, 3, 2))
    assert.same({ "n1 3 3" }, done)
  end)
end)
