// lamport_index.js - finds the messages of a space-time diagram that a window of time shows.
//
// Messages stand in the order of sending, so those sent in a window are found by binary search.
// Some that were sent before it are still under way in it: for these, blocks of messages know when
// the last of theirs is over, and whole blocks are left out. 100,000 messages are 200 blocks.
(() => {
  const BLOCK = 512;

  hearsay.messageIndex = (data) => {
    const m = data.messages, blocks = Math.ceil(m.count / BLOCK);
    const over = new Float64Array(m.count), last = new Float64Array(blocks).fill(-Infinity);
    for (let i = 0; i < m.count; i++) {
      over[i] = m.received[i] < 0 ? m.sent[i] + hearsay.expected(m, i) : m.received[i];
      const b = Math.floor(i / BLOCK);
      if (over[i] > last[b]) last[b] = over[i];
    }

    // Calls visit(i) for the messages that are under way at some moment from t0 to t1 and pass a
    // filter, in the order of sending. Returns how many were looked at.
    function each(t0, t1, passes, visit) {
      const end = hearsay.lowerBound(m.sent, t1 + 1e-6);
      let looked = 0;
      for (let b = 0; b * BLOCK < end; b++) {
        if (last[b] < t0) continue;
        const stop = Math.min(end, (b + 1) * BLOCK);
        for (let i = b * BLOCK; i < stop; i++) {
          looked++;
          if (over[i] >= t0 && passes(i)) visit(i);
        }
      }
      return looked;
    }

    // How many there are, up to a limit and one more.
    function count(t0, t1, passes, limit) {
      let n = 0;
      each(t0, t1, (i) => n <= limit && passes(i), () => { n++; });
      return n;
    }

    // A filter: `lanes` maps nodes to lanes, -1 for hidden ones; `types` is a set of the types that
    // are shown; `node` a lane that messages must touch, or -1.
    function filter({ lanes, types, node }) {
      return (i) => {
        const a = lanes[m.from[i]], b = lanes[m.to[i]];
        return a >= 0 && b >= 0 && types.has(m.type[i]) && (node < 0 || a === node || b === node);
      };
    }

    // How many messages each lane sends and receives in each of `columns` slices of a window: a
    // row of counts for each lane; and the most there are in one.
    function density(t0, t1, passes, lanes, rows, columns) {
      const counts = Array.from({ length: rows }, () => new Uint32Array(columns));
      let most = 0;
      const add = (node, t) => {
        const at = Math.floor((t - t0) / (t1 - t0) * columns);
        if (at < 0 || at >= columns) return;
        const n = ++counts[lanes[node]][at];
        if (n > most) most = n;
      };
      each(t0, t1, passes, (i) => {
        add(m.from[i], m.sent[i]);
        if (m.received[i] >= 0) add(m.to[i], m.received[i]);
      });
      return { counts, most };
    }

    return { each, count, filter, density, over };
  };
})();
