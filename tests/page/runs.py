"""The runs whose pages the tests look at. Each is run once, when it is first asked for."""
import atexit
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
THREE_E = ["-w", "broadcast", "--bin", "./node challenges/broadcast_3e.lua", "--node-count", "25",
           "--rate", "100", "--time-limit", "20", "--latency", "100"]
COMMANDS = {
    "calm": THREE_E,
    "partitioned": THREE_E + ["--nemesis", "partition"],
    "lossy": ["--bin", "challenges/broadcast_3b.lua", "--rate", "20", "--time-limit", "20",
              "--latency", "20", "--nemesis", "partition,pause"],
    "transactions": ["-w", "txn-rw-register", "--bin", "tests/sim/broken/txn_skew.lua",
                     "--node-count", "2", "--rate", "100", "--time-limit", "10"],
    "kafka": ["--bin", "tests/sim/broken/kafka_no_watermark.lua", "--node-count", "3", "--rate", "50",
              "--time-limit", "20", "--latency", "20", "--nemesis", "partition"],
    "echo": ["--bin", "challenges/echo_1.lua", "--node-count", "1", "--time-limit", "2"],
    "short": ["--bin", "challenges/broadcast_3c.lua", "--rate", "20", "--time-limit", "3"],
    "idle": ["--bin", "challenges/echo_1.lua", "--node-count", "1", "--time-limit", "1",
             "--rate", "0"],
    # 100,000 messages and some more
    "large": ["-w", "broadcast", "--bin", "./node challenges/broadcast_3b.lua", "--node-count", "25",
              "--rate", "100", "--time-limit", "34", "--latency", "100"],
}

_folder = tempfile.mkdtemp(prefix="hearsay-runs-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


def page(name):
    """The path of a run's page."""
    store = os.path.join(_folder, name)
    path = os.path.join(store, "latest", "report.html")
    if not os.path.exists(path):
        done = subprocess.run(["./sim", "test", "--store", store] + COMMANDS[name], cwd=ROOT,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode > 2 or done.stderr:
            raise RuntimeError("%s: status %d: %s" % (name, done.returncode, done.stderr))
    return path
