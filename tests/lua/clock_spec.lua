local hybrid = require "hearsay.clock.hybrid"
local json = require "hearsay.json"
local lamport = require "hearsay.clock.lamport"
local randoms = require "hearsay.random"
local version_vector = require "hearsay.clock.version_vector"

local SEEDS = 30

-- Plays events of some nodes, at random: local ones, messages that are sent, and messages that
-- arrive, late or twice. `event(i, message, random)` happens at node i; it returns its mark, which
-- a message carries. Returns all events, each {mark, knows}: those that could have caused it.
local function play(seed, nodes, steps, event)
  local random = randoms.stream(seed, "clock")
  local events, last, messages = {}, {}, {}
  for step = 1, steps do
    local i = random:upto(nodes)
    local received = #messages > 0 and random:upto(2) == 1 and messages[random:upto(#messages)]
    local knows = {}
    local function learn(earlier)
      for index in pairs(earlier and events[earlier].knows or {}) do
        knows[index] = true
      end
      knows[earlier or 0] = true
    end
    learn(last[i])
    learn(received)
    events[step] = { mark = event(i, received and events[received].mark, random), knows = knows }
    last[i] = step
    if random:upto(2) == 1 then
      messages[#messages + 1] = step
    end
  end
  return events
end

local function assert_raises_here(expected, fn)
  local ok, message = pcall(fn)
  assert.is_false(ok)
  assert.matches("^[^:]*clock_spec.lua:%d+: ", message)
  assert.matches(expected, message, 1, true)
end

-- Checks what all stamps must do: they differ, and one is before those that it could have caused.
local function assert_ordered(events, compare, seed)
  for i, event in ipairs(events) do
    for j = 1, i - 1 do
      local order = compare(events[j].mark, event.mark)
      if order == 0 or order ~= -compare(event.mark, events[j].mark)
        or (event.knows[j] and order ~= -1) then
        error(("seed %d: events %d and %d compare as %d"):format(seed, j, i, order))
      end
    end
  end
end

describe("a Lamport clock", function()
  it("orders events as they could have caused each other", function()
    for seed = 1, SEEDS do
      local clocks = {}
      for i = 1, 3 do
        clocks[i] = lamport.new()
      end
      assert_ordered(play(seed, 3, 60, function(i, stamp)
        if stamp then
          assert(clocks[i]:receive(stamp))
        end
        return clocks[i]:stamp("n" .. i)
      end), lamport.compare, seed)
    end
  end)

  it("goes on by one, and past what it receives", function()
    local clock = lamport.new()
    assert.equal(1, clock:tick())
    assert.same({ 2, "n1" }, clock:stamp("n1"))
    assert.equal(10, clock:receive(9))
    assert.equal(11, clock:receive(3))
    assert.equal(21, clock:receive({ 20, "n2" }))
    assert.equal(21, clock.time)
    assert.equal('[22,"n1"]', json.encode(clock:stamp("n1")))
  end)

  it("compares times, then ids", function()
    assert.equal(-1, lamport.compare({ 2, "n9" }, { 10, "n1" }))
    assert.equal(1, lamport.compare({ 2, "n9" }, { 2, "n10" }))
    assert.equal(0, lamport.compare({ 2, "n9" }, { 2, "n9" }))
  end)

  it("refuses times that are none, and stands as it stood", function()
    local clock = lamport.new()
    clock:tick()
    for text, expected in pairs({
      ["-1"] = "lamport: expected a time, an integer from 0 below 2^62, got -1",
      ["1.5"] = "got 1.5", ['"7"'] = 'got "7"', ["null"] = "got null",
      ["4611686018427387904"] = "below 2^62", ["9223372036854775807"] = "below 2^62",
      ["[]"] = "lamport: expected a stamp, [a time from 0 below 2^62, a node's id], got []",
      ['[5]'] = "a stamp", ['[5,6]'] = "a stamp", ['["5","n1"]'] = "a stamp",
      ['[-5,"n1"]'] = "a stamp", ['[5,"n1",6]'] = "a stamp",
      ['[9223372036854775807,"n1"]'] = "below 2^62",
    }) do
      local result, err = clock:receive(json.decode(text))
      assert.is_nil(result, text)
      assert.equal("malformed_request", err.name)
      assert.matches(expected, err.text, 1, true)
    end
    assert.matches("got nothing", select(2, clock:receive(nil)).text)
    assert.equal(1, clock.time)
    assert.is_truthy(clock:receive((1 << 62) - 1))
    assert_raises_here("lamport.stamp: expected a node's id", function() clock:stamp() end)
  end)
end)

describe("a hybrid clock", function()
  local function with_time(max_drift)
    local at = { time = 100 }
    return hybrid.new({ now = function() return at.time end, max_drift = max_drift }), at
  end

  it("orders events as they could have caused each other, whatever physical clocks do", function()
    for seed = 1, SEEDS do
      local clocks, times = {}, { 100, 100.2, 99.9 }
      for i = 1, 3 do
        clocks[i] = hybrid.new({ now = function() return times[i] end, max_drift = math.huge })
      end
      local greatest = 0
      assert_ordered(play(seed, 3, 60, function(i, stamp, random)
        times[i] = times[i] + (random:unit() - 0.3) * 0.001 -- also steps back, or stands still
        greatest = math.max(greatest, times[i])
        if stamp then
          assert(clocks[i]:receive(stamp))
        end
        local own = clocks[i]:stamp("n" .. i)
        assert.is_true(own[1] >= math.floor(times[i] * 1e6), "below its own clock")
        assert.is_true(own[1] <= greatest * 1e6, "above all clocks")
        return own
      end), hybrid.compare, seed)
    end
  end)

  it("shows the time, and counts what happens in one microsecond", function()
    local clock, at = with_time()
    assert.same({ 100000000, 0, "n1" }, clock:stamp("n1"))
    assert.same({ 100000000, 1, "n1" }, clock:stamp("n1"))
    at.time = 100.5
    assert.same({ 100500000, 0, "n1" }, clock:stamp("n1"))
    at.time = 99
    assert.same({ 100500000, 1, "n1" }, clock:stamp("n1"))
  end)

  -- The four cases of a receipt: which of the clock, the stamp and the time is the greatest.
  it("goes past what it receives, and stays as small as it can", function()
    local clock, at = with_time()
    clock:stamp("n1") -- 100 s, 0
    clock:receive({ 100000000, 5, "n2" })
    assert.same({ 100000000, 7, "n1" }, clock:stamp("n1"))
    clock:receive({ 99000000, 50, "n2" })
    assert.same({ 100000000, 9, "n1" }, clock:stamp("n1"))
    clock:receive({ 100200000, 50, "n2" })
    assert.same({ 100200000, 52, "n1" }, clock:stamp("n1"))
    at.time = 101
    clock:receive({ 100300000, 50, "n2" })
    assert.same({ 101000000, 1, "n1" }, clock:stamp("n1"))
  end)

  it("refuses what is too far ahead, and stands as it stood", function()
    for _, max_drift in ipairs({ 0.25, 3 }) do
      local clock = with_time(max_drift)
      local before = clock:stamp("n1")
      local late = 100000000 + max_drift * 1000000 // 1 | 0
      local result, err = clock:receive({ late + 1, 0, "n2" })
      assert.is_nil(result)
      assert.equal("abort", err.name)
      assert.matches("hybrid: a stamp of n2 is " .. ("%.3f"):format(max_drift) .. " s ahead of the "
        .. "clock here, more than " .. max_drift .. " s", err.text, 1, true)
      assert.same({ before[1], before[2] + 1, "n1" }, clock:stamp("n1"))
      assert.is_true(clock:receive({ late, 0, "n2" }))
      assert.equal(late, clock:stamp("n1")[1])
    end
    assert.is_nil((with_time():receive({ 100500001, 0, "n2" })))
    assert.is_true((with_time():receive({ 100500000, 0, "n2" })))
  end)

  it("refuses stamps that are none", function()
    local clock = with_time(math.huge)
    for _, text in ipairs({ "7", "[]", '[1,2]', '[1,2,3]', '[1.0,2,"n1"]', '[1,-2,"n1"]',
      '[1,2,"n1",4]', '["1",2,"n1"]', '[9223372036854775807,0,"n1"]',
      '[1,9223372036854775807,"n1"]' }) do
      local result, err = clock:receive(json.decode(text))
      assert.is_nil(result, text)
      assert.equal("malformed_request", err.name)
      assert.matches("hybrid: expected a stamp, [microseconds, a counter, a node's id]", err.text,
        1, true)
    end
    assert.same({ 100000000, 0, "n1" }, clock:stamp("n1"))
  end)

  it("says what it expected, at the caller's line", function()
    assert_raises_here("hybrid.new: expected options with now", function() hybrid.new() end)
    assert_raises_here("hybrid.new: max_drift must be a number from 0, in seconds, got -1",
      function() hybrid.new({ now = os.clock, max_drift = -1 }) end)
    assert_raises_here("hybrid.stamp: expected a node's id", function() with_time():stamp(5) end)
  end)
end)

describe("a version vector", function()
  it("tells exactly which event could have caused which", function()
    for seed = 1, SEEDS do
      local vectors = { version_vector.new(), version_vector.new(), version_vector.new() }
      local events = play(seed, 3, 60, function(i, state)
        if state then
          assert(vectors[i]:merge(state) ~= nil)
        end
        vectors[i]:advance("n" .. i)
        return json.decode(json.encode(vectors[i]:state()))
      end)
      for i, event in ipairs(events) do
        local vector = version_vector.new()
        vector:merge(event.mark)
        for j, other in ipairs(events) do
          local expected = i == j and "equal" or event.knows[j] and "after"
            or other.knows[i] and "before" or "concurrent"
          local order = vector:compare(other.mark)
          if order ~= expected then
            error(("seed %d: event %d is %s %d, not %s"):format(seed, i, order, j, expected))
          end
        end
      end
    end
  end)

  it("counts", function()
    local vector = version_vector.new()
    assert.equal(0, vector:get("n1"))
    assert.equal(1, vector:advance("n1"))
    assert.equal(6, vector:advance("n1", 5))
    assert.equal(0, vector:advance("n2", 0))
    assert.same({ n1 = 6 }, vector:state())
    assert.equal("{}", json.encode(version_vector.new():state()))
  end)

  it("merges to the greater counts, and says whether that changed it", function()
    local vector = version_vector.new()
    vector:advance("n1", 3)
    assert.is_true(vector:merge({ n1 = 2, n2 = 4 }))
    assert.same({ n1 = 3, n2 = 4 }, vector:state())
    assert.is_false(vector:merge({ n2 = 4, n3 = 0 }))
    local values = vector:values()
    table.sort(values)
    assert.same({ 3, 4 }, values)
  end)

  it("compares what it does not name as 0", function()
    local vector = version_vector.new()
    assert.equal("equal", vector:compare({ n1 = 0 }))
    assert.equal("before", vector:compare({ n1 = 1 }))
    vector:advance("n2")
    assert.equal("after", vector:compare({}))
    assert.equal("concurrent", vector:compare({ n1 = 1 }))
  end)

  it("refuses what is none, and what does not fit 64 bits, and is unchanged", function()
    local vector = version_vector.new()
    vector:advance("n1", math.maxinteger - 1)
    for _, text in ipairs({ "7", "[]", "[1]", '{"n2":-1}', '{"n2":1.0}', '{"n2":9,"n3":"1"}' }) do
      for _, method in ipairs({ "merge", "compare" }) do
        local result, err = vector[method](vector, json.decode(text))
        assert.is_nil(result, text)
        assert.equal("malformed_request", err.name)
        assert.equal("version vector: expected an object of replica ids to integers from 0, got "
          .. json.encode(json.decode(text)), err.text)
      end
    end
    local result, err = vector:advance("n1", 2)
    assert.is_nil(result)
    assert.same({ "abort", "9223372036854775806 and 2 of n1 do not fit 64 bits" },
      { err.name, err.text })
    assert.same({ n1 = math.maxinteger - 1 }, vector:state())
    assert_raises_here("version_vector.advance: expected a replica's id",
      function() vector:advance("n1", -1) end)
    assert_raises_here("expected a replica's id", function() vector:advance(1) end)
  end)
end)
