--- The page of many runs: messages per operation against latency, a picture and a table for each
-- challenge, with what others have published. For `./sim compare` and `make atlas`.
-- @module sim.report.frontier

local json = require "hearsay.json"
local page = require "sim.report.page"

local frontier = {}

local function published_points(challenge, points)
  for _, row in ipairs(challenge and challenge.published or {}) do
    points[#points + 1] = { kind = "published", name = row[1], who = row[2], servers = row[3],
      median = row[4], most = row[5] }
  end
end

-- The limits of a challenge as points that figures must stay below.
local function limits_of(challenge)
  local limits = json.array({})
  for i, limit in ipairs(challenge and challenge.limits or {}) do
    limits[i] = { name = limit.name, servers = limit.servers, median = limit.median,
      most = limit.most }
  end
  return limits
end

--- Makes the text of the page.
-- @tparam string title
-- @tparam {table,...} groups for each picture
--
--   - title, unit (what the latencies are), options (the conditions, for a person)
--   - challenge: of sim.challenges, or nil: whose limits and published figures are shown
--   - points: a list of `{kind, name, script, servers, median, most, verdict, faults, broken}`:
--     kind is "ours" or "variant"; servers are messages between nodes per operation; median and
--     most, milliseconds, may be missing; verdict "valid" or what else; faults, if there, has
--     servers, most and verdict under partitions; broken, if there, is a list of faults
-- @treturn string HTML
function frontier.render(title, groups)
  local list = json.array({})
  for i, group in ipairs(groups) do
    local points = json.array({})
    for at, point in ipairs(group.points) do
      local broken = point.broken and json.array(table.move(point.broken, 1, #point.broken, 1, {}))
      points[at] = { kind = point.kind, name = point.name, script = point.script,
        servers = point.servers, median = point.median, most = point.most,
        verdict = point.verdict, faults = point.faults, broken = broken }
    end
    published_points(group.challenge, points)
    list[i] = { title = group.title, unit = group.unit, options = group.options, points = points,
      limits = limits_of(group.challenge) }
  end
  return page.render(title, { "frontier" }, { title = title, groups = list })
end

return frontier
