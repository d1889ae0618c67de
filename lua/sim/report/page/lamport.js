// lamport.js - the space-time diagram (Lamport 1978): time to the right, a lane for each node, an
// arrow for each message from when it was sent to when it was received. Zooms, pans and filters.
hearsay.panel({
  name: "messages", title: "Messages", order: 50,
  when: (data) => data.messages.count > 0,
  draw(root, data, shared) {
    const { h, whole, milliseconds, responsive, tip } = shared;
    const m = data.messages, index = shared.messageIndex(data);
    const LEFT = 64, RIGHT = 10, TOP = 16, BOTTOM = 34, STRIP = 46;
    const FIRST = 250; // messages that the first window shows, about
    const NEAR = 9; // pixels from an arrow at which the pointer is on it
    const begin = Math.min(0, m.count ? m.sent[0] : 0), end = Math.max(m.end_us, begin + 1000);
    const LEAST = 100; // microseconds that a window is wide at least

    /* --- lanes and types --------------------------------------------------------------------- */

    const roles = data.nodes.map((_, i) => shared.role(data, i));
    const fixed = [...data.nodes.keys()].filter((i) => roles[i] !== "client")
      .sort((a, b) => (roles[a] === "service") - (roles[b] === "service") || a - b);
    const between = new Uint32Array(data.types.length), all = new Uint32Array(data.types.length);
    const lostOf = new Uint32Array(data.types.length);
    for (let i = 0; i < m.count; i++) {
      all[m.type[i]]++;
      if (roles[m.from[i]] !== "client" && roles[m.to[i]] !== "client") between[m.type[i]]++;
    }
    let lostCount = 0;
    for (const i of m.lost) {
      if (!shared.isOpen(m, i)) { lostOf[m.type[i]]++; lostCount++; }
    }
    const hasBetween = between.some((n) => n > 0);
    // Types between servers come first, most frequent first: they get the colours apart.
    const order = [...data.types.keys()].sort((a, b) => (between[b] > 0) - (between[a] > 0)
      || all[b] - all[a] || a - b);
    const ranks = [];
    order.forEach((type, rank) => { ranks[type] = rank; });

    const state = { t0: 0, t1: 1, clients: !hasBetween, types: new Set(order), node: -1,
      marked: null, chosen: -1 };
    let names, lanes;
    function makeLanes() {
      lanes = new Int32Array(data.nodes.length).fill(-1);
      fixed.forEach((node, lane) => { lanes[node] = lane; });
      names = fixed.map((node) => data.nodes[node]);
      if (state.clients) { // all clients share one
        roles.forEach((role, node) => { if (role === "client") lanes[node] = names.length; });
        names.push("clients");
      }
    }
    makeLanes();

    /* --- the view ---------------------------------------------------------------------------- */

    const canvas = h("canvas", { tabindex: "0", role: "application", class: "diagram",
      "aria-label": "Space-time diagram of messages. Plus and minus zoom, the arrow keys pan, Home "
        + "shows the whole run, n and p go from message to message, Escape lets go." });
    const strip = h("canvas", { class: "strip", "aria-hidden": "true" });
    const status = h("p", { class: "muted status" });
    let width = 0, height = 0, view = null, wanted = false;

    function resize(element, w, high) {
      const ratio = window.devicePixelRatio || 1;
      element.width = Math.round(w * ratio);
      element.height = Math.round(high * ratio);
      element.style.height = `${high}px`;
      const g = element.getContext("2d");
      g.setTransform(ratio, 0, 0, ratio, 0, 0);
      return g;
    }

    const at = (us, digits = 3) => `${(us / 1e6).toFixed(digits)} s`;

    function makeView() {
      const step = names.length > 1 ? Math.max(7, Math.min(30, 520 / (names.length - 1))) : 30;
      height = TOP + (names.length - 1) * step + BOTTOM;
      const { t0, t1 } = state, scale = (width - LEFT - RIGHT) / (t1 - t0);
      view = { t0, t1, width, height, left: LEFT, right: width - RIGHT, top: TOP - 8,
        bottom: height - BOTTOM + 8, step, every: step < 12 ? Math.ceil(12 / step) : 1,
        x: (t) => LEFT + (t - t0) * scale, y: (lane) => TOP + lane * step,
        t: (px) => t0 + (px - LEFT) / scale, names, lanes, ranks, node: state.node,
        marked: state.marked, chosen: state.chosen,
        passes: index.filter({ lanes, types: state.types, node: state.node }) };
      return view;
    }

    function draw() {
      wanted = false;
      if (!width) return;
      makeView();
      const started = performance.now();
      const g = resize(canvas, width, height);
      const drawn = shared.drawDiagram(g, data, index, view);
      drawStrip();
      Object.assign(canvas.dataset, { t0: state.t0, t1: state.t1, arrows: drawn.arrows,
        cells: drawn.cells, strokes: drawn.strokes, chosen: state.chosen,
        ms: (performance.now() - started).toFixed(2) });
      const n = drawn.arrows || index.count(state.t0, state.t1, view.passes, Infinity);
      const struck = data.faults.filter((f) => f.from * 1e6 < state.t1 && f.to * 1e6 > state.t0);
      status.textContent = `${shared.count(n, "message")} from ${at(state.t0)} to ${at(state.t1)}`
        + (drawn.cells ? ": too many for arrows, so this is how busy each node is. Zoom in." : ".")
        + (struck.length ? ` Shaded: ${struck.slice(0, 3).map((f) => `${f.kind}, ${f.what}`)
          .join("; ")}${struck.length > 3 ? `; and ${struck.length - 3} more` : ""}.` : "");
      for (const [field, t] of [[fromField, state.t0], [toField, state.t1]]) {
        if (document.activeElement !== field) field.value = (t / 1e6).toFixed(3);
      }
    }
    // Many events ask for one drawing.
    function ask() {
      if (!wanted) requestAnimationFrame(draw);
      wanted = true;
    }

    function show(t0, t1) {
      const span = Math.min(end - begin, Math.max(LEAST, t1 - t0));
      state.t0 = Math.min(end - span, Math.max(begin, t0));
      state.t1 = state.t0 + span;
      ask();
    }
    const pan = (part) => {
      const by = (state.t1 - state.t0) * part;
      show(state.t0 + by, state.t1 + by);
    };
    function zoom(factor, around = (state.t0 + state.t1) / 2) {
      const span = Math.min(end - begin, Math.max(LEAST, (state.t1 - state.t0) * factor));
      const part = (around - state.t0) / (state.t1 - state.t0);
      show(around - span * part, around + span * (1 - part));
    }

    /* --- the strip: the whole run, and where the window is ------------------------------------ */

    const SLICES = 400;
    let heights = null; // messages in each slice of the run, of those that pass the filter
    function drawStrip() {
      const g = resize(strip, width, STRIP), w = width - LEFT - RIGHT;
      if (!heights) {
        heights = new Uint32Array(SLICES);
        index.each(begin, end, view.passes, (i) => {
          heights[Math.min(SLICES - 1, Math.floor((m.sent[i] - begin) / (end - begin) * SLICES))]++;
        });
      }
      const px = (t) => LEFT + (t - begin) / (end - begin) * w;
      g.clearRect(0, 0, width, STRIP);
      g.fillStyle = shared.color("fault");
      g.globalAlpha = 0.25;
      for (const f of data.faults) {
        g.fillRect(px(f.from * 1e6), 4, Math.max(1, px(f.to * 1e6) - px(f.from * 1e6)), STRIP - 8);
      }
      g.globalAlpha = 1;
      g.fillStyle = shared.color("third");
      const most = heights.reduce((a, b) => Math.max(a, b), 1);
      g.beginPath();
      heights.forEach((n, i) => {
        const high = n / most * (STRIP - 12);
        g.rect(LEFT + i / SLICES * w, STRIP - 4 - high, w / SLICES, high);
      });
      g.fill();
      const a = px(state.t0), b = Math.max(px(state.t1), a + 3);
      g.fillStyle = shared.color("accent");
      g.globalAlpha = 0.2;
      g.fillRect(a, 2, b - a, STRIP - 4);
      g.globalAlpha = 1;
      g.strokeStyle = shared.color("accent");
      g.lineWidth = 1.5;
      g.strokeRect(a, 2, b - a, STRIP - 4);
    }
    strip.addEventListener("pointerdown", (e) => {
      strip.setPointerCapture(e.pointerId);
      const box = strip.getBoundingClientRect(), span = state.t1 - state.t0;
      const time = (event) => begin + (event.clientX - box.left - LEFT)
        / (box.width - LEFT - RIGHT) * (end - begin);
      const grab = time(e) >= state.t0 && time(e) <= state.t1 ? time(e) - state.t0 : span / 2;
      const move = (event) => show(time(event) - grab, time(event) - grab + span);
      move(e);
      strip.onpointermove = move;
      strip.onpointerup = () => { strip.onpointermove = null; };
    });

    /* --- pointer and keys --------------------------------------------------------------------- */

    // The message whose arrow is nearest to a point, if it is near.
    function nearest(px, py) {
      let best = -1, least = NEAR * NEAR;
      const reach = (state.t1 - state.t0) / width * NEAR;
      index.each(view.t(px) - reach, view.t(px) + reach, view.passes, (i) => {
        const { ax, ay, bx, by } = shared.arrowOf(m, index, view, i);
        const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy || 1;
        const k = Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length));
        const ex = ax + k * dx - px, ey = ay + k * dy - py, d = ex * ex + ey * ey;
        if (d < least) { least = d; best = i; }
      });
      return best;
    }

    function lines(i) {
      const [from, to] = [data.nodes[m.from[i]], data.nodes[m.to[i]]];
      const took = milliseconds((m.received[i] - m.sent[i]) / 1000);
      const fate = m.received[i] >= 0 ? `received ${at(m.received[i], 6)}, after ${took} ms`
        : shared.isOpen(m, i) ? "under way when the run ended" : "never arrived";
      return [`${data.types[m.type[i]]}: ${from} to ${to}`, `sent ${at(m.sent[i], 6)}, ${fate}`
        + (twice.has(i) ? ", and once more" : ""), m.heads[i]].filter(Boolean);
    }
    const twice = new Set(shared.sums(m.twice));

    function choose(i, px, py) {
      if (i === state.chosen && px === undefined) return;
      state.chosen = i;
      if (i < 0) tip.hide();
      else tip.show(px, py, lines(i).map((text, k) => h("div", { class: k ? "muted" : "" }, text)));
      ask();
    }

    const pointers = new Map();
    let pinch = null;
    const place = (e) => {
      const box = canvas.getBoundingClientRect();
      return { x: e.clientX - box.left, y: e.clientY - box.top };
    };
    canvas.addEventListener("pointerdown", (e) => {
      canvas.setPointerCapture(e.pointerId);
      pointers.set(e.pointerId, place(e));
      pinch = null;
      const p = place(e);
      if (p.x < LEFT) isolate(Math.round((p.y - TOP) / view.step));
    });
    canvas.addEventListener("pointermove", (e) => {
      const p = place(e), old = pointers.get(e.pointerId);
      if (!old) {
        const isOn = p.x >= LEFT && !Number(canvas.dataset.cells);
        choose(isOn ? nearest(p.x, p.y) : -1, e.clientX, e.clientY);
        canvas.style.cursor = p.x < LEFT ? "pointer" : state.chosen >= 0 ? "default" : "grab";
        return;
      }
      pointers.set(e.pointerId, p);
      if (pointers.size === 1) {
        const by = (old.x - p.x) / (width - LEFT - RIGHT) * (state.t1 - state.t0);
        if (by) show(state.t0 + by, state.t1 + by);
        return;
      }
      const [a, b] = [...pointers.values()];
      const apart = Math.max(8, Math.abs(a.x - b.x));
      if (pinch) zoom(pinch / apart, view.t((a.x + b.x) / 2));
      pinch = apart;
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (e) => { pointers.delete(e.pointerId); pinch = null; });
    }
    canvas.addEventListener("pointerleave", () => choose(-1));
    // The wheel scrolls the page unless the diagram has the focus, or Ctrl is held (as in a pinch
    // on a touchpad).
    canvas.addEventListener("wheel", (e) => {
      const isOurs = e.ctrlKey || e.metaKey || document.activeElement === canvas;
      if (!isOurs) return;
      e.preventDefault();
      if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) pan(e.deltaX / width);
      else zoom(Math.exp(Math.max(-60, Math.min(60, e.deltaY)) * (e.ctrlKey ? 0.01 : 0.003)),
        view.t(place(e).x));
    }, { passive: false });

    // The next message that passes, from the one chosen or the left end of the window.
    function step(direction) {
      const { passes } = view;
      let i = state.chosen >= 0 ? state.chosen + direction
        : shared.lowerBound(m.sent, state.t0) - (direction < 0 ? 1 : 0);
      while (i >= 0 && i < m.count && !passes(i)) i += direction;
      if (i < 0 || i >= m.count) return shared.say("no more messages");
      if (m.sent[i] < state.t0 || m.sent[i] > state.t1) {
        const span = state.t1 - state.t0;
        show(m.sent[i] - span * (direction > 0 ? 0.1 : 0.9), m.sent[i] + span * (direction > 0
          ? 0.9 : 0.1));
      }
      draw();
      const box = canvas.getBoundingClientRect();
      choose(i, box.left + view.x(m.sent[i]), box.top + view.y(lanes[m.from[i]]));
      shared.say(lines(i).join(", "));
    }
    const KEYS = { "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7),
      ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), PageUp: () => pan(-1),
      PageDown: () => pan(1), Home: () => show(begin, end), n: () => step(1), p: () => step(-1),
      Escape: () => choose(-1) };
    canvas.addEventListener("keydown", (e) => {
      if (!KEYS[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      KEYS[e.key]();
    });
    canvas.addEventListener("blur", () => choose(-1));

    /* --- filters ------------------------------------------------------------------------------ */

    function refilter() {
      heights = null;
      state.chosen = -1;
      tip.hide();
      ask();
    }
    const typeButtons = order.map((type) => h("button", { type: "button", class: "type",
      "data-type": data.types[type], onclick: (e) => pick(type, e.shiftKey) },
    h("canvas", { width: 26, height: 10, "aria-hidden": "true" }), data.types[type], " ",
    h("span", { class: "muted" }, whole(all[type]))));
    // A click isolates a type, or brings all back; with shift it adds or takes away one.
    function pick(type, isMore) {
      const { types } = state;
      if (isMore) types.has(type) ? types.delete(type) : types.add(type);
      else if (types.size === 1 && types.has(type)) order.forEach((t) => types.add(t));
      else { types.clear(); types.add(type); }
      pressTypes();
      refilter();
    }
    const sees = (type) => state.types.has(type) && (state.clients || between[type] > 0);
    function pressTypes() {
      typeButtons.forEach((b, i) => {
        b.hidden = !state.clients && !between[order[i]];
        b.setAttribute("aria-pressed", String(sees(order[i])));
      });
    }
    function paintTypes() {
      typeButtons.forEach((b, rank) => {
        const g = b.firstChild.getContext("2d");
        g.clearRect(0, 0, 26, 10);
        g.strokeStyle = shared.typeColor(rank);
        g.lineWidth = 2.5;
        g.setLineDash(shared.typeDash(rank));
        g.beginPath();
        g.moveTo(0, 5);
        g.lineTo(26, 5);
        g.stroke();
      });
    }
    const nodeChoice = h("select", { "aria-label": "Messages of node", onchange: () =>
      isolate(Number(nodeChoice.value), true) });
    function listNodes() {
      nodeChoice.replaceChildren(h("option", { value: -1 }, "all nodes"),
        ...names.map((name, lane) => h("option", { value: lane }, name)));
      nodeChoice.value = state.node;
    }
    function isolate(lane, isExact) {
      if (lane >= names.length) return;
      state.node = !isExact && lane === state.node ? -1 : lane;
      nodeChoice.value = state.node;
      refilter();
    }
    const clientsBox = h("input", { type: "checkbox",
      onchange: () => setClients(clientsBox.checked) });
    function setClients(isShown) {
      state.clients = clientsBox.checked = isShown;
      if (!isShown && state.node >= fixed.length) state.node = -1;
      makeLanes();
      listNodes();
      pressTypes();
      refilter();
    }
    const timeField = (label, apply) => h("input", { type: "number", step: "any", class: "moment",
      "aria-label": label, onchange: (e) => {
        const us = Number(e.target.value) * 1e6;
        if (e.target.value !== "" && Number.isFinite(us)) apply(us);
      } });
    const fromField = timeField("From, in seconds",
      (us) => show(us, Math.max(us + LEAST, state.t1)));
    const toField = timeField("To, in seconds", (us) => show(Math.min(state.t0, us - LEAST), us));

    const markLabel = h("span", { class: "marked", hidden: true });
    function mark(places, label) {
      state.marked = places;
      markLabel.hidden = !places;
      markLabel.replaceChildren(label || "", " ", h("button", { type: "button",
        onclick: () => mark(null) }, "all messages"));
      refilter();
    }
    // For other panels: shows a window, with some messages brought out.
    shared.showMessages = (t0, t1, places, label) => {
      mark(places, label);
      show(t0, t1);
      root.closest("section").scrollIntoView({ block: "start" });
      canvas.focus({ preventScroll: true });
    };

    function save() {
      const copy = h("canvas", { width: canvas.width, height: canvas.height });
      const g = copy.getContext("2d");
      g.fillStyle = shared.color("bg");
      g.fillRect(0, 0, copy.width, copy.height);
      g.drawImage(canvas, 0, 0);
      h("a", { href: copy.toDataURL("image/png"), download: "messages.png" }).click();
    }

    /* --- the same in words -------------------------------------------------------------------- */

    function tables() {
      const pairs = new Map();
      for (let i = 0; i < m.count; i++) {
        if (roles[m.from[i]] === "client" || roles[m.to[i]] === "client") continue;
        const key = m.from[i] * 65536 + m.to[i];
        pairs.set(key, (pairs.get(key) || 0) + 1);
      }
      const PAIRS = 50;
      const busiest = [...pairs].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      return h("details", {}, h("summary", {}, "Messages by type and by pair of nodes"),
        shared.table(["Type", "Messages", "Between nodes", "Never arrived"], order.map((type) =>
          [data.types[type], whole(all[type]), whole(between[type]), whole(lostOf[type])]),
        "Messages by type"),
        busiest.length > 0 && h("h3", {}, busiest.length > PAIRS
          ? `The ${PAIRS} busiest of ${whole(busiest.length)} pairs` : "Pairs of nodes"),
        busiest.length > 0 && shared.table(["From", "To", "Messages"],
          busiest.slice(0, PAIRS).map(([key, n]) => [data.nodes[Math.floor(key / 65536)],
            data.nodes[key % 65536], whole(n)]), "Messages by pair of nodes", [0, 1]));
    }

    // The window of about FIRST messages, from the time when the load began.
    function firstWindow() {
      const { passes } = makeView();
      let i = shared.lowerBound(m.sent, 0), n = 0;
      const t0 = i < m.count ? m.sent[i] : 0;
      while (i < m.count && n < FIRST) if (passes(i++)) n++;
      show(t0, i < m.count ? m.sent[i] : end);
    }

    root.append(h("div", { class: "messages" },
      h("p", {}, `${whole(m.count)} messages`, lostCount
        ? `, of which ${whole(lostCount)} never arrived (×).` : "; all arrived."),
      h("div", { class: "controls types", role: "group", "aria-label": "Types" }, ...typeButtons),
      h("div", { class: "controls" }, nodeChoice,
        h("label", { class: "muted" }, clientsBox, " clients"), fromField,
        h("span", { class: "muted" }, "to"), toField, h("span", { class: "muted" }, "s"),
        h("button", { type: "button", "aria-label": "Zoom in", onclick: () => zoom(0.5) }, "+"),
        h("button", { type: "button", "aria-label": "Zoom out", onclick: () => zoom(2) }, "−"),
        h("button", { type: "button", onclick: () => show(begin, end) }, "whole run"),
        h("button", { type: "button", onclick: save }, "PNG"), markLabel),
      h("figure", {}, strip, canvas), status,
      h("p", { class: "muted hint no-print" }, "Click a type or a node to see it alone; "
        + "shift-click types to add. Drag pans; the wheel zooms when the diagram has the focus. "
        + "Keys: + − ← → Home, n and p from message to message."),
      tables()));
    clientsBox.checked = state.clients;
    width = Math.max(320, canvas.clientWidth);
    listNodes();
    pressTypes();
    paintTypes();
    firstWindow();
    responsive(canvas.parentElement, (w) => { width = w; draw(); });
    shared.onTheme(() => { paintTypes(); ask(); });
    // Paper has colours of its own, and does not wait for a frame.
    matchMedia("print").addEventListener("change", draw);
  },
});
