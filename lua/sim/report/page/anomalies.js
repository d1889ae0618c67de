// anomalies.js - what went wrong, each case with the operations that prove it drawn in time: who
// asked which node for what, from when to when, and what came back.
hearsay.panel({
  name: "anomalies", order: 10,
  title: (data) => data.verdict.valid === true ? "Notes" : "What went wrong",
  when: (data) => data.anomalies.length > 0,
  draw(root, data, shared) {
    const { h, s, frame, shade, responsive, seconds } = shared;
    const { operations: ops } = data;
    const OUTCOMES = ["ok", "failed", "of unknown outcome", "without an end"];
    const ROW = 36;

    const of = ({ op, given, answered, role, wrong }) => ({
      role, wrong,
      from: ops.invoked[op],
      to: ops.completed[op] < 0 ? data.run.duration_us : ops.completed[op],
      kind: ["", "second", "third", "third"][ops.outcome[op]],
      node: data.nodes[ops.node[op]],
      what: `${ops.functions[ops.f[op]]}${given ? " " + given : ""}`,
      came: ops.outcome[op] === 0 ? answered : `${OUTCOMES[ops.outcome[op]]}`
        + (answered ? `, ${answered}` : ""),
      process: ops.process[op],
    });
    const sentence = (p) => `${p.role ? p.role + ": " : ""}${p.node}, process ${p.process}, `
      + `${seconds(p.from)}${p.to - p.from < 500 ? "" : " to " + seconds(p.to)}: ${p.what}${p.came ? ", answered " + p.came : ""}`;

    function timeline(proofs, texts) {
      const list = proofs.map(of);
      if (list.length === 1) { // needs no picture, and no words when what it showed was told
        return list[0].came && texts.join(" ").includes(list[0].came) ? null
          : h("p", { class: "muted" }, sentence(list[0]));
      }
      const box = h("div", { class: "proofs" });
      const button = data.messages.count > 0 && h("button", { class: "no-print", type: "button",
        onclick: () => shared.showMessages(from, to, null) }, "Messages of that time");
      let from = Math.min(...list.map((p) => p.from)), to = Math.max(...list.map((p) => p.to));
      const room = Math.max(1000, (to - from) * 0.04);
      from = Math.max(0, from - room);
      to += room;
      responsive(box, (width) => {
        const height = list.length * ROW + 30;
        const digits = to - from < 5e5 ? 3 : to - from < 5e6 ? 2 : 1;
        const f = frame({ width, height, margin: [4, 24, 24, 12],
          x: { domain: [from, to], grid: true, ticks: Math.max(2, width / 110),
            format: (us) => seconds(us, digits) },
          label: list.map(sentence).join(". ") + "." });
        shade(f, data.faults);
        list.forEach((p, i) => {
          const y = 6 + i * ROW, a = f.x(p.from), b = f.x(p.to);
          const words = `${p.node} ${p.what}${p.came ? ` → ${p.came}` : ""}`;
          const end = a > width / 2; // the text goes to the side that has more room
          const chars = Math.floor((end ? b : width - a) / 6.4);
          const role = p.role && chars > words.length + p.role.length + 2 ? p.role : "";
          const text = words.length > chars ? words.slice(0, chars - 1) + "…" : words;
          f.area.append(
            s("text", { class: "strong", x: end ? Math.min(b + 4, f.right + 16) : Math.max(a - 4, 4),
              y: y + 11, "text-anchor": end ? "end" : "start" },
              role && !end && s("tspan", { class: p.wrong ? "role wrong" : "role" }, `${role}  `),
              text,
              role && end && s("tspan", { class: p.wrong ? "role wrong" : "role" }, `  ${role}`)),
            s("line", { class: "axis", x1: f.left, x2: f.right, y1: y + 21.5, y2: y + 21.5 }),
            s("rect", { class: `bar ${p.wrong ? "bad" : p.kind}`, x: a - 3, y: y + 17, rx: 4.5,
              width: Math.max(6, b - a + 6), height: 9 }, s("title", {}, sentence(p))));
        });
        box.replaceChildren(f.svg);
      });
      return [box, button];
    }

    let label = "";
    for (const item of data.anomalies) {
      if (item.label && item.label !== label) {
        label = item.label;
        root.append(h("h3", { class: "kind" }, label));
      }
      root.append(h("div", { class: "case" }, item.texts.map((text, i) =>
        h("p", {}, i === 0 && item.texts.length > 1 ? h("b", {}, text) : text)),
        item.proofs.length ? timeline(item.proofs, item.texts) : null));
    }
  },
});
