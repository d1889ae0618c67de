// story.js - what happened between the nodes over some time: the messages that were under way, and
// for one value when each node learned it. Drawing and playing it is in spread.js.
//
// A node learned a value when the first message that carried it arrived, or when its own answer to
// a read shows it, if that is earlier. Which messages carried it: sim.report.spread.
(() => {
  // A flight is a message between two drawn nodes a and b: i, its number; sent; received, -1 when
  // it was lost; until, when it arrives or would have; isNews, whether it taught b the value.
  function flight(data, layout, i) {
    const m = data.messages;
    const received = m.received[i];
    return { i, a: layout.at[m.from[i]], b: layout.at[m.to[i]], sent: m.sent[i], received,
      until: received < 0 ? m.sent[i] + hearsay.expected(m, i) : received, isNews: false };
  }

  // Adds what all stories have: `sent`, of each flight, in order; `longest`, of a flight; `steps`,
  // the moments at which something happens, in order.
  function finish(story) {
    story.flights.sort((x, y) => x.sent - y.sent);
    story.sent = story.flights.map((f) => f.sent);
    story.longest = story.flights.reduce((most, f) => Math.max(most, f.until - f.sent), 0);
    const moments = new Set([story.start, story.end]);
    for (const f of story.flights) {
      moments.add(f.sent);
      moments.add(f.until);
    }
    for (const l of story.learned || []) if (l.at < Infinity) moments.add(l.at);
    story.steps = [...moments].filter((t) => t >= story.start && t <= story.end)
      .sort((x, y) => x - y);
    return story;
  }

  // The flights under way at a moment, or over for less than `linger`.
  hearsay.underWay = (story, t, linger) => {
    const list = [];
    const first = hearsay.lowerBound(story.sent, t - story.longest - linger);
    for (let k = first; k < story.flights.length && story.flights[k].sent <= t; k++) {
      if (story.flights[k].until + linger > t) list.push(story.flights[k]);
    }
    return list;
  };

  // When each server learned the k-th value: {at, by, from}, in microseconds since the load began
  // (Infinity: never), the message, and the node it came from (null for a client or a read).
  function learning(data, k) {
    const m = data.messages, isServer = (node) => node < data.servers;
    const places = hearsay.sums(m.spread.carriers[k]);
    const learned = Array.from({ length: data.servers }, () =>
      ({ at: Infinity, by: -1, from: null }));
    for (const i of places) {
      const from = m.from[i], to = m.to[i];
      const isRead = isServer(from) && !isServer(to);
      const node = isRead ? from : to, at = isRead ? m.sent[i] : m.received[i];
      if (at >= 0 && at < learned[node].at) {
        learned[node] = { at, by: i, from: isServer(from) && isServer(to) ? from : null, isRead };
      }
    }
    return { places, learned };
  }

  // How long each listed value took to come to the last node: {k, value, took, missing}, those that
  // took longest first, those that some node never learned before all others; in the end those that
  // came to no node at all.
  hearsay.spreads = (data) => {
    const m = data.messages;
    return m.spread.values.map((value, k) => {
      const { places, learned } = learning(data, k);
      let last = 0, missing = 0;
      for (const { at } of learned) {
        if (at === Infinity) missing++;
        else if (at > last) last = at;
      }
      return { k, value, took: Math.max(0, last - m.sent[places[0]]), missing };
    }).sort((x, y) => (x.missing === data.servers) - (y.missing === data.servers)
      || y.missing - x.missing || y.took - x.took || x.k - y.k);
  };

  const REST = 0.04; // of a story that goes on when all is over, so that its end can be seen

  // The story of the k-th value. When some node never learns it, it goes on for `least` at least.
  hearsay.storyOfValue = (data, layout, k, least) => {
    const m = data.messages, { places, learned } = learning(data, k);
    const start = m.sent[places[0]];
    const times = learned.map((l) => l.at);
    const everybody = times.every((t) => t < Infinity);
    const last = Math.max(start, ...times.filter((t) => t < Infinity));
    const flights = places.filter((i) => m.from[i] < data.servers && m.to[i] < data.servers
      && m.sent[i] <= (everybody ? last : Infinity)).map((i) => flight(data, layout, i));
    for (const f of flights) f.isNews = learned[f.b].by === f.i;
    const end = everybody ? last : Math.min(m.end_us,
      flights.reduce((most, f) => Math.max(most, f.until), Math.max(last, start + least)));
    const rest = Math.max(1, (end - start) * REST);
    return finish({ value: m.spread.values[k], start, end: end + rest, learned,
      flights, origin: learned.findIndex((l) => l.by === places[0]), everybody });
  };

  // The story of all messages between nodes while the load ran, without a value.
  hearsay.storyOfAll = (data, layout) => {
    const m = data.messages, flights = [];
    for (let i = 0; i < m.count; i++) {
      if (layout.at[m.from[i]] >= 0 && layout.at[m.to[i]] >= 0 && m.sent[i] >= 0) {
        flights.push(flight(data, layout, i));
      }
    }
    const end = flights.length ? Math.max(flights[flights.length - 1].until, 1) : 1;
    return finish({ value: null, start: 0, end, learned: null, flights, origin: -1 });
  };

  // Who is struck at a moment: `faults` that last; `isCut(a, b)`, whether a or b does not hear the
  // other; `silent`, a map of nodes killed or paused; `side`, for each server which part of a
  // partition it is in, 0 the largest. It is the same while no fault begins or ends, so the last
  // answer is kept.
  let last = { data: null, key: "" };
  hearsay.struck = (data, t) => {
    const faults = data.faults.filter((f) => f.from * 1e6 <= t && t < f.to * 1e6);
    const key = faults.map((f) => data.faults.indexOf(f)).join();
    if (last.data !== data || last.key !== key) last = { data, key, ...strike(data, faults) };
    return last;
  };

  function strike(data, faults) {
    const silent = new Map(), n = data.servers, side = new Array(n).fill(0);
    const cut = new Uint8Array(n * n);
    let isParted = false;
    for (const f of faults) {
      for (const node of f.silenced || []) silent.set(node, f.kind);
      (f.cut || []).forEach((senders, node) => {
        for (const sender of senders) {
          cut[node * n + sender] = cut[sender * n + node] = 1;
          isParted = true;
        }
      });
    }
    if (isParted) {
      parts(n, cut).forEach((part, i) => part.forEach((node) => { side[node] = i; }));
    }
    return { faults, isCut: (a, b) => cut[a * n + b] === 1, silent, side };
  }

  // The parts that cuts leave of n nodes that could all hear each other, largest first.
  function parts(n, cut) {
    const list = [], met = new Set();
    for (let node = 0; node < n; node++) {
      if (met.has(node)) continue;
      const part = [node];
      met.add(node);
      for (let i = 0; i < part.length; i++) {
        for (let other = 0; other < n; other++) {
          if (met.has(other) || cut[part[i] * n + other]) continue;
          met.add(other);
          part.push(other);
        }
      }
      list.push(part);
    }
    return list.sort((x, y) => y.length - x.length);
  }
})();
