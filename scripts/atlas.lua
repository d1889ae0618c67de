-- Runs every way to solve every challenge, calm and under faults, and writes the tables of
-- challenges/README.md: make atlas [SEEDS=n] [ONLY=text].
--
-- Each row is run with seeds 1..n while all is calm, and as often under partitions; then with every
-- other fault alone, a few seeds each. A row is *broken by* a fault when one of its runs was not
-- valid. The runs share all processors; what they measure is virtual time, so the tables are the
-- same on any machine. A table stands between two comments in the page that name its challenge.
-- build/atlas.html has the same as pictures: messages against latency, with the frontier.

local frontier = require "sim.report.frontier"
local faults = require "sim.nemesis.faults"
local json = require "hearsay.json"
local progress = require "sim.progress"
local sweep = require "hearsay.sweep"

local catalogue = dofile("scripts/atlas_catalogue.lua")
local PAGE = "challenges/README.md"
local PICTURES = "build/atlas.html"

local seeds = tonumber(arg[1]) or 5
local only = arg[2] or ""
local FAULT_SEEDS = math.min(seeds, 3)

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
end

local edited = {} -- temporary scripts

-- The words of a row's command: its script, with one place edited where the row says so, and
-- arguments.
local function command_of(row)
  local script, arguments = row[2]:match("^(%S+)(.*)$")
  if row.edit then
    local text, count = read(script):gsub(row.edit[1], row.edit[2])
    assert(count == 1, ("%s: %d places match %s"):format(script, count, row.edit[1]))
    local name = os.tmpname()
    script = name .. ".lua"
    edited[#edited + 1], edited[#edited + 2] = name, script
    write(script, text)
  end
  return "./node " .. script .. arguments
end

local function words_of(text)
  local words = {}
  for word in text:gmatch("%S+") do
    words[#words + 1] = word
  end
  return words
end

-- All runs: a list of {row, condition, words}.
local function plan()
  local jobs = {}
  for _, challenge in ipairs(catalogue) do
    for _, row in ipairs(challenge.rows) do
      if (row[1] .. " " .. row[2]):find(only, 1, true) then
        local command = command_of(row)
        for _, condition in ipairs({ "calm", table.unpack(faults.names) }) do
          local is_mild = condition == "calm" or condition == "partition"
          for seed = 1, is_mild and seeds or FAULT_SEEDS do
            local words = words_of(challenge.options .. " " .. (is_mild and challenge.strict or "")
              .. (condition == "calm" and "" or " --nemesis " .. condition) .. " --seed " .. seed)
            words[#words + 1], words[#words + 2] = "--bin", command
            jobs[#jobs + 1] = { row = row, condition = condition, words = words }
          end
        end
      end
    end
  end
  return jobs
end

local function run(jobs)
  local argument = json.array({})
  for i, job in ipairs(jobs) do
    argument[i] = json.array(job.words)
  end
  local done, shown = 0, progress.new("runs", #jobs)
  sweep.run({
    module = "sim.figures_worker", argument = json.encode(argument),
    first = 1, count = #jobs, threads = sweep.processors(),
  }, function(index, text)
    local job = jobs[index]
    job.figures = json.decode(text)
    if job.figures.problem then
      error(("%s: %s"):format(table.concat(job.words, " "), job.figures.problem), 0)
    end
    done = done + 1
    shown:step(done)
  end)
  shown:clear()
  assert(done == #jobs, "interrupted")
end

-- What the runs of a row under a condition have in common: how many were valid, and the worst of
-- their figures.
local function worst(jobs, row, condition)
  local all = { runs = 0, valid = 0, servers = 0, median = 0, most = 0 }
  for _, job in ipairs(jobs) do
    if job.row == row and job.condition == condition then
      all.runs = all.runs + 1
      all.valid = all.valid + (job.figures.valid == true and 1 or 0)
      all.wrong = all.wrong or job.figures.valid == false
      for _, name in ipairs({ "servers", "median", "most" }) do
        all[name] = math.max(all[name], job.figures[name])
      end
    end
  end
  return all.runs > 0 and all or nil
end

local function number(x)
  return not x and "" or x == 0 and "0" or (x < 0.1 and "%.4f" or "%.2f"):format(x)
end

local function milliseconds(x)
  return x and ("%.0f"):format(x) or ""
end

local function verdict(all)
  return all.valid == all.runs and "valid" or ("%d of %d valid"):format(all.valid, all.runs)
end

local function table_of(challenge, jobs)
  local lines, count = {
    ("| %s | messages per operation | %s: median ms | most ms | calm | partitions: messages | "
      .. "verdict | broken by |"):format(challenge.title, challenge.unit),
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
  }, 0
  for _, row in ipairs(challenge.rows) do
    local calm, cut = worst(jobs, row, "calm"), worst(jobs, row, "partition")
    if calm then
      count = count + 1
      local broken = {}
      for _, name in ipairs(faults.names) do
        broken[#broken + 1] = worst(jobs, row, name).wrong and name or nil
      end
      lines[#lines + 1] = ("| [%s](%s) | %s | %s | %s | %s | %s | %s | %s |"):format(row[1],
        row[2]:match("^challenges/(%S+)"), number(calm.servers), milliseconds(calm.median),
        milliseconds(calm.most), verdict(calm), number(cut.servers), verdict(cut),
        broken[1] and table.concat(broken, ", ") or "nothing tried")
    end
  end
  for _, row in ipairs(challenge.published or {}) do
    lines[#lines + 1] = ("| *published: %s (%s)* | %s | %s | %s | | | | |"):format(row[1], row[2],
      number(row[3]), milliseconds(row[4]), milliseconds(row[5]))
  end
  return table.concat(lines, "\n"), count
end

local jobs = plan()
local ok, message = pcall(run, jobs)
for _, path in ipairs(edited) do
  os.remove(path)
end
if not ok then
  io.stderr:write("atlas: ", message, "\n")
  os.exit(1)
end

-- A challenge as the page of pictures takes it.
local function group_of(challenge)
  local points = {}
  for _, row in ipairs(challenge.rows) do
    local calm, cut = worst(jobs, row, "calm"), worst(jobs, row, "partition")
    if calm then
      local broken = {}
      for _, name in ipairs(faults.names) do
        broken[#broken + 1] = worst(jobs, row, name).wrong and name or nil
      end
      points[#points + 1] = {
        kind = row[2]:find("variants/", 1, true) and "variant" or "ours", name = row[1],
        script = row[2], servers = calm.servers, median = calm.median, most = calm.most,
        verdict = verdict(calm), broken = broken,
        faults = { servers = cut.servers, most = cut.most, verdict = verdict(cut) },
      }
    end
  end
  return points[1] and { title = challenge.name .. ": " .. challenge.title, unit = challenge.unit,
    options = challenge.options, challenge = challenge, points = points }
end

local groups = {}
for _, challenge in ipairs(catalogue) do
  groups[#groups + 1] = group_of(challenge)
end
write(PICTURES, frontier.render("The challenges: messages against latency", groups))
io.stderr:write(PICTURES, "\n")

local page = only == "" and read(PAGE)
for _, challenge in ipairs(catalogue) do
  local text, count = table_of(challenge, jobs)
  if count > 0 then
    io.stdout:write("\n", challenge.name, "\n\n", text, "\n")
  end
  if page then
    local first, last = "<!-- atlas " .. challenge.name .. " -->\n", "<!-- end -->"
    local _, from = page:find(first, 1, true)
    local to = page:find(last, from or 1, true)
    assert(from and to, PAGE .. ": no place for the table of " .. challenge.name)
    page = page:sub(1, from) .. text .. "\n" .. page:sub(to)
  end
end
if page then
  write(PAGE, page)
end
