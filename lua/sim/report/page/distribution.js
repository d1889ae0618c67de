// distribution.js - how latencies are spread: a histogram, with the quantiles and limits marked,
// and the figures of each kind of operation.
hearsay.panel({
  name: "distribution", title: "Latency", order: 30,
  when: (data) => data.latencies.length > 0,
  draw(root, data, { h, s, frame, bars, roundUp, responsive, milliseconds, whole, table, count }) {
    const { operations: ops, waits } = data;
    const sets = waits && waits.latency.length
      ? [{ name: waits.name, list: [...waits.latency] }] : [];
    ops.functions.forEach((name, f) => {
      const list = [];
      for (let i = 0; i < ops.count; i++) {
        if (ops.f[i] === f && ops.outcome[i] === 0) {
          list.push((ops.completed[i] - ops.invoked[i]) / 1000);
        }
      }
      if (list.length) sets.push({ name: `${name} answered`, list });
    });
    sets.forEach((set) => set.list.sort((a, b) => a - b));
    let chosen = sets[0];
    const box = h("div", {});
    const quantile = (list, q) => list[Math.min(list.length - 1, Math.floor(list.length * q))];

    function draw(width) {
      const { list, name } = chosen, most = list[list.length - 1];
      const unit = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4]
        .find((n) => most / n <= Math.min(60, width / 9)) || most / 50;
      const counts = new Array(Math.floor(most / unit) + 1).fill(0);
      list.forEach((ms) => counts[Math.floor(ms / unit)]++);
      const end = Math.max(1, counts.length) * unit;
      const q = { median: quantile(list, 0.5), "99 %": quantile(list, 0.99) };
      const f = frame({ width, height: 190, margin: [26, 8, 24, 52],
        x: { domain: [0, end], format: (v) => `${whole(v)}` },
        y: { domain: [0, roundUp(Math.max(...counts) * 1.03)], ticks: 4, format: whole },
        label: `${name}: ${count(list.length, "value")}, median ${milliseconds(q.median)} ms, `
          + `99 percent within ${milliseconds(q["99 %"])} ms, most ${milliseconds(most)} ms.` });
      f.area.append(bars(f, counts.map(() => 0), counts, unit));
      let free = width - 2; // from the right: up to where there is room for a label
      for (const [label, ms] of Object.entries(q).reverse()) {
        const px = Math.round(f.x(ms)) + 0.5;
        const text = `${label} ${milliseconds(ms)} ms`, long = text.length * 7.4;
        const left = Math.max(0, Math.min(px - long / 2, free - long));
        f.front.append(
          s("line", { class: "limit", x1: px, x2: px, y1: f.top - 6, y2: f.bottom }),
          s("text", { class: "strong", x: left + long / 2, y: f.top - 11, "text-anchor": "middle" },
            text));
        free = left - 8;
      }
      box.replaceChildren(h("figure", {}, h("figcaption", {},
        `How many took how long, in milliseconds`), f.svg));
    }
    let width = 0;
    if (sets.length) {
      if (sets.length > 1) {
        root.append(h("div", { class: "controls", role: "group", "aria-label": "Which latency" },
          sets.map((set) => {
            const button = h("button", { type: "button", "aria-pressed": String(set === chosen),
              onclick: () => {
                chosen = set;
                for (const other of button.parentNode.children) {
                  other.setAttribute("aria-pressed", String(other === button));
                }
                draw(width);
              } }, set.name);
            return button;
          })));
      }
      root.append(box);
      responsive(box, (w) => { width = w; draw(w); });
    }
    const ms = (v) => v === undefined ? "" : milliseconds(v);
    root.append(table(["milliseconds", "least", "median", "95 %", "99 %", "most", "mean"],
      data.latencies.map((r) => [r.name, ms(r.least), ms(r.median), ms(r.p95), ms(r.p99), ms(r.most),
        ms(r.mean)]), "Latencies in milliseconds"));
  },
});
