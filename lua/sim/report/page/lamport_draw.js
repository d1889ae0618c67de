// lamport_draw.js - draws a space-time diagram on a canvas: a lane for each node, an arrow for each
// message, and where they are too many for arrows, how busy each lane is.
//
// What is drawn is bounded by the size of the canvas and by MOST arrows, however long a run was.
// Arrows of a type are one path. Types differ in colour and in their dashes.
(() => {
  const MOST = 4000; // arrows
  const HEADS = 700; // arrows up to which they get heads
  const SLICE = 3; // pixels that a slice of density is wide
  const SHADES = 6; // of density
  const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2], [12, 4], [1, 2]];

  hearsay.typeColor = (rank) => hearsay.color(`type-${rank % DASHES.length + 1}`);
  hearsay.typeDash = (rank) => DASHES[(rank + Math.floor(rank / DASHES.length)) % DASHES.length];

  // Draws what a view shows: its window, t0 and t1; where things are, in pixels; `names` of the
  // lanes, and `node`, the one that is chosen; `lanes` of the nodes; `ranks` of the types;
  // `passes`, the filter; `marked`, a set of messages to bring out, or null; and `chosen`, a
  // message, or -1.
  // Returns {arrows, cells, strokes}: how many arrows, or cells of density, were drawn, and with
  // how many calls that paint.
  hearsay.drawDiagram = (g, data, index, view) => {
    const m = data.messages, { x, y, left, right, top, bottom, t0, t1 } = view;
    const ink = hearsay.color("ink"), muted = hearsay.color("muted"), line = hearsay.color("line");
    let strokes = 0;
    const stroke = () => { g.stroke(); strokes++; };
    const fill = () => { g.fill(); strokes++; };
    g.clearRect(0, 0, view.width, view.height);
    g.font = "12px " + hearsay.color("sans");

    // Fault windows behind everything, then lanes, with the axis of time below.
    g.fillStyle = hearsay.color("fault");
    g.globalAlpha = 0.17;
    for (const f of data.faults) {
      const a = Math.max(left, x(f.from * 1e6)), b = Math.min(right, x(f.to * 1e6));
      if (b > a) { g.fillRect(a, top, b - a, bottom - top); strokes++; }
    }
    g.globalAlpha = 1;
    g.lineWidth = 1;
    g.strokeStyle = line;
    g.beginPath();
    view.names.forEach((_, lane) => {
      g.moveTo(left, Math.round(y(lane)) + 0.5);
      g.lineTo(right, Math.round(y(lane)) + 0.5);
    });
    stroke();
    g.textBaseline = "middle";
    g.textAlign = "right";
    view.names.forEach((name, lane) => {
      if (lane % view.every) return;
      g.fillStyle = lane === view.node ? ink : muted;
      g.fillText(name, left - 10, y(lane));
    });
    g.textAlign = "center";
    g.fillStyle = muted;
    const scale = hearsay.linear([t0 / 1e6, t1 / 1e6], [left, right]);
    const ticks = scale.ticks(Math.max(2, (right - left) / 100));
    const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10((ticks[1] - ticks[0]) || 1))));
    for (const tick of ticks) g.fillText(`${tick.toFixed(digits)} s`, scale(tick), bottom + 20);

    g.save();
    g.beginPath();
    g.rect(left, 0, right - left, bottom + 8);
    g.clip();
    const count = index.count(t0, t1, view.passes, MOST);
    const drawn = count > MOST ? density() : arrows(count);
    g.restore();
    return { ...drawn, strokes };

    function density() {
      const columns = Math.max(1, Math.floor((right - left) / SLICE));
      const { counts, most } = index.density(t0, t1, view.passes, view.lanes, view.names.length,
        columns);
      const high = Math.max(2, Math.min(14, view.step * 0.7));
      const shades = Array.from({ length: SHADES }, () => new Path2D());
      let cells = 0;
      counts.forEach((row, lane) => row.forEach((n, at) => {
        if (!n) return;
        const shade = Math.min(SHADES - 1, Math.floor(Math.log(n) / Math.log(most + 1) * SHADES));
        shades[shade].rect(left + at * SLICE, y(lane) - high / 2, SLICE, high);
        cells++;
      }));
      g.fillStyle = hearsay.color("accent");
      shades.forEach((path, shade) => {
        g.globalAlpha = (shade + 1) / SHADES;
        g.fill(path);
        strokes++;
      });
      g.globalAlpha = 1;
      return { arrows: 0, cells };
    }

    function arrows(n) {
      const kinds = new Map();
      index.each(t0, t1, view.passes, (i) => {
        const isMarked = view.marked ? view.marked.has(i) : true;
        const isLost = m.received[i] < 0 && !hearsay.isOpen(m, i);
        const key = `${isMarked ? 1 : 0} ${view.ranks[m.type[i]]} ${isLost ? 1 : 0}`;
        if (!kinds.has(key)) kinds.set(key, []);
        kinds.get(key).push(i);
      });
      const dense = n > 1500 ? 0.45 : n > 400 ? 0.7 : 0.9;
      for (const key of [...kinds.keys()].sort()) {
        const [isMarked, rank, isLost] = key.split(" ").map(Number);
        const color = hearsay.typeColor(rank);
        g.strokeStyle = g.fillStyle = color;
        g.globalAlpha = isMarked ? dense : 0.12;
        g.lineWidth = isMarked && view.marked ? 1.8 : 1.1;
        g.setLineDash(hearsay.typeDash(rank));
        g.beginPath();
        for (const i of kinds.get(key)) {
          const { ax, ay, bx, by } = hearsay.arrowOf(m, index, view, i);
          g.moveTo(ax, ay);
          g.lineTo(bx, by);
        }
        stroke();
        g.setLineDash([]);
        if (isLost) crosses(kinds.get(key));
        else if (n <= HEADS && isMarked) heads(kinds.get(key));
      }
      g.globalAlpha = 1;
      if (view.chosen >= 0) choose(view.chosen);
      return { arrows: n, cells: 0 };
    }

    function heads(list) {
      g.beginPath();
      for (const i of list) {
        if (m.received[i] < 0) continue;
        const { ax, ay, bx, by } = hearsay.arrowOf(m, index, view, i);
        const angle = Math.atan2(by - ay, bx - ax), size = 7;
        g.moveTo(bx, by);
        g.lineTo(bx - size * Math.cos(angle - 0.4), by - size * Math.sin(angle - 0.4));
        g.lineTo(bx - size * Math.cos(angle + 0.4), by - size * Math.sin(angle + 0.4));
        g.closePath();
      }
      fill();
    }

    function crosses(list) {
      g.strokeStyle = hearsay.color("bad");
      g.lineWidth = 2;
      g.beginPath();
      for (const i of list) {
        const { bx, by } = hearsay.arrowOf(m, index, view, i);
        g.moveTo(bx - 4, by - 4);
        g.lineTo(bx + 4, by + 4);
        g.moveTo(bx - 4, by + 4);
        g.lineTo(bx + 4, by - 4);
      }
      stroke();
    }

    function choose(i) {
      const { ax, ay, bx, by } = hearsay.arrowOf(m, index, view, i);
      g.strokeStyle = g.fillStyle = ink;
      g.lineWidth = 2.5;
      g.beginPath();
      g.moveTo(ax, ay);
      g.lineTo(bx, by);
      stroke();
      for (const [px, py] of [[ax, ay], [bx, by]]) {
        g.beginPath();
        g.arc(px, py, 4, 0, 2 * Math.PI);
        fill();
      }
    }
  };

  // Where the arrow of a message is, in pixels. One that was lost ends halfway; one within a lane
  // (a node to itself, a client to a client) is level.
  hearsay.arrowOf = (m, index, view, i) => {
    const ax = view.x(m.sent[i]), ay = view.y(view.lanes[m.from[i]]);
    const bx = view.x(index.over[i]), by = view.y(view.lanes[m.to[i]]);
    const isLost = m.received[i] < 0 && !hearsay.isOpen(m, i);
    return isLost ? { ax, ay, bx: (ax + bx) / 2, by: (ay + by) / 2 } : { ax, ay, bx, by };
  };
})();
