-- Clusters of real nodes: processes that talk through pipes, in real time. A shell carries each
-- line to the node or the client it is for, as Maelstrom does.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

local NODES = { "n1", "n2", "n3" }

-- Starts three nodes and a router, gives each node a value, reads until all have all three, and
-- ends. $1 is the script, $2 an empty folder.
local CLUSTER = [[
script=$1
cd_to=$2
mkfifo $cd_to/bus $cd_to/n1 $cd_to/n2 $cd_to/n3
: >$cd_to/replies
for n in n1 n2 n3; do
  { ./node $script <$cd_to/$n >$cd_to/bus 2>$cd_to/$n.err; echo $? >$cd_to/$n.status; } &
done
route() {
  exec 3>$cd_to/n1 4>$cd_to/n2 5>$cd_to/n3
  while IFS= read -r line; do
    case $line in
      *'"dest":"n1"'*) printf '%s\n' "$line" >&3 ;;
      *'"dest":"n2"'*) printf '%s\n' "$line" >&4 ;;
      *'"dest":"n3"'*) printf '%s\n' "$line" >&5 ;;
      end) break ;;
      *) printf '%s\n' "$line" >>$cd_to/replies ;;
    esac
  done <$cd_to/bus
}
route &
exec 9>$cd_to/bus
to() { printf '{"src":"c%s","dest":"%s","body":%s}\n' $3 $1 "$2" >&9; }
for n in n1 n2 n3; do
  to $n '{"type":"init","msg_id":1,"node_id":"'$n'","node_ids":["n1","n2","n3"]}' 1
done
until [ $(grep -c init_ok $cd_to/replies) = 3 ]; do sleep 0.01; done
for n in n1 n2 n3; do
  to $n '{"type":"topology","msg_id":2,"topology":{"n1":["n2"],"n2":["n1","n3"],"n3":["n2"]}}' 2
done
until [ $(grep -c topology_ok $cd_to/replies) = 3 ]; do sleep 0.01; done
for n in n1 n2 n3; do
  to $n '{"type":"broadcast","msg_id":3,"message":'${n#n}'}' 3
done
for n in n1 n2 n3; do
  until grep '"src":"'$n'"' $cd_to/replies | grep -q '"messages":\[[0-9]*,[0-9]*,[0-9]*\]'; do
    to $n '{"type":"read","msg_id":4}' 4
    sleep 0.02
  done
done
echo end >&9
wait
]]

describe("a cluster of processes", function()
  local sh = shell.open()
  local program = sh:write("cluster.sh", CLUSTER)
  local names = { "broadcast_3b", "broadcast_3c", "broadcast_3d", "broadcast_3e" }
  local ran

  -- All at once: most of the time goes by in waiting for the next round of the hub.
  setup(function()
    local commands = {}
    for i, name in ipairs(names) do
      os.execute("mkdir " .. shell.quote(sh:path(name)))
      commands[i] = ("sh %s challenges/%s.lua %s &"):format(shell.quote(program), name,
        shell.quote(sh:path(name)))
    end
    ran = sh:run(table.concat(commands, " ") .. " wait")
  end)

  teardown(function() sh:close() end)

  for _, name in ipairs(names) do
    it("spreads each value to every node, " .. name, function()
      assert.same({ out = "", err = "", status = 0 }, ran)
      local broadcasts, values = 0, {}
      for _, line in ipairs(shell.lines(sh:read(name .. "/replies"))) do
        local reply = assert(json.decode(line))
        broadcasts = broadcasts + (reply.body.type == "broadcast_ok" and 1 or 0)
        assert.not_equal("error", reply.body.type, line)
        if reply.body.type == "read_ok" then
          values[reply.src] = reply.body.messages
        end
      end
      assert.equal(3, broadcasts)
      for _, id in ipairs(NODES) do
        table.sort(values[id])
        assert.same({ 1, 2, 3 }, values[id])
        assert.equal("", sh:read(name .. "/" .. id .. ".err"))
        assert.equal("0\n", sh:read(name .. "/" .. id .. ".status"))
      end
    end)
  end
end)
