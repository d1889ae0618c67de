// spread.js - the cluster drawn, with a value that spreads through it, played like a film. Where a
// workload has no values that come to every node, all messages between nodes are played.
//
// What is shown is a function of one moment, render(t); playing, scrubbing and stepping only choose
// it. Those who want less motion see messages as lines while they are under way, and playing goes
// from one event to the next.
hearsay.panel({
  name: "spread", title: "Between the nodes", order: 40,
  when: (data) => data.messages.route_from.some((from, r) => [from, data.messages.route_to[r]]
    .every((node) => hearsay.role(data, node) !== "client")),
  draw(root, data, shared) {
    const { h, s, whole, milliseconds, frame, shade, responsive } = shared;
    const m = data.messages, layout = shared.layout(data);
    const values = m.spread ? shared.spreads(data) : null;
    const typical = values ? values[values.length >> 1].took : 0;
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const SECONDS = 7; // that a story lasts at the speed that is chosen first
    const SPEEDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];
    const MOST_FLIGHTS = 400; // drawn at one moment
    let story, t, speed, isPlaying = false, last = 0, timer = 0;
    let render = () => {}, renderTime = () => {};

    const took = (us) => us < 1e6 ? `${milliseconds(us / 1000)} ms` : `${(us / 1e6).toFixed(2)} s`;
    const mark = (us) => us === 0 ? "0" : us < 1e6 ? `${+(us / 1000).toPrecision(3)} ms`
      : `${+(us / 1e6).toFixed(3)} s`;
    const name = (drawn) => data.nodes[layout.nodes[drawn]];
    const at = (us) => `${(us / 1e6).toFixed(3)} s`;

    /* --- what is said ------------------------------------------------------------------------ */

    const all = (list) => list.length < 2 ? list.join("")
      : `${list.slice(0, -1).join(", ")} and ${list[list.length - 1]}`;
    const shape = (of, hubs) => ({ star: hubs ? `over a star around ${all(hubs.map(name))}`
      : "a star", grid: "a grid", ring: "a ring", line: "a line", tree: "a tree",
    total: hubs ? "each with all others" : "that all are neighbours", mesh: "a mesh",
    apart: `with ${all(layout.nodes.slice(data.servers).map((i) => data.nodes[i]))} only`,
    dense: "nearly all with each other" }[of]);
    const over = (text) => text.startsWith("a ") ? `over ${text}` : text;
    const about = h("p", { class: "muted about" },
      layout.told ? `Nodes were told ${shape(layout.told)}, and talk ` : "Nodes talk ",
      `${over(shape(layout.shape, layout.hubs))}. `,
      m.spread ? "A node learned a value when the first message that carried it arrived, or when a "
        + "read shows it. " : "",
      m.spread && m.spread.fields.length ? [h("span", {}, "Values came in "),
        ...m.spread.fields.flatMap((f, i) => [i ? ", " : "", h("code", {}, f)]), "."] : "");

    function sentence() {
      if (!story.learned) {
        return `${whole(story.flights.length)} messages between nodes in ${at(story.end)}.`;
      }
      const known = story.learned.filter((l) => l.at < Infinity).map((l) => l.at - story.start)
        .sort((x, y) => x - y);
      const half = known[Math.ceil(data.servers / 2) - 1];
      const lost = story.flights.filter((f) => f.received < 0).length;
      if (!known.length) return `Value ${story.value} came to no node.`;
      const origin = story.origin < 0 ? "a node" : name(story.origin);
      return `Value ${story.value} was given to ${origin} at ${at(story.start)}. `
        + (half === undefined ? "" : `Half of the nodes knew it after ${took(half)}, `)
        + (story.everybody ? `all ${data.servers} after ${took(known[known.length - 1])}. `
          : `${data.servers - known.length} of ${data.servers} never learned it. `)
        + `${shared.count(story.flights.length, "message")} between nodes carried it`
        + (lost ? `, of which ${lost} never arrived.` : ".");
    }

    const summary = h("p", { class: "summary" });
    const tableBox = h("div", {});
    function tell() {
      summary.textContent = sentence();
      if (story.learned) {
        const rows = story.learned.map((l, node) => ({ l, node }))
          .sort((x, y) => x.l.at - y.l.at || x.node - y.node)
          .map(({ l, node }) => [name(node),
            l.at < Infinity ? at(l.at) : "never",
            l.at < Infinity ? took(l.at - story.start) : "",
            l.by < 0 ? "" : l.isRead ? "a read shows it" : l.from === null ? "a client"
              : data.nodes[l.from],
            l.by < 0 ? "" : data.types[m.type[l.by]]]);
        tableBox.replaceChildren(h("details", {}, h("summary", {}, "When each node learned it"),
          shared.table(["Node", "Learned at", "After", "From", "In"], rows,
            `When each node learned value ${story.value}`, [0, 3, 4])));
      } else {
        const rows = layout.edges.filter((e) => e.weight).sort((x, y) => y.weight - x.weight)
          .map((e) => [`${name(e.a)} and ${name(e.b)}`, whole(e.weight)]);
        const title = "Messages between each two nodes";
        tableBox.replaceChildren(h("details", {}, h("summary", {}, title),
          shared.table(["Nodes", "Messages"], rows, title)));
      }
    }

    /* --- the drawing ------------------------------------------------------------------------- */

    const clock = h("div", { class: "clock" }), counted = h("div", { class: "counted" });
    const now = h("div", { class: "now" });
    const stage = h("div", { class: "stage", tabindex: "0", role: "group",
      "aria-label": "Drawing of the cluster; space plays and pauses, the arrow keys step" });
    const plot = h("div", { class: "learned" });

    function scene(width) {
      const { isRound } = layout;
      const rows = isRound ? 5 : new Set(layout.places.map((p) => p.y)).size;
      const height = Math.round(Math.min(480, 90 * rows + 70, Math.max(300, width * 0.8)));
      const inner = { x: 56, y: 40, w: width - 112, h: height - 84 };
      const wide = Math.max(1, ...layout.places.map((p) => p.x));
      if (isRound) { // circles stay round
        const side = Math.min(inner.h, inner.w / wide);
        inner.x += (inner.w - side * wide) / 2;
        inner.w = inner.h = side;
      } else {
        inner.w /= wide;
      }
      const spots = layout.places.map((p) => ({ x: inner.x + p.x * inner.w,
        y: inner.y + p.y * inner.h }));
      let nearest = Infinity;
      for (let a = 0; a < spots.length; a++) {
        for (let b = 0; b < a; b++) {
          nearest = Math.min(nearest, Math.hypot(spots[a].x - spots[b].x, spots[a].y - spots[b].y));
        }
      }
      const radius = Math.max(3, Math.min(16, nearest * 0.36));
      // Where what is said of a node stands: below it, or on a circle outside.
      function beside(i) {
        const { x, y } = layout.places[i];
        const dx = x - 0.5, dy = y - 0.5, far = Math.hypot(dx, dy);
        if (!isRound || far < 0.3 || i >= data.servers) {
          return { y: radius + 14, "text-anchor": "middle" };
        }
        const out = radius + 6;
        return { x: dx / far * out, y: dy / far * (out + 4) + 4,
          "text-anchor": dx > 0.1 ? "start" : dx < -0.1 ? "end" : "middle" };
      }
      const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "cluster",
        "aria-hidden": true });
      const busiest = layout.edges.reduce((most, e) => Math.max(most, e.weight), 1);
      const share = (e) => Math.sqrt(e.weight / busiest);
      const faint = Math.min(1, Math.sqrt(80 / layout.edges.length)); // a thicket is no wall
      const lines = layout.edges.map((e) => {
        const p = spots[e.a], q = spots[e.b];
        const line = s("line", { class: e.weight ? "link" : "link unused", x1: p.x, y1: p.y,
          x2: q.x, y2: q.y, "stroke-width": ((0.6 + 2.4 * share(e)) * faint).toFixed(2),
          "stroke-opacity": ((0.25 + 0.75 * share(e)) * faint).toFixed(2) });
        svg.append(line);
        return { line, ...e };
      });
      const ways = s("g", {}), flying = s("g", {});
      svg.append(ways);
      const marks = spots.map((p, i) => {
        const isService = i >= data.servers;
        const size = layout.hubs.includes(i) ? Math.max(radius, 12) : radius;
        const disc = isService ? s("rect", { x: -radius, y: -radius, width: 2 * radius,
          height: 2 * radius, rx: 3, class: "disc" }) : s("circle", { r: size, class: "disc" });
        const halo = s("circle", { r: size + 5, class: "halo" });
        const isInside = size >= 9 && !isService;
        const text = (isInside || isService || nearest > 17) && s("text", isInside
          ? { class: "id", y: 4, "text-anchor": "middle" }
          : { class: "id outside", ...beside(i) }, name(i));
        const after = !isService && nearest > 44 && s("text", { class: "after", ...beside(i) });
        const group = s("g", { transform: `translate(${p.x} ${p.y})`, class: "node" },
          s("title", {}, name(i)), halo, disc, text, after);
        svg.append(group);
        return { group, halo, after };
      });
      // Most things stay as they are from frame to frame: those are left alone.
      const classes = new Map();
      function classify(element, names) {
        const text = names.filter(Boolean).join(" ");
        if (classes.get(element) === text) return;
        classes.set(element, text);
        element.setAttribute("class", text);
      }
      svg.append(flying);
      stage.replaceChildren(svg);

      const dots = [];
      function dot(k) { // a pool, so that frames make no elements
        while (dots.length <= k) {
          const way = s("line", { class: "way" }), mark = s("path", { class: "message" });
          ways.append(way);
          flying.append(mark);
          dots.push({ way, mark });
        }
        return dots[k];
      }
      let shownDots = 0;
      const pulse = () => (story.end - story.start) / 30;

      function renderFlights() {
        const linger = pulse();
        const list = shared.underWay(story, t, linger).slice(-MOST_FLIGHTS);
        let used = 0;
        for (const f of list) {
          const p = spots[f.a], q = spots[f.b], isLost = f.received < 0;
          const isOver = t >= f.until;
          if (isOver && !isLost) continue;
          const full = Math.min(1, (t - f.sent) / Math.max(1, f.until - f.sent));
          const part = isLost ? Math.min(0.5, full) : full;
          const { way, mark } = dot(used++);
          const x = p.x + (q.x - p.x) * part, y = p.y + (q.y - p.y) * part;
          const kind = isLost && full >= 0.5 ? "lost"
            : story.learned && !f.isNews ? "known" : "news";
          const size = kind === "news" ? 4.5 : 3;
          mark.setAttribute("class", `message ${kind}`);
          mark.setAttribute("visibility", calm.matches && kind !== "lost" ? "hidden" : "visible");
          mark.setAttribute("d", kind === "lost" ? "M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5"
            : `M${-size} 0a${size} ${size} 0 1 0 ${2 * size} 0`
              + `a${size} ${size} 0 1 0 ${-2 * size} 0`);
          mark.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
          const end = calm.matches ? { x: isLost ? (p.x + q.x) / 2 : q.x,
            y: isLost ? (p.y + q.y) / 2 : q.y } : { x, y };
          way.setAttribute("class", `way ${kind}`);
          way.setAttribute("visibility", "visible");
          for (const [k, v] of [["x1", p.x], ["y1", p.y], ["x2", end.x], ["y2", end.y]]) {
            way.setAttribute(k, v.toFixed(1));
          }
        }
        for (let k = used; k < shownDots; k++) {
          dots[k].mark.setAttribute("visibility", "hidden");
          dots[k].way.setAttribute("visibility", "hidden");
        }
        shownDots = used;
        stage.dataset.flights = used;
      }

      return () => {
        const struck = shared.struck(data, t);
        const taught = new Set(); // lines over which a node learned it
        let known = 0;
        marks.forEach((mark, i) => {
          const l = story.learned && story.learned[i];
          const knows = Boolean(l && l.at <= t), silent = struck.silent.get(i);
          known += knows ? 1 : 0;
          if (knows && l.from !== null) taught.add(i * spots.length + layout.at[l.from]);
          classify(mark.group, ["node", knows && "knows", i === story.origin && "origin",
            silent && "silent", struck.side[i] > 0 && "apart", i >= data.servers && "service"]);
          const age = l ? (t - l.at) / pulse() : 1;
          mark.halo.setAttribute("opacity", knows && age < 1 && !calm.matches ? 1 - age : 0);
          if (mark.after) {
            mark.after.textContent = silent ? silent === "kill" ? "down" : "paused"
              : knows && i !== story.origin ? `+${took(l.at - story.start)}`
                : l && l.at === Infinity && t >= story.end ? "never" : "";
          }
        });
        for (const { line, a, b, weight } of lines) {
          const cut = a < data.servers && b < data.servers && struck.isCut(a, b);
          classify(line, ["link", !weight && "unused", cut && "cut",
            (taught.has(a * spots.length + b) || taught.has(b * spots.length + a)) && "taught"]);
        }
        renderFlights();
        clock.textContent = story.learned ? `+ ${took(t - story.start)}` : at(t);
        counted.textContent = story.learned ? `${known} of ${data.servers} nodes know it`
          : shared.count(Number(stage.dataset.flights), "message") + " under way";
        now.replaceChildren(...struck.faults.map((f) => h("div", {}, `${f.kind}: ${f.what}`)));
        stage.dataset.known = known;
        stage.dataset.time = t;
      };
    }

    /* --- the line of time -------------------------------------------------------------------- */

    const slider = h("input", { type: "range", class: "scrub", "aria-label": "Moment", min: 0,
      max: 1000, step: "any", oninput: () => {
        pause();
        seek(story.start + slider.value / 1000 * (story.end - story.start));
      } });

    function timeline(width) {
      const span = story.end - story.start;
      const box = { width, height: 108, margin: [22, 8, 24, 8] };
      const unit = shared.linear([0, span], [0, 1]).ticks(Math.max(2, width / 110));
      const x = { domain: [story.start, story.end], values: unit.map((v) => story.start + v),
        format: (v) => story.learned ? `+ ${mark(v - story.start)}` : mark(v) };
      let f, d = "";
      if (story.learned) {
        const times = story.learned.map((l) => l.at).filter((v) => v < Infinity)
          .sort((p, q) => p - q);
        f = frame({ ...box, x,
          y: { domain: [0, data.servers], values: [0, data.servers], format: () => "" },
          label: "Nodes that know the value, over time" });
        times.forEach((v, i) => {
          d += `${i ? "H" : "M"}${f.x(v).toFixed(1)}${i ? "" : ` ${f.y(0)}`}`
            + `V${f.y(i + 1).toFixed(1)}`;
        });
        if (times.length) d += `H${f.right}`;
      } else {
        const buckets = 160, counts = new Array(buckets).fill(0);
        for (const v of story.sent) {
          counts[Math.min(buckets - 1, Math.floor((v - story.start) / span * buckets))]++;
        }
        f = frame({ ...box, x,
          y: { domain: [0, Math.max(1, ...counts)], values: [0], format: () => "" },
          label: "Messages sent, over time" });
        counts.forEach((c, i) => {
          const px = f.x(story.start + i / buckets * span).toFixed(1);
          d += `${i ? "H" : "M"}${px}${i ? "" : ` ${f.y(c).toFixed(1)}`}V${f.y(c).toFixed(1)}`;
        });
        d += `H${f.right}`;
      }
      if (d) {
        f.area.append(s("path", { class: "learned-area", d: `${d}V${f.y(0)}H${f.left}Z` }),
          s("path", { class: "curve", d }));
      }
      f.back.append(s("text", { x: f.left, y: f.top - 8, class: "label" },
        story.learned ? "nodes that know it" : "messages sent"));
      shade(f, data.faults);
      const head = s("line", { class: "head", y1: f.top - 4, y2: f.bottom });
      f.front.append(head);
      plot.replaceChildren(f.svg, slider);
      const drag = (e) => {
        const box = f.svg.getBoundingClientRect();
        pause();
        seek(f.x.invert((e.clientX - box.left) * width / box.width));
      };
      f.svg.addEventListener("pointerdown", (e) => {
        f.svg.setPointerCapture(e.pointerId);
        drag(e);
      });
      f.svg.addEventListener("pointermove", (e) => { if (e.buttons & 1) drag(e); });
      return () => {
        head.setAttribute("x1", f.x(t));
        head.setAttribute("x2", f.x(t));
        slider.value = (t - story.start) / span * 1000;
        slider.setAttribute("aria-valuetext", `${clock.textContent}, ${counted.textContent}`);
      };
    }

    /* --- playing ----------------------------------------------------------------------------- */

    function seek(moment) {
      t = Math.min(story.end, Math.max(story.start, moment));
      render();
      renderTime();
    }
    function pause() {
      isPlaying = false;
      cancelAnimationFrame(timer);
      clearTimeout(timer);
      playButton.textContent = "Play";
      stage.dataset.playing = "false";
    }
    function tick(time) {
      if (!isPlaying) return;
      seek(t + Math.min(100, time - last) * 1000 * speed);
      last = time;
      if (t >= story.end) pause();
      else timer = requestAnimationFrame(tick);
    }
    function hop() { // from event to event, for those who want less motion
      if (!isPlaying) return;
      step(1);
      if (t >= story.end) pause();
      else timer = setTimeout(hop, Math.max(250, SECONDS * 1000 / story.steps.length));
    }
    function play() {
      if (t >= story.end) seek(story.start);
      isPlaying = true;
      playButton.textContent = "Pause";
      stage.dataset.playing = "true";
      last = performance.now();
      if (calm.matches) hop();
      else timer = requestAnimationFrame(tick);
    }
    const toggle = () => isPlaying ? pause() : play();
    function step(direction) {
      const k = shared.lowerBound(story.steps, t + (direction > 0 ? 1e-6 : 0));
      seek(story.steps[Math.max(0, Math.min(story.steps.length - 1, direction > 0 ? k : k - 1))]);
    }
    function stepByHand(direction) {
      pause();
      step(direction);
      shared.say(`${clock.textContent}, ${counted.textContent}`);
    }

    /* --- choosing ---------------------------------------------------------------------------- */

    const stepButton = (direction, label, sign) => h("button", { type: "button",
      "aria-label": label, onclick: () => stepByHand(direction) }, sign);
    const playButton = h("button", { type: "button", class: "play", onclick: toggle }, "Play");
    const speeds = h("select", { "aria-label": "Speed", onchange: () => {
      speed = Number(speeds.value);
    } }, SPEEDS.map((v) => h("option", { value: v }, v === 1 ? "real time"
      : v < 1 ? `${whole(1 / v)} × slower` : `${v} × faster`)));
    const number = values && h("input", { type: "number", "aria-label": "Value", class: "value",
      onchange: () => {
        const place = m.spread.values.indexOf(Number(number.value));
        if (place >= 0) choose(place);
        else number.value = story.value;
      } });
    const QUICK = values && [[values[0].missing ? "Worst" : "Slowest", 0],
      ["Typical", (values.length - 1) >> 1], ["Quickest", values.length - 1]];
    const quick = values && QUICK.map(([label, rank]) => h("button", { type: "button",
      "data-k": values[rank].k, onclick: () => choose(values[rank].k) }, label));

    function choose(k) {
      pause();
      story = values ? shared.storyOfValue(data, layout, k, typical)
        : shared.storyOfAll(data, layout);
      t = story.start;
      if (values) {
        number.value = story.value;
        quick.forEach((b) => b.setAttribute("aria-pressed", String(Number(b.dataset.k) === k)));
        stage.dataset.value = story.value;
      }
      const wanted = values ? (story.end - story.start) / 1e6 / SECONDS : 0.5;
      speed = SPEEDS.find((v) => v >= wanted * 0.75) || SPEEDS[SPEEDS.length - 1];
      speeds.value = speed;
      tell();
      if (width.stage) render = scene(width.stage);
      if (width.plot) renderTime = timeline(width.plot);
      render();
      renderTime();
    }

    const KEYS = { " ": toggle, ArrowRight: () => stepByHand(1), ArrowLeft: () => stepByHand(-1),
      Home: () => { pause(); seek(story.start); }, End: () => { pause(); seek(story.end); } };
    stage.addEventListener("keydown", (e) => {
      if (!KEYS[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      KEYS[e.key]();
    });

    const listed = m.spread && m.spread.values.length < m.spread.total
      && `${whole(m.spread.values.length)} of ${whole(m.spread.total)} values`;
    // The same messages in the space-time diagram, where the page has one.
    function toDiagram() {
      const margin = (story.end - story.start) * 0.05;
      shared.showMessages(story.start - margin, story.end + margin,
        new Set(story.flights.map((f) => f.i)), `value ${story.value}`);
    }

    root.append(h("div", { class: "spread" },
      values && h("div", { class: "controls choose" }, h("span", { class: "muted" }, "Value"),
        number, ...quick, listed && h("span", { class: "muted" }, listed)),
      summary,
      h("figure", { class: `film ${layout.isRound ? "round" : ""}` },
        h("div", { class: "side" }, clock, counted, now), stage, plot),
      h("div", { class: "controls transport" }, playButton,
        stepButton(-1, "Step back", "◂"), stepButton(1, "Step", "▸"),
        speeds, values && h("button", { type: "button", onclick: toDiagram }, "In the diagram"),
        h("span", { class: "muted keys" }, "space plays, ← → step")),
      about, tableBox));

    const width = {};
    choose(values ? values[0].k : 0);
    // Before it is played, and in print, one sees the whole way, or where there is none the middle.
    seek(values ? story.end : story.sent[story.sent.length >> 1]);
    responsive(stage, (w) => {
      width.stage = w;
      render = scene(w);
      render();
    });
    responsive(plot, (w) => {
      width.plot = w;
      renderTime = timeline(w);
      renderTime();
    });
  },
});
