--- The files that a run leaves on disk, as `./sim help format` tells of them. A spec holds what is
-- said here against the files of real runs.
-- @module sim.files

local format = require "sim.format"

local WIDTH, INDENT = 80, 20

local files = {}

--- What there is: `name`, `about`, and for a file of JSON objects a line each `fields`, a list of
-- {name, what it is}.
files.list = {
  {
    name = "results.json",
    about = "the verdict and all figures, with Maelstrom's structure and key names; times in it "
      .. "are nanoseconds since the load began, latencies milliseconds",
  },
  {
    name = "run.json",
    about = "how it was run: the arguments, the fault windows (microseconds since the load began), "
      .. "with --converge what each node had afterwards",
  },
  {
    name = "history.jsonl",
    about = "an operation a line, in the order in which they began",
    fields = {
      { "process", "who did it; after an outcome that nobody knows its worker goes on as another" },
      { "worker", "which client slot, from 0" },
      { "node", "whom it asked" },
      { "f", "what: broadcast, read, .." },
      { "value", "with what; none where there is nothing to say" },
      { "final", "true in the final phase" },
      { "invoke_us", "when it began, in microseconds since the load began" },
      { "invoke_index", "the place of that among all beginnings and ends, from 1" },
      { "complete_us", "when it ended; none when it did not" },
      { "complete_index", "the place of that" },
      { "outcome", "ok; fail, it surely did not happen; info, nobody knows" },
      { "result", "what an ok reply carried" },
      { "error", "an object with code, name, text and definite" },
      { "planned", "true when the workload made it fail on purpose" },
      { "commit", "kafka: the offsets, by key, that a poll committed after it" },
    },
  },
  {
    name = "messages.jsonl",
    about = "the journal: a line for each message sent, and one for each received",
    fields = {
      { "time", "microseconds of the bench's clock; subtract start-us, which is in results.json, "
        .. "for the time since the load began" },
      { "event", "send or recv; a message that was lost has no recv, a duplicate has two" },
      { "id", "the message's number, the same in send and recv" },
      { "message", "an object with src, dest and body, as on the wire" },
    },
  },
  { name = "node-logs/ID.log", about = "what the node wrote to standard error" },
  { name = "screen.txt", about = "what the screen showed" },
  { name = "report.html", about = "the page for a browser, which ./sim report writes" },
}

-- A name, and beside it a text that may take several lines.
local function row(out, name, text, indent)
  for i, line in ipairs(format.wrap(text, WIDTH - indent)) do
    out[#out + 1] = format.pad(i == 1 and name or "", indent) .. line .. "\n"
  end
end

--- The text for a person.
-- @treturn string in 80 columns
function files.help()
  local out = {}
  row(out, "", "Each run of ./sim test leaves a folder, store/WORKLOAD/TIME; store/latest is a "
    .. "link to the newest. The files in it:", 0)
  for _, file in ipairs(files.list) do
    out[#out + 1] = "\n"
    row(out, file.name, file.about, INDENT)
    for _, field in ipairs(file.fields or {}) do
      row(out, "  " .. field[1], field[2], INDENT)
    end
  end
  return table.concat(out)
end

return files
