-- What every replicated data type must do, shown by random changes and merges of several replicas.
--
--     local crdt_lab = dofile("tests/lua/crdt_lab.lua")(it, assert)
--     crdt_lab.laws {
--       new = g_counter.new,
--       naive = ..,                    -- makes one that is plain to see through, to compare
--       change = function(random)      -- a change: its verb, and what is behind the id
--         return "add", random:upto(5)
--       end,
--     }
--
-- Merges take states that any replica had at any time, as texts: so states are lost, come late and
-- come twice. What fails says its seed.

local json = require "hearsay.json"
local randoms = require "hearsay.random"

local SEEDS, REPLICAS, STEPS, TRIPLES = 40, 4, 60, 20

return function(it, assert) -- busted's
  local crdt_lab = {}

  -- The state as a text, equal for equal objects.
  local function text_of(object, is_unordered)
    local state = object:state()
    if is_unordered then
      local texts = {}
      for i, value in ipairs(object:value()) do
        texts[i] = json.encode(value, true)
      end
      table.sort(texts)
      return table.concat(texts, ",")
    end
    return json.encode(state, true)
  end

  local function decoded(text)
    return assert(json.decode(text))
  end

  -- Changes replicas and merges old states at random, and compares each step with what the naive
  -- ones do. Returns the random stream, all states that were, as texts, and the replicas.
  local function run(type, seed)
    local random = randoms.stream(seed, "crdt")
    local replicas, naive, texts, naive_texts = {}, {}, {}, {}
    for i = 1, REPLICAS do
      replicas[i], naive[i] = type.new(), type.naive()
    end
    for step = 1, STEPS do
      local i = random:upto(REPLICAS)
      local id = "n" .. i
      if step == 1 or random:upto(2) == 1 then
        local verb, argument = type.change(random)
        replicas[i][verb](replicas[i], id, argument)
        naive[i][verb](naive[i], id, argument)
      else
        local from = random:upto(#texts)
        local before = text_of(replicas[i], type.is_unordered)
        local is_changed = replicas[i]:merge(decoded(texts[from]))
        assert.equal(before ~= text_of(replicas[i], type.is_unordered), is_changed)
        naive[i]:merge(decoded(naive_texts[from]))
      end
      texts[#texts + 1] = json.encode(replicas[i]:state(), true)
      naive_texts[#naive_texts + 1] = json.encode(naive[i]:state(), true)
      assert.same(naive[i]:value(), replicas[i]:value(), ("seed %d, step %d"):format(seed, step))
    end
    return random, texts, replicas
  end

  -- The text of a new object that has merged some states.
  local function merged(type, ...)
    local object = type.new()
    for _, text in ipairs({ ... }) do
      assert(object:merge(decoded(text)) ~= nil)
    end
    return text_of(object, type.is_unordered), json.encode(object:state(), true)
  end

  function crdt_lab.laws(type)
    local function each_triple(check)
      for seed = 1, SEEDS do
        local random, texts = run(type, seed)
        for _ = 1, TRIPLES do
          local a, b, c = random:upto(#texts), random:upto(#texts), random:upto(#texts)
          check("seed " .. seed, texts[a], texts[b], texts[c])
        end
      end
    end

    it("does what a plain one does, after each change and merge", function()
      for seed = 1, SEEDS do
        run(type, seed)
      end
    end)

    it("is the same everywhere when all have heard of all", function()
      for seed = 1, SEEDS do
        local _, _, replicas = run(type, seed)
        for _ = 1, 2 do
          for _, a in ipairs(replicas) do
            for _, b in ipairs(replicas) do
              a:merge(decoded(json.encode(b:state())))
            end
          end
        end
        for _, replica in ipairs(replicas) do
          assert.equal(text_of(replicas[1], type.is_unordered),
            text_of(replica, type.is_unordered), "seed " .. seed)
        end
      end
    end)

    it("merges in any order", function()
      each_triple(function(seed, a, b)
        assert.equal(merged(type, a, b), (merged(type, b, a)), seed)
      end)
    end)

    it("merges in any grouping", function()
      each_triple(function(seed, a, b, c)
        local _, ab = merged(type, a, b)
        local _, bc = merged(type, b, c)
        assert.equal(merged(type, ab, c), (merged(type, a, bc)), seed)
      end)
    end)

    it("merges what it has without a change, and says whether there was one", function()
      each_triple(function(seed, a, b)
        local object = type.new()
        object:merge(decoded(a))
        assert.is_false(object:merge(decoded(a)), seed)
        local before = text_of(object, type.is_unordered)
        local is_changed = object:merge(decoded(b))
        assert.equal(before ~= text_of(object, type.is_unordered), is_changed, seed)
        assert.is_false(object:merge(decoded(a)), seed)
        assert.is_false(object:merge(decoded(b)), seed)
      end)
    end)

    it("gives a state that is its own: later changes do not show in it", function()
      local random, object = randoms.stream(1, "copy"), type.new()
      local verb, argument = type.change(random)
      object[verb](object, "n1", argument)
      if not type.is_unordered then
        local state = object:state()
        local text = json.encode(state, true)
        for _ = 1, 5 do
          verb, argument = type.change(random)
          object[verb](object, "n1", argument)
        end
        assert.equal(text, json.encode(state, true))
      end
    end)
  end

  -- States that are none, as texts: each is refused with error 12 and what was expected, and
  -- nothing is changed.
  function crdt_lab.refuses(object, cases)
    local before = json.encode(object:state(), true)
    for text, expected in pairs(cases) do
      local result, err = object:merge(decoded(text))
      assert.is_nil(result, text)
      assert.equal("malformed_request", err.name)
      assert.matches(expected, err.text, 1, true)
      assert.equal(before, json.encode(object:state(), true), text)
    end
  end

  return crdt_lab
end
