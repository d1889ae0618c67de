-- Runs in which something once went wrong: each with its seed, and what it was.
local bench = dofile("tests/sim/bench.lua")

describe("once", function()
  it("a leaf that was restarted never got the values that its hub had sent it before", function()
    -- The hub went on from what the leaf had confirmed before it was killed. The same run showed
    -- two more: a leaf's first outbox after a restart was taken for its first one before, and a
    -- hub that came back with nothing was not sent what its leaves had once told it.
    bench.same_in_the_end(bench.run("challenges/broadcast_3d.lua", "--node-count 5 --rate 40 "
      .. "--time-limit 30 --latency 100 --nemesis kill --nemesis-interval 3 --seed 3"))
  end)

  it("a leaf took eight seconds to repeat itself, since its hub had stood still", function()
    -- What had waited for the hub made all messages seem slow.
    bench.same_in_the_end(bench.valid("challenges/broadcast_3e.lua", "--node-count 4 --rate 20 "
      .. "--time-limit 5 --latency 100 --latency-dist exponential --topology total "
      .. "--nemesis partition,pause,one-way,loss,reorder,spike --nemesis-interval 7 --seed 428"))
  end)

  it("two nodes never began to serve, since answers to first messages were lost", function()
    -- Each had told the other its session, and then neither had anything new to say.
    bench.valid("challenges/kafka_5c.lua", "--node-count 4 --rate 50 --time-limit 5 --latency 100 "
      .. "--nemesis loss --nemesis-interval 8 --seed 18")
  end)

  it("a node with an empty disk told a leap of its clock, which its next restart forgot", function()
    -- It then gave offsets below what it had told, and polls had shown what is after them.
    bench.valid("challenges/kafka_5c.lua durable=true", "--node-count 2 --topology total "
      .. "--rate 100 --time-limit 40 --latency 50 --latency-dist exponential --nemesis partition,"
      .. "kill,pause,one-way,loss,duplicate,reorder,spike,skew --nemesis-interval 4 --seed 91")
  end)

  it("a send was refused whose cas had timed out, as a block could not be read after that",
    function()
      bench.valid("challenges/kafka_5b.lua", "--node-count 4 --topology total --rate 100 "
        .. "--time-limit 20 --latency 100 --latency-dist uniform --nemesis partition,kill,pause,"
        .. "one-way,loss,duplicate,reorder,spike,skew --nemesis-interval 2 --seed 280")
    end)

  it("a send was refused whose cas came twice: done, which was not heard of, and then refused",
    function()
      -- Nothing could be read after that.
      bench.valid("challenges/kafka_5b.lua", "--node-count 7 --topology tree4 --rate 100 "
        .. "--time-limit 20 --latency 20 --latency-dist constant --nemesis partition,kill,pause,"
        .. "one-way,loss,duplicate,reorder,spike,skew --nemesis-interval 8 --seed 163")
    end)

  it("a late answer to a request of before a kill was taken for one to a request of after it",
    function()
      -- Requests were numbered from 1 at each start.
      bench.valid("tests/sim/right/lin_kv_proxy.lua", "-w lin-kv --node-count 3 --topology grid "
        .. "--rate 20 --time-limit 20 --concurrency 2n --latency 100 --latency-dist exponential "
        .. "--nemesis partition,kill,pause,one-way,loss,reorder,spike,skew --nemesis-interval 1 "
        .. "--seed 216")
    end)
end)
