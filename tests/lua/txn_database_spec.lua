-- The transaction checkers on histories of databases that keep their promises, and no more.

local randoms = require "hearsay.random"
local database = dofile("tests/lua/txn_database.lua")
local txns = dofile("tests/lua/txn_history.lua")

local SEEDS, TRANSACTIONS = 30, 120

-- What a database holds, and the anomalies by which it breaks another model.
local databases = {
  { "serial", "strict-serializable" },
  { "old_reads", "serializable",
    { "strong-session-serializable", "G-single-process G-nonadjacent-process G2-item-process" },
    { "strict-serializable", "G-single-realtime G-nonadjacent-realtime G2-item-realtime" } },
  { "snapshots", "strong-snapshot-isolation",
    { "serializable", "G2-item" },
    { "strict-serializable", "G2-item G2-item-realtime" } },
  { "old_snapshots", "snapshot-isolation",
    { "strong-session-snapshot-isolation",
      "G-single-process G-nonadjacent-process G1c-process" },
    { "serializable", "G2-item" } },
  { "committed", "read-committed",
    { "cursor-stability", "lost-update" },
    { "snapshot-isolation", "lost-update internal G-single G-nonadjacent future-read" } },
}

local function names_in(text)
  local set = {}
  for name in text:gmatch("%S+") do
    set[name] = true
  end
  return set
end

for _, kind in ipairs({ "registers", "lists" }) do
  describe("over " .. kind, function()
    for _, case in ipairs(databases) do
      local name, holds = case[1], case[2]
      it(("a database of the kind %s holds %s"):format(name, holds), function()
        for seed = 1, SEEDS do
          local history = database.history(kind, name, randoms.stream(seed, name), TRANSACTIONS)
          local result = txns.check(kind, history, holds)
          assert.equal("", table.concat(result["anomaly-types"], " "), "seed " .. seed)
          assert.is_true(result["valid?"], "seed " .. seed)
        end
      end)

      for i = 3, #case do
        local broken, allowed = case[i][1], names_in(case[i][2])
        it(("a database of the kind %s does not hold %s"):format(name, broken), function()
          local found = 0
          for seed = 1, SEEDS do
            local history = database.history(kind, name, randoms.stream(seed, name), TRANSACTIONS)
            local result = txns.check(kind, history, broken)
            for _, anomaly in ipairs(result["anomaly-types"]) do
              assert.is_true(allowed[anomaly], ("seed %d: %s"):format(seed, anomaly))
            end
            found = found + (result["valid?"] == false and 1 or 0)
          end
          assert.is_true(found > 1, found .. " seeds show it")
        end)
      end
    end
  end)
end
