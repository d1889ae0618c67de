// frontier.js - many runs at once: what each costs against how long one waits, with the frontier,
// the runs of which no other is better in both; beside it a table of the same.
hearsay.panel({
  name: "frontier", title: "Messages against latency", order: 10, bare: true,
  draw(root, data, { h, s, frame, responsive, ratio, milliseconds, tip, say, themeButton }) {
    const hasVariants = data.groups.some((g) => g.points.some((p) => p.kind === "variant"));
    const hasOthers = data.groups.some((g) => g.points.some((p) => p.kind === "published"));
    root.parentNode.parentNode.classList.add("wide");
    root.append(
      h("div", { class: "top" }, h("h1", {}, data.title),
        h("div", { class: "controls no-print" }, themeButton())),
      h("p", { class: "legend muted" },
        h("span", { class: "dot this" }), hasVariants ? "the project's own" : "run here",
        hasVariants && [h("span", { class: "dot variant" }), "another way, run here"],
        hasOthers && [h("span", { class: "dot other" }), "published by others"],
        h("span", { class: "dash" }), "frontier: none is better in both"));
    const AXES = { median: "median", most: "longest" };

    data.groups.forEach((group, number) => {
      const telling = (name) => group.points.filter((p) => p[name] > 0).length;
      let axis = telling("median") >= telling("most") ? "median" : "most";
      let chosen = null;
      const waits = (p) => p[axis];
      const isShown = (p) => typeof waits(p) === "number" && typeof p.servers === "number";
      const isOwn = (p) => p.kind !== "published";
      const isGood = (p) => isOwn(p) ? p.verdict === "valid" : true;

      const sentence = (p) => [p.name + (p.who ? ` (${p.who})` : ""),
        `${ratio(p.servers)} messages per operation`,
        typeof p.median === "number" && `median ${milliseconds(p.median)} ms`,
        typeof p.most === "number" && `longest ${milliseconds(p.most)} ms`,
        isOwn(p) && p.verdict,
        p.faults && `under partitions ${ratio(p.faults.servers)} messages, ${p.faults.verdict}`,
        p.broken && (p.broken.length ? `broken by ${p.broken.join(", ")}` : "broken by no fault tried"),
      ].filter(Boolean);

      // Those of which no other is better in both, from the quickest on.
      function frontierOf(points) {
        const sorted = points.filter(isGood)
          .sort((a, b) => waits(a) - waits(b) || a.servers - b.servers);
        let least = Infinity;
        return sorted.filter((p) => p.servers < least && ((least = p.servers), true));
      }

      const picture = h("div", { class: "picture" });
      const rows = new Map();
      const sortedPoints = [...group.points].sort((a, b) => a.servers - b.servers);
      const isAtlas = group.points.some((p) => p.broken);
      const ms = (v) => typeof v === "number" ? milliseconds(v) : "";
      const verdictCell = (p) => {
        if (!isOwn(p)) return "";
        if (p.verdict !== "valid") return h("span", { class: "no" }, p.verdict);
        if (p.broken) return p.broken.length ? p.broken.join(", ") : "nothing";
        return p.faults.verdict === "valid" ? "valid"
          : h("span", { class: "no" }, p.faults.verdict);
      };
      const body = h("tbody", {}, sortedPoints.map((p) => {
        const row = h("tr", { class: p.kind },
          h("td", { class: "text" }, h("span", { class: `dot ${mark(p)}`, "aria-hidden": "true" }),
            p.name, p.who && h("span", { class: "muted" }, ` ${p.who}`)),
          h("td", {}, ratio(p.servers)), h("td", {}, ms(p.median)), h("td", {}, ms(p.most)),
          h("td", { class: "text" }, verdictCell(p)));
        row.addEventListener("pointerenter", () => choose(p));
        row.addEventListener("pointerleave", () => choose(null));
        rows.set(p, row);
        return row;
      }));
      const table = h("div", { class: "scroll" }, h("table", { class: "points" },
        h("caption", { class: "unseen" }, `${group.title}: all points, the cheapest first`),
        h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "text" }, "solution"),
          h("th", { scope: "col" }, "messages"), h("th", { scope: "col" }, "median ms"),
          h("th", { scope: "col" }, "longest ms"),
          h("th", { scope: "col", class: "text" }, 
            isAtlas ? "broken by" : "in partitions"))), body));

      function mark(p) {
        return p.kind === "published" ? "other" : p.kind === "variant" ? "variant" : "this";
      }

      let marks = new Map();
      function choose(p) {
        if (chosen) {
          rows.get(chosen).classList.remove("chosen");
          marks.get(chosen)?.classList.remove("chosen");
        }
        chosen = p;
        if (p) {
          rows.get(p).classList.add("chosen");
          const m = marks.get(p);
          if (m) { m.classList.add("chosen"); m.parentNode.append(m); }
        }
      }

      // A scale for an axis: powers of ten, with a place of its own for 0 where there is one.
      function extent(values) {
        const above = values.filter((v) => v > 0);
        const low = above.length ? Math.min(...above) : 1, high = above.length ? Math.max(...above) : 10;
        return { kind: "log", domain: [low / 1.35, Math.max(high, low * 3) * 1.35],
          hasZero: values.some((v) => v <= 0) };
      }

      function draw(width) {
        const shown = group.points.filter(isShown);
        marks = new Map();
        const ex = extent([...shown.map(waits), ...group.limits.map((l) => l[axis])]);
        const ey = extent([...shown.map((p) => p.servers), ...group.limits.map((l) => l.servers)]);
        const gap = 22; // between the place of 0 and where the powers of ten begin
        const height = Math.max(320, Math.min(460, width * 0.72));
        const few = (scale) => { // 1, 2, 5, and only the ones where there are many powers
          const [a, b] = scale.domain, list = [];
          const many = Math.log10(b / a) > 2.2;
          for (let e = Math.floor(Math.log10(a)); e <= Math.log10(b); e++) {
            for (const m of many ? [1] : [1, 2, 5]) {
              const v = Number((m * 10 ** e).toPrecision(3));
              if (v >= a && v <= b) list.push(v);
            }
          }
          return list;
        };
        const plain = (v) => v >= 1 ? v.toLocaleString("en-US") : String(v);
        const f = frame({ width, height,
          margin: [26, 16, 44 + (ey.hasZero ? gap : 0), 48 + (ex.hasZero ? gap : 0)],
          x: { ...ex, grid: true, values: few(ex), format: plain, gap: ey.hasZero ? gap : 0 },
          y: { ...ey, values: few(ey), format: plain, gap: ex.hasZero ? gap : 0 },
          label: `${group.title}: messages per operation against ${AXES[axis]} latency. `
            + `On the frontier: ${frontierOf(shown).map((p) => sentence(p).slice(0, 4).join(", "))
              .join("; ")}.` });
        const zeroX = f.left - gap, zeroY = f.bottom + gap;
        const px = (v) => v > 0 ? f.x(v) : zeroX, py = (v) => v > 0 ? f.y(v) : zeroY;
        if (ex.hasZero) {
          f.back.append(s("line", { class: "grid", x1: zeroX, x2: zeroX, y1: f.top, y2: f.bottom }),
            s("text", { x: zeroX, y: f.bottom + 17 + (ey.hasZero ? gap : 0),
              "text-anchor": "middle" }, "0"));
        }
        if (ey.hasZero) {
          f.back.append(s("line", { class: "grid", x1: f.left, x2: f.right, y1: zeroY, y2: zeroY }),
            s("text", { x: f.left - 8 - (ex.hasZero ? gap : 0), y: zeroY + 4,
              "text-anchor": "end" }, "0"));
        }
        f.back.append(
          s("text", { x: 0, y: 12 }, "messages per operation"),
          s("text", { x: f.right, y: height - 6, "text-anchor": "end" },
            `${AXES[axis]} latency, ${group.unit}, milliseconds`));
        for (const l of group.limits) {
          const a = f.x(l[axis]), b = f.y(l.servers);
          f.back.append(s("path", { class: "limit", fill: "none",
            d: `M${f.left} ${b.toFixed(1)}H${a.toFixed(1)}V${f.bottom}` }),
          s("text", { x: a - 5, y: b - 5, "text-anchor": "end" }, `${l.name} asks for less`));
        }
        const line = (points, kind) => {
          const list = frontierOf(points);
          if (list.length < 2) return;
          let d = `M${px(waits(list[0])).toFixed(1)} ${py(list[0].servers).toFixed(1)}`;
          for (const p of list.slice(1)) {
            d += `H${px(waits(p)).toFixed(1)}V${py(p.servers).toFixed(1)}`;
          }
          f.area.append(s("path", { class: `frontier ${kind}`, d }));
        };
        line(shown.filter((p) => !isOwn(p)), "other");
        line(shown.filter(isOwn), "");

        const order = ["published", "variant", "ours"];
        const best = new Set([...frontierOf(shown.filter(isOwn)),
          ...frontierOf(shown.filter((p) => !isOwn(p)))]);
        const taken = shown.map((p) => { // boxes where no label may be
          const x = px(waits(p)), y = py(p.servers);
          return [x - 6, y - 6, x + 6, y + 6];
        });
        const sorted = [...shown].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
        for (const p of sorted) {
          const x = px(waits(p)), y = py(p.servers);
          const shape = p.kind === "variant"
            ? s("path", { d: `M${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}L${x - 6} ${y}Z` })
            : s("circle", { cx: x, cy: y, r: p.kind === "ours" ? 6 : 4.5 });
          shape.setAttribute("class", `point ${mark(p)}${isGood(p) ? "" : " bad"}`);
          shape.addEventListener("pointermove", (e) => {
            choose(p);
            tip.show(e.clientX, e.clientY, sentence(p).map((text, i) =>
              h("div", {}, i ? text : h("b", {}, text))));
          });
          shape.addEventListener("pointerleave", () => { choose(null); tip.hide(); });
          marks.set(p, shape);
          f.area.append(shape);
        }
        // Names for those on a frontier, where there is room beside them.
        for (const p of [...best].sort((a, b) => order.indexOf(b.kind) - order.indexOf(a.kind))) {
          const x = px(waits(p)), y = py(p.servers);
          const text = p.who && !isOwn(p) ? p.who : p.name, long = text.length * 6.1 + 4;
          for (const [dx, dy, anchor] of [[10, -5, "start"], [10, 14, "start"], [-10, 14, "end"],
            [-10, -5, "end"], [10, 4, "start"]]) {
            const left = anchor === "start" ? x + dx : x + dx - long;
            const box = [left, y + dy - 11, left + long, y + dy + 3];
            const meets = taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3]
              && box[3] > t[1]);
            if (!meets && box[0] > f.left - 20 && box[2] < width && box[1] > f.top - 8
              && box[3] < f.bottom + gap) {
              taken.push(box);
              f.area.append(s("text", { class: isOwn(p) ? "strong name" : "name", x: x + dx,
                y: y + dy, "text-anchor": anchor }, text));
              break;
            }
          }
        }
        f.svg.setAttribute("tabindex", "0");
        const along = [...shown].sort((a, b) => waits(a) - waits(b) || a.servers - b.servers);
        f.svg.addEventListener("keydown", (e) => {
          const at = along.indexOf(chosen);
          const next = { ArrowRight: Math.min(along.length - 1, at + 1),
            ArrowLeft: Math.max(0, at - 1), Home: 0, End: along.length - 1 }[e.key];
          if (next === undefined) return;
          e.preventDefault();
          const p = along[next];
          choose(p);
          const box = f.svg.getBoundingClientRect(), zoom = box.width / width;
          tip.show(box.left + px(waits(p)) * zoom, box.top + py(p.servers) * zoom,
            sentence(p).map((text, i) => h("div", {}, i ? text : h("b", {}, text))));
          say(sentence(p).join(", "));
        });
        f.svg.addEventListener("blur", () => { choose(null); tip.hide(); });
        picture.replaceChildren(f.svg);
      }

      let width = 0;
      const buttons = Object.keys(AXES).map((name) => h("button", { type: "button",
        "aria-pressed": String(name === axis), onclick: (e) => {
          axis = name;
          buttons.forEach((b) => b.setAttribute("aria-pressed", String(b === e.currentTarget)));
          draw(width);
        } }, `${AXES[name]} latency`));
      const drawable = Object.keys(AXES).filter((name) =>
        group.points.some((p) => p[name] > 0 || typeof p[name] === "number" && p.servers > 0));
      const hasPicture = drawable.length > 0;
      root.append(h("section", { id: `group-${number}`, "aria-label": group.title },
        h("header", {}, h("h2", {}, group.title), h("p", {}, h("code", {}, group.options))),
        drawable.length > 1 && h("div", { class: "controls no-print", role: "group",
          "aria-label": "Which latency" }, buttons),
        h("div", { class: hasPicture ? "beside" : "beside flat" }, hasPicture && picture, table)));
      if (hasPicture) responsive(picture, (w) => { width = w; draw(w); });
    });
  },
});
