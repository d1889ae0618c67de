--- What the screen says about transactions; see sim.words.
-- @module sim.words.txn

local format = require "sim.format"

local EXAMPLES = 4 -- kinds of anomalies that are explained by a case each

local MEANINGS = {
  ["G0"] = "writes of several transactions are interleaved",
  ["G1a"] = "a transaction read what a failed one was to write",
  ["G1b"] = "a transaction read what its writer overwrote in the same transaction",
  ["G1c"] = "transactions read or overwrote something of each other, in a circle",
  ["G-single"] = "a transaction missed a part of what came before it",
  ["G-nonadjacent"] = "transactions saw states of which not all can have been",
  ["G2-item"] = "transactions missed what the others wrote, in a circle",
  ["G-causal"] = "a transaction missed what came before something that it saw",
  ["internal"] = "a read contradicts what its own transaction did before",
  ["future-read"] = "a transaction read what it wrote only later",
  ["lost-update"] = "several transactions replaced the same version",
  ["cyclic-versions"] = "versions of a key replaced each other, in a circle",
  ["incompatible-order"] = "two reads of a list disagree about its order",
  ["duplicate-elements"] = "an element is in a list twice",
  ["dirty-update"] = "a transaction built on what a failed one was to write",
  ["unwritten-read"] = "a transaction read what nobody wrote",
  ["fractured-read"] = "a transaction saw only a part of another",
  ["non-monotonic-view"] = "a transaction saw a part of another, and then missed the rest",
  ["cycle-search-timeout"] = "a search was given up",
}

local SUFFIXES = {
  ["-process"] = ", by the order in which a client did them",
  ["-realtime"] = ", by when they were complete",
}

local function meaning_of(name)
  local plain, suffix = name:match("^(.-)(%-%l+)$")
  if SUFFIXES[suffix] then
    return MEANINGS[plain] .. SUFFIXES[suffix]
  end
  return MEANINGS[name]
end

local function list_of(names)
  return table.concat(names, ", ")
end

-- The anomalies, without what only says that there was too little to judge.
local function anomalies_of(result)
  local names = {}
  for _, name in ipairs(result["anomaly-types"]) do
    if result.anomalies[name][1] then
      names[#names + 1] = name
    end
  end
  return names
end

return {
  good = function(result)
    local text = ("%s: nothing that %s forbids"):format(
      format.count(result["ok-count"], "transaction"), list_of(result["consistency-models"]))
    local unknown = result["info-count"]
    return unknown == 0 and text
      or text .. ("; of %s more nobody knows whether they happened"):format(format.whole(unknown))
  end,
  unknown = "too little to judge: hardly any transaction read what another one wrote",
  bad = function(result, wrong)
    for _, name in ipairs(anomalies_of(result)) do
      wrong[#wrong + 1] = ("%s (%s)"):format(name, format.whole(result["anomaly-counts"][name]))
    end
  end,
  explain = function(result, page)
    local names = anomalies_of(result)
    for i, name in ipairs(names) do
      if i > EXAMPLES then
        page:row("", ("and %s; results.json has them all"):format(
          list_of(table.move(names, i, #names, 1, {}))))
        break
      end
      local case = result.anomalies[name][1]
      page:row(i == 1 and "Anomalies" or "", ("%s: %s"):format(name, meaning_of(name)), "bold",
        case)
      for _, line in ipairs(case.explanation) do
        page:row("", line, nil, case)
      end
    end
    if result["not"][1] then
      page:row("Rules out", ("%s, and whatever is stronger"):format(list_of(result["not"])))
    end
  end,
  note = function(result, page)
    if result["valid?"] ~= false and result["not"][1] then
      page:row("Note", ("not forbidden here, but seen: what rules out %s"):format(
        list_of(result["not"])), "yellow")
    end
    local odd = result.unwritten[1]
    if odd and result["valid?"] ~= false then
      page:row("Note", ("%s showed what nobody wrote: %s of key %s"):format(
        format.count(result["unwritten-count"], "read"), format.short(odd.value),
        format.short(odd.key)), "yellow")
    end
  end,
}
