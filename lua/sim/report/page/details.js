// details.js - the figures that are left, and how to run it again.
hearsay.panel({
  name: "details", title: "The run", order: 90,
  draw(root, data, { h, table, whole, ratio }) {
    const { net, run, stats } = data;
    const names = { servers: "between nodes", clients: "with clients", all: "all" };
    root.append(table(["messages", "per operation", "sent", "received"],
      ["servers", "clients", "all"].map((kind) => [names[kind],
        net[kind]["msgs-per-op"] === undefined ? "" : ratio(net[kind]["msgs-per-op"]),
        whole(net[kind]["msg-count"]), whole(net[kind]["recv-count"])]), "Messages"));
    const errors = Object.entries(stats["by-error"] || {});
    const rows = [
      ["Operations ok", `${whole(stats["ok-count"])} of ${whole(stats.count)}, availability `
        + data.availability.toFixed(4)],
      errors.length && ["Errors", errors.map(([name, n]) => `${name} ${whole(n)}`).join(" · ")],
      run.fingerprint && ["Fingerprint", run.fingerprint],
    ].filter(Boolean);
    root.append(h("dl", { class: "remarks" },
      rows.map(([label, text]) => [h("dt", {}, label), h("dd", {}, text)])));
    const command = h("pre", { tabindex: "0" }, run.command);
    root.append(h("p", { class: "again" }, "Run it again, with the same outcome to the last message"),
      command);
  },
});
