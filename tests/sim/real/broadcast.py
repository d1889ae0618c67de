"""A broadcast node in another language, for tests of the bench: every second it sends all that it
has to every other node. With `forgetful` it sends each value once, and no more."""

import json
import sys
import threading
import time

lock = threading.Lock()
node_id, peers, values = None, [], {}
forgetful = "forgetful" in sys.argv[1:]


def send(dest, body):
    sys.stdout.write(json.dumps({"src": node_id, "dest": dest, "body": body}) + "\n")
    sys.stdout.flush()


def tell(some):
    for peer in peers:
        send(peer, {"type": "values", "values": some})


def gossip():
    while True:
        time.sleep(1)
        with lock:
            tell(list(values))


for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    reply = {"in_reply_to": body.get("msg_id"), "type": body["type"] + "_ok"}
    with lock:
        if body["type"] == "values":
            values.update(dict.fromkeys(body["values"]))
            continue
        if body["type"] == "init":
            node_id = body["node_id"]
            peers = [peer for peer in body["node_ids"] if peer != node_id]
            if not forgetful:
                threading.Thread(target=gossip, daemon=True).start()
        elif body["type"] == "broadcast":
            values[body["message"]] = None
            if forgetful:
                tell([body["message"]])
        elif body["type"] == "read":
            reply["messages"] = list(values)
        send(message["src"], reply)
