// time.js - what happened when: faults, latency, throughput and messages on one axis of time, one
// below the other, with a cursor that shows all of them.
hearsay.panel({
  name: "time", title: "Over time", order: 20,
  when: (data) => data.operations.count > 0,
  draw(root, data, shared) {
    const { h, s, frame, dots, steps, bars, shade, cursor, roundUp, responsive, milliseconds,
      whole, ratio, seconds } = shared;
    const { operations: ops, messages: m, faults, waits } = data;
    const largest = (column) => column.reduce((most, v) => Math.max(most, v), 0);
    // After a short load the last operations, ten seconds later, would leave a picture of little
    // but emptiness: then it ends with the load.
    const load = data.run.load_us, whole_us = Math.max(load, largest(ops.completed), 1);
    const isCut = load < whole_us * 0.6;
    const end = isCut
      ? Math.max(load, largest(ops.completed.filter((us, i) => ops.invoked[i] <= load)))
      : whole_us;
    const OK = 0, FAIL = 1;
    const span = [0, Math.ceil(end / 1e6) * 1e6];
    const bucket = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60].map((n) => n * 1e6)
      .find((n) => span[1] / n <= 80) || span[1] / 80;
    const buckets = Math.ceil(span[1] / bucket);
    const zeros = () => new Array(buckets).fill(0);
    const place = (us) => Math.min(buckets - 1, Math.floor(us / bucket));

    // Operations by when they ended, or when they began if they did not.
    const ok = zeros(), failed = zeros(), unknown = zeros(), begun = zeros();
    const isShown = ops.invoked.map((us) => us <= span[1]);
    for (let i = 0; i < ops.count; i++) {
      if (!isShown[i]) continue;
      begun[place(ops.invoked[i])]++;
      const at = place(ops.completed[i] < 0 ? ops.invoked[i] : ops.completed[i]);
      (ops.outcome[i] === OK ? ok : ops.outcome[i] === FAIL ? failed : unknown)[at]++;
    }
    // Messages between nodes, by when they were sent.
    const sent = zeros();
    const isClient = data.nodes.map((id) => /^c\d/.test(id));
    for (let i = 0; i < m.count; i++) {
      if (!isClient[m.from[i]] && !isClient[m.to[i]] && m.sent[i] >= 0
        && m.sent[i] <= span[1]) sent[place(m.sent[i])]++;
    }
    const perOperation = sent.map((n, i) => begun[i] ? n / begun[i] : null);

    // Latencies: until a value was stable, or how far polls were behind, where the workload tells;
    // else of answers.
    const points = waits
      ? waits.latency.map((ms, i) => [waits.known[i], ms]).filter((p) => p[0] <= span[1])
      : ops.outcome.flatMap((o, i) => o === OK && isShown[i]
        ? [[ops.invoked[i], (ops.completed[i] - ops.invoked[i]) / 1000]] : []);
    const slowest = largest(points.map((p) => p[1]));
    const latencyTop = roundUp(slowest * 1.03);

    const perSecond = 1e6 / bucket;
    const all = ok.map((n, i) => n + failed[i] + unknown[i]);
    const opsTop = roundUp(Math.max(...all) * perSecond * 1.03);
    const ratioTop = roundUp(Math.max(...perOperation, 0) * 1.05);

    const near = (us) => { // the median of the latencies in a bucket
      const list = points.filter((p) => place(p[0]) === place(us)).map((p) => p[1])
        .sort((a, b) => a - b);
      return list.length ? list[Math.floor(list.length / 2)] : null;
    };
    const describe = (us) => {
      const i = place(us), median = near(us);
      const lines = [seconds(us, 1)];
      for (const fault of faults) {
        if (us >= fault.from * 1e6 && us <= fault.to * 1e6) lines.push(`${fault.kind}: ${fault.what}`);
      }
      if (median !== null) lines.push(`median latency ${milliseconds(median)} ms`);
      lines.push(`${whole(all[i] * perSecond)} operations/s`
        + (failed[i] ? `, ${whole(failed[i])} failed` : "")
        + (unknown[i] ? `, ${whole(unknown[i])} of unknown outcome` : ""));
      if (perOperation[i] !== null) lines.push(`${ratio(perOperation[i])} messages per operation`);
      return lines;
    };

    if (isCut) {
      root.append(h("p", { class: "muted" }, "Up to the end of the load; the last operations ended "
        + `at ${seconds(whole_us, 1)}.`));
    }
    const box = h("div", {});
    root.append(box);
    const kinds = [...new Set(faults.map((fault) => fault.kind))];
    responsive(box, (width) => {
      const margin = [8, 8, 8, 52];
      const add = cursor({ step: bucket, range: span, describe });
      const x = { domain: span };
      const plot = (title, note, options, paint, summary) => {
        const f = frame({ width, margin, x, label: `${title}. ${summary}`, ...options });
        shade(f, faults);
        if (data.run.load_us < span[1] * 0.97) {
          const px = Math.round(f.x(data.run.load_us)) + 0.5;
          f.back.append(s("line", { class: "load", x1: px, x2: px, y1: f.top, y2: f.bottom }),
            options.isFirst && f.right - px > 90
              ? s("text", { x: px + 6, y: f.top + 11 }, "the load ends") : "");
        }
        paint(f);
        add(f);
        return h("figure", {}, h("figcaption", {}, h("b", {}, title), " ", note), f.svg);
      };
      const list = [];
      if (faults.length) {
        const height = 20 * kinds.length + 6;
        const f = frame({ width, height, margin: [2, 8, 2, 52], x,
          label: `Faults: ${faults.map((w) =>
            `${w.what} from ${w.from.toFixed(1)} to ${w.to.toFixed(1)} s`).join("; ")}.` });
        kinds.forEach((kind, row) => {
          for (const w of faults.filter((fault) => fault.kind === kind)) {
            const a = f.x(w.from * 1e6), b = Math.max(a + 1, f.x(w.to * 1e6)), y = 2 + 20 * row;
            f.area.append(s("rect", { class: "window", x: a, width: b - a, y, height: 17, rx: 3 },
              s("title", {}, `${kind}: ${w.what}`)));
            const room = Math.floor((b - a - 10) / 6.2);
            if (room > 3) {
              const text = kinds.length > 1 ? `${kind}: ${w.what}` : w.what;
              f.area.append(s("text", { class: "window-text", x: a + 5, y: y + 12.5 },
                text.length > room ? text.slice(0, room - 1) + "…" : text));
            }
          }
        });
        list.push(h("figure", {}, h("figcaption", {}, h("b", {}, "Faults"), " ", kinds.join(", ")),
          add(f).svg));
      }
      list.push(plot({ "stable everywhere": "Latency until a value was everywhere",
        "lag of polls": "How long messages were not shown" }[waits?.name] || "Latency of answers",
      "ms", {
        height: 190, y: { domain: [0, latencyTop], format: milliseconds }, isFirst: true,
      }, (f) => f.area.append(dots(points.map(([us, ms]) => [f.x(us), f.y(ms)]),
        points.length > 4000 ? 2 : points.length > 500 ? 3 : 4.5)),
      `Up to ${milliseconds(slowest)} ms.`));
      list.push(plot("Operations a second", [h("i", { class: "key" }), "ok",
        h("i", { class: "key second" }), "failed", h("i", { class: "key third" }), "unknown"], {
        height: 110, y: { domain: [0, opsTop], ticks: 3, format: whole },
      }, (f) => {
        const a = ok.map((n) => n * perSecond), b = ok.map((n, i) => (n + failed[i]) * perSecond);
        f.area.append(bars(f, zeros(), a, bucket), bars(f, a, b, bucket, "second"),
          bars(f, b, all.map((n) => n * perSecond), bucket, "third"));
      }, `${whole(Math.max(...all) * perSecond)} at most.`));
      list.push(plot("Messages per operation", "between nodes", {
        height: 134, margin: [8, 8, 24, 52],
        x: { domain: span, format: (us) => `${us / 1e6} s` },
        y: { domain: [0, ratioTop], ticks: 3, format: (v) => String(v) },
      }, (f) => f.area.append(steps(f, perOperation, bucket)),
      `${ratio(data.figures[0].value)} over all.`));
      box.replaceChildren(...list);
    });

    const rows = all.map((n, i) => [seconds(i * bucket, 1), whole(n), whole(failed[i]),
      whole(unknown[i]), whole(sent[i]), perOperation[i] === null ? "" : ratio(perOperation[i])]);
    root.append(h("details", { class: "no-print" }, h("summary", {}, "As a table"),
      shared.table(["from", "operations", "failed", "unknown", "messages", "per operation"], rows,
        "What happened when")));
  },
});
