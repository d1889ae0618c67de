// layout.js - where the nodes of a cluster stand in a drawing, and which lines join them.
//
// Nodes are told a topology, but what counts is whom they talk to: a hub policy over a grid is a
// star. So the lines are those that messages went over, and the shape is that of the lines, known
// by its degrees and edges; what is none of line, ring, star, tree and grid stands in a circle.
(() => {
  // A graph of n nodes: `edges` is a list of {a, b, weight}, a < b.
  function graph(n, edges) {
    const near = Array.from({ length: n }, () => new Set());
    for (const { a, b } of edges) { near[a].add(b); near[b].add(a); }
    return { n, edges, near, degree: near.map((set) => set.size) };
  }

  // Nodes in the order of a walk from one, neighbours by number; with the depth of each.
  function walk(g, root) {
    const depth = new Array(g.n).fill(-1), parent = new Array(g.n).fill(-1), order = [root];
    depth[root] = 0;
    for (let i = 0; i < order.length; i++) {
      for (const next of [...g.near[order[i]]].sort((x, y) => x - y)) {
        if (depth[next] >= 0) continue;
        depth[next] = depth[order[i]] + 1;
        parent[next] = order[i];
        order.push(next);
      }
    }
    return { depth, parent, order };
  }

  function isGrid(g) {
    const side = Math.ceil(Math.sqrt(g.n));
    if (g.n < 4) return false;
    const wanted = new Set();
    for (let i = 0; i < g.n; i++) {
      if ((i + 1) % side !== 0 && i + 1 < g.n) wanted.add(`${i} ${i + 1}`);
      if (i + side < g.n) wanted.add(`${i} ${i + side}`);
    }
    return wanted.size === g.edges.length && g.edges.every(({ a, b }) => wanted.has(`${a} ${b}`));
  }

  // The shape of a graph: its name, and its hubs, where all messages pass through few nodes (one,
  // and those that stood in for it while it was away).
  function shapeOf(g) {
    const pairs = g.n * (g.n - 1) / 2;
    if (g.edges.length === 0) return { shape: "apart", hubs: [] };
    if (g.n > 1 && g.edges.length === pairs) return { shape: "total", hubs: [] };
    if (isGrid(g)) return { shape: "grid", hubs: [] };
    const hubs = hubsOf(g);
    if (hubs) return { shape: "star", hubs };
    const isWhole = walk(g, 0).order.length === g.n;
    if (isWhole && g.edges.length === g.n && g.degree.every((d) => d === 2)) {
      return { shape: "ring", hubs: [] };
    }
    if (!isWhole || g.edges.length !== g.n - 1) {
      return { shape: g.edges.length > pairs / 2 ? "dense" : "mesh", hubs: [] };
    }
    return { shape: g.degree.every((d) => d <= 2) ? "line" : "tree", hubs: [] };
  }

  const HUBS = 0.125, THROUGH = 0.9; // of the nodes are hubs at most; of the messages pass through

  function hubsOf(g) {
    const weight = (e) => e.weight || 1, hubs = [];
    let left = g.edges;
    const sum = (list) => list.reduce((total, e) => total + weight(e), 0);
    const whole = sum(g.edges);
    while (g.n > 3 && hubs.length < Math.max(1, Math.floor(g.n * HUBS))) {
      const load = new Array(g.n).fill(0);
      for (const e of left) { load[e.a] += weight(e); load[e.b] += weight(e); }
      const hub = load.indexOf(Math.max(...load));
      hubs.push(hub);
      left = left.filter((e) => e.a !== hub && e.b !== hub);
      // The first must be one by itself, or a busy line or a ring would be a star.
      const reaches = new Set(hubs.flatMap((v) => [...g.near[v]])).size;
      if (sum(left) <= (1 - THROUGH) * whole && reaches >= (g.n - 1) * THROUGH) return hubs;
    }
    return null;
  }

  // Places in a unit square. A circle begins at the top and goes clockwise.
  function onCircle(order, places, radius = 0.5) {
    order.forEach((node, i) => {
      const angle = 2 * Math.PI * i / order.length - Math.PI / 2;
      places[node] = { x: 0.5 + radius * Math.cos(angle), y: 0.5 + radius * Math.sin(angle) };
    });
  }

  const round = (g, places) => onCircle([...Array(g.n).keys()], places);

  const placers = {
    total: round, dense: round, mesh: round, apart: round,
    ring(g, places) {
      const order = [0];
      while (order.length < g.n) { // one neighbour after the other, from 0
        const last = order[order.length - 1];
        order.push([...g.near[last]].sort((x, y) => x - y).find((v) => !order.includes(v)));
      }
      onCircle(order, places);
    },
    star(g, places, hubs) {
      onCircle([...Array(g.n).keys()].filter((i) => !hubs.includes(i)), places);
      if (hubs.length === 1) places[hubs[0]] = { x: 0.5, y: 0.5 };
      else onCircle(hubs, places, 0.13);
    },
    grid(g, places) {
      const side = Math.ceil(Math.sqrt(g.n)), rows = Math.ceil(g.n / side);
      for (let i = 0; i < g.n; i++) {
        places[i] = { x: i % side / Math.max(1, side - 1),
          y: Math.floor(i / side) / Math.max(1, rows - 1) };
      }
    },
    // A line of many nodes goes to and fro.
    line(g, places) {
      const end = g.degree.indexOf(1);
      const { order } = walk(g, end);
      const across = g.n <= 12 ? g.n : Math.ceil(Math.sqrt(g.n * 2));
      const rows = Math.ceil(g.n / across);
      order.forEach((node, i) => {
        const row = Math.floor(i / across), at = i % across;
        places[node] = { x: (row % 2 ? across - 1 - at : at) / Math.max(1, across - 1),
          y: rows === 1 ? 0.5 : row / (rows - 1) };
      });
    },
    // Leaves side by side, a parent over the middle of its children.
    tree(g, places) {
      const root = g.near[0].size > 1 ? 0 : g.degree.indexOf(Math.max(...g.degree));
      const { depth, parent, order } = walk(g, root);
      const deepest = Math.max(...depth);
      const children = Array.from({ length: g.n }, () => []);
      for (const node of order) if (parent[node] >= 0) children[parent[node]].push(node);
      let leaves = 0;
      const place = (node) => {
        children[node].forEach(place);
        const of = children[node].map((c) => places[c].x);
        places[node] = { x: of.length ? (of[0] + of[of.length - 1]) / 2 : leaves++,
          y: depth[node] / Math.max(1, deepest) };
      };
      place(root);
      for (const p of places) p.x /= Math.max(1, leaves - 1);
    },
  };

  const key = (a, b) => a < b ? `${a} ${b}` : `${b} ${a}`;

  // Messages over each pair of drawn nodes, as {a, b, weight}; `at` maps nodes to drawn ones or -1.
  function used(data, at) {
    const m = data.messages, weights = new Map();
    for (let i = 0; i < m.count; i++) {
      const a = at[m.from[i]], b = at[m.to[i]];
      if (a < 0 || b < 0 || a === b) continue;
      const k = key(a, b);
      weights.set(k, (weights.get(k) || 0) + 1);
    }
    return [...weights].map(([k, weight]) => {
      const [a, b] = k.split(" ").map(Number);
      return { a, b, weight };
    });
  }

  function told(data) {
    const edges = [];
    (data.topology || []).forEach((row, a) => row.forEach((b) => {
      if (a < b) edges.push({ a, b, weight: 0 });
    }));
    return edges;
  }

  const RARE = 0.1; // of the busiest line's messages: rarer lines are drawn, but shape nothing
  // Told lines shape the drawing unless more than this part of the messages goes beside them, or
  // fewer of them are used than this.
  const OFF = 0.1, HALF = 0.5;

  // Returns {nodes, at, places, edges, shape, hubs, isRound, told}: nodes, the places in data.nodes
  // of those drawn (servers, and services that were used); at, the reverse, -1 for others; places,
  // {x, y} in a unit square; edges; the name of the shape that is used; its hubs; whether it is
  // round; and if it is another, the shape that nodes were told.
  hearsay.layout = (data) => {
    const nodes = [...data.nodes.keys()].filter((i) => hearsay.role(data, i) !== "client");
    const at = new Int32Array(data.nodes.length).fill(-1);
    nodes.forEach((node, i) => { at[node] = i; });
    const edges = used(data, at), wanted = told(data), servers = data.servers;
    const among = edges.filter((e) => e.b < servers);
    const sum = (list) => list.reduce((total, e) => total + e.weight, 0);
    const isTold = new Set(wanted.map((e) => key(e.a, e.b)));
    const along = among.filter((e) => isTold.has(key(e.a, e.b)));
    const follows = wanted.length > 0 && sum(along) >= (1 - OFF) * sum(among)
      && (along.length >= HALF * wanted.length || !among.length);
    let shapes = wanted;
    if (!follows) {
      const most = Math.max(0, ...among.map((e) => e.weight));
      shapes = among.filter((e) => e.weight >= RARE * most);
    }
    const g = graph(servers, shapes);
    const found = shapeOf(g);
    const places = new Array(servers);
    placers[found.shape](g, places, found.hubs);
    const services = nodes.length - servers;
    for (let i = 0; i < services; i++) { // beside the servers, one below the other
      places.push({ x: 1.25, y: (i + 1) / (services + 1) });
    }
    if (follows) { // told lines that nobody used are lines too
      const has = new Set(edges.map((e) => key(e.a, e.b)));
      edges.push(...wanted.filter((e) => !has.has(key(e.a, e.b))));
    }
    const nameTold = wanted.length && !follows ? shapeOf(graph(servers, wanted)).shape : null;
    return { nodes, at, places, edges, ...found, told: nameTold,
      isRound: !["grid", "line", "tree"].includes(found.shape) };
  };
})();
