// anomalies.js - what went wrong, with the operations that prove it.
hearsay.panel({
  name: "anomalies", title: "What went wrong", order: 10,
  when: (data) => data.remarks.length > 0,
  draw(root, data, { h }) {
    root.append(h("dl", { class: "remarks" }, data.remarks.map(([label, text]) =>
      [h("dt", {}, label), h("dd", {}, text)])));
  },
});
