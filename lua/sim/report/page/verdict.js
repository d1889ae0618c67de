// verdict.js - the head of the page: what ran, the verdict, and the figures that nodes are
// compared by, each on a line with the challenge's limits and what others have published.
hearsay.panel({
  name: "verdict", title: "Verdict", order: 0, bare: true,
  draw(root, data, { h, s, whole, ratio, milliseconds, linear, roundUp, responsive, tip, themeButton }) {
    const { run, verdict } = data;
    const kind = { true: "good", false: "bad", unknown: "unknown" }[verdict.valid];
    const sign = { good: "✔", bad: "✘", unknown: "?" }[kind];
    root.append(
      h("div", { class: "top" },
        h("p", {}, h("b", {}, run.workload), "  ", h("code", {}, run.script)),
        h("div", { class: "controls no-print" }, themeButton())),
      h("div", { class: `verdict ${kind}` },
        h("h1", {}, h("span", { "aria-hidden": "true" }, `${sign} `),
          verdict.word[0] + verdict.word.slice(1).toLowerCase()),
        h("p", {}, verdict.text)),
      h("ul", { class: "facts" }, run.facts.map((fact) => h("li", {}, fact)),
        h("li", {}, `seed ${run.seed}`)));

    const titles = {
      servers: ["Messages per operation", "between nodes", ratio, ""],
      median: ["Median", data.unit, milliseconds, " ms"],
      most: ["Longest", data.unit, milliseconds, " ms"],
    };

    // One figure: a line from 0 on, a full dot for this run, open ones for others' runs, and a
    // mark for each limit. What the strictest limit allows is shaded.
    function measure({ name, value, limits, published }) {
      const [title, of, format, unit] = titles[name];
      const isOver = (limit) => value >= limit.value;
      const rule = limits.map((l) => `${l.name} allows ${whole(l.value)}`).join(", ");
      const box = h("div", { class: "measure" },
        h("p", {}, h("b", {}, title), " ", h("span", { class: "muted" }, of)),
        h("p", { class: "value" }, format(value), h("small", {}, unit)));
      if (!limits.length && !published.length) return box;
      const others = published.map((p) => p.value);
      const best = others.length ? Math.min(...others) : null;
      const line = h("div", {});
      box.append(line);
      responsive(line, (width) => {
        const end = roundUp(1.04 * Math.max(value, ...others, ...limits.map((l) => l.value)));
        const x = linear([0, end], [7, width - 7]);
        const words = `${title} ${of}: ${format(value)}${unit}.`
          + (rule ? ` ${rule}.` : "")
          + (best !== null ? ` Best published ${format(best)}, of ${others.length}.` : "");
        const svg = s("svg", { viewBox: `0 0 ${width} 44`, role: "img", "aria-label": words });
        if (limits.length) {
          const most = Math.max(...limits.map((l) => l.value));
          svg.append(s("rect", { class: "allowed", x: x(0), width: x(most) - x(0), y: 16, height: 8,
            rx: 4 }));
        }
        svg.append(s("line", { class: "axis", x1: x(0), x2: x(end), y1: 20.5, y2: 20.5 }));
        published.forEach((p) => {
          const dot = s("circle", { class: "other", cx: x(p.value), cy: 20, r: 4 });
          const show = (e) => tip.show(e.clientX, e.clientY,
            `${p.name}: ${format(p.value)}${unit}`);
          dot.addEventListener("pointermove", show);
          dot.addEventListener("pointerleave", tip.hide);
          svg.append(dot);
        });
        const marks = [...limits].sort((a, b) => a.value - b.value);
        let free = 0; // where there is room for the next label
        for (const l of marks) {
          const text = `${l.name} < ${whole(l.value)}`, long = text.length * 6.3;
          const at = Math.min(width - long, Math.max(free, x(l.value) - long / 2));
          free = at + long + 8;
          svg.append(s("line", { class: "mark", x1: x(l.value), x2: x(l.value), y1: 11, y2: 29 }),
            s("text", { x: at, y: 41 }, text));
        }
        const over = limits.length && limits.every(isOver) && run.is_calm;
        svg.append(s("circle", { class: over ? "this over" : "this", cx: x(Math.min(value, end)),
          cy: 20, r: 7 }));
        line.replaceChildren(svg);
      });
      return box;
    }
    const hasLimits = data.figures.some((f) => f.limits.length);
    const hasOthers = data.figures.some((f) => f.published.length);
    root.append(h("div", { class: hasLimits || hasOthers ? "measures" : "measures plain" },
      data.figures.map(measure)));
    if (hasLimits || hasOthers) {
      const meets = (name) => data.figures.every((f) =>
        f.limits.every((l) => l.name !== name || f.value < l.value));
      const names = data.figures[0].limits.map((l) => l.name);
      const within = names.filter(meets);
      root.append(h("p", { class: "legend muted" },
        h("span", { class: "dot this" }), "this run",
        hasOthers && [h("span", { class: "dot other" }), "published solutions"],
        hasLimits && [h("span", { class: "dot allowed" }),
          !run.is_calm ? "allowed while calm; this run had faults"
            : within.length ? `within the limits of ${within.join(" and ")}`
            : `beyond the limits of ${names.join(" and ")}`]));
    }
  },
});
