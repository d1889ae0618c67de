// messages.js - takes the columns of sim.report.messages apart, and says who is who.
//
// What many messages share stands once, as a route; here each gets columns of its own again, as
// typed arrays, so that a picture of 100,000 messages looks things up without making objects.
(() => {
  const SERVICES = ["lin-kv", "seq-kv", "lww-kv", "lin-tso"];

  // Adds to data.messages: sent and received (microseconds since the load began; the latter -1 for
  // what nobody received), from, to (places in data.nodes), type (place in data.types); and
  // longest, the longest time that one was under way. Takes 10 ms for 100,000.
  hearsay.unpackMessages = (m) => {
    const n = m.count;
    m.sent = new Float64Array(hearsay.sums(m.sent));
    m.received = new Float64Array(n);
    m.from = new Uint16Array(n);
    m.to = new Uint16Array(n);
    m.type = new Uint16Array(n);
    m.longest = 0;
    for (let i = 0; i < n; i++) {
      const r = m.route[i];
      m.from[i] = m.route_from[r];
      m.to[i] = m.route_to[r];
      m.type[i] = m.route_type[r];
      const latency = m.route_latency[r] + m.late[i];
      m.received[i] = m.sent[i] + latency;
      if (latency > m.longest) m.longest = latency;
    }
    m.lost = hearsay.sums(m.lost);
    for (const i of m.lost) m.received[i] = -1;
    return m;
  };

  // What a node of data.nodes is: a server, a service, or a client.
  hearsay.role = (data, node) => node < data.servers ? "server"
    : SERVICES.includes(data.nodes[node]) ? "service" : "client";

  // How long a message that nobody received would have been under way, as others of its route.
  hearsay.expected = (m, i) => m.route_latency[m.route[i]] || m.longest / 2 || 1;

  // Whether nobody received a message for no other reason than that the run ended.
  hearsay.isOpen = (m, i) => m.received[i] < 0 && m.sent[i] + hearsay.expected(m, i) >= m.end_us;

  // The first place in a sorted column with a value at or above v.
  hearsay.lowerBound = (column, v) => {
    let low = 0, high = column.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (column[middle] < v) low = middle + 1;
      else high = middle;
    }
    return low;
  };
})();
