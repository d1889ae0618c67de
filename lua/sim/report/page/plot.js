// plot.js - scales, axes, fault windows and the cursor that all plots over time share.
//
// Plots are SVG by our own hand. What a page needs here (dots, steps, bars, shading, a cursor) is
// two hundred lines; a library such as uPlot brings 50 kB of canvas that does not print sharply,
// cannot be read aloud, ignores the theme until it is drawn again, and needs npm to build.
// Thousands of dots are one path: a move and a line of length 0 each, with round ends.
(() => {
  const { h, s } = hearsay;

  // A scale from a domain to pixels: call it, or its invert; ticks(n) are about n round numbers.
  function linear([d0, d1], [r0, r1]) {
    const span = d1 - d0 || 1;
    const scale = (v) => r0 + (v - d0) / span * (r1 - r0);
    scale.invert = (px) => d0 + (px - r0) / (r1 - r0) * span;
    scale.domain = [d0, d1];
    scale.ticks = (n) => {
      const raw = span / Math.max(1, n);
      const unit = 10 ** Math.floor(Math.log10(raw));
      const step = unit * [1, 2, 5, 10].find((m) => m * unit >= raw * 0.999);
      const list = [];
      for (let k = Math.ceil(d0 / step - 1e-9); k * step <= d1 + step * 1e-9; k++) {
        list.push(Number((k * step).toPrecision(12)));
      }
      return list;
    };
    return scale;
  }
  // The same over powers of ten; both ends of the domain are above 0.
  function log([d0, d1], range) {
    const inner = linear([Math.log10(d0), Math.log10(d1)], range);
    const scale = (v) => inner(Math.log10(Math.max(v, d0 / 10)));
    scale.invert = (px) => 10 ** inner.invert(px);
    scale.domain = [d0, d1];
    scale.ticks = () => {
      const list = [];
      for (let p = Math.floor(Math.log10(d0)); p <= Math.log10(d1); p++) {
        for (const m of [1, 2, 5]) {
          const v = Number((m * 10 ** p).toPrecision(3));
          if (v >= d0 * 0.999 && v <= d1 * 1.001) list.push(v);
        }
      }
      return list;
    };
    return scale;
  }

  // A round number at or above a value: where an axis ends.
  function roundUp(v) {
    if (!(v > 0)) return 1;
    const unit = 10 ** Math.floor(Math.log10(v));
    return unit * [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((m) => m * unit >= v * 0.9999);
  }

  // A frame: an SVG of a width and a height with axes. `x` and `y` are {domain, kind ("log"),
  // ticks, values, format, label, gap (between the axis and its numbers)}; `margin` is [top, right, bottom, left]. Returns {svg, x, y, area, inner}
  // where x and y are scales and area is the group in which marks go.
  function frame({ width, height, x, y, margin = [8, 12, 24, 48], label, title }) {
    const [top, right, bottom, left] = margin;
    const make = (axis, range) => (axis.kind === "log" ? log : linear)(axis.domain, range);
    const sx = make(x, [left, width - right]);
    const sy = y ? make(y, [height - bottom, top]) : null;
    const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": label, class: "plot" });
    const back = s("g", {}), area = s("g", {}), front = s("g", {});
    if (y) {
      for (const t of y.values || sy.ticks(y.ticks || Math.max(2, (height - top - bottom) / 36))) {
        const py = Math.round(sy(t)) + 0.5;
        back.append(s("line", { class: "grid", x1: left, x2: width - right, y1: py, y2: py }),
          s("text", { x: left - 8 - (y.gap || 0), y: py + 4, "text-anchor": "end" }, y.format(t)));
      }
      if (y.label) back.append(s("text", { x: 0, y: top - 6, class: "label" }, y.label));
    }
    if (x.format) {
      for (const t of x.values || sx.ticks(x.ticks || Math.max(2, (width - left - right) / 90))) {
        const px = Math.round(sx(t)) + 0.5;
        back.append(s("line", { class: x.grid ? "grid" : "axis", x1: px, x2: px,
          y1: x.grid ? top : height - bottom, y2: height - bottom + 4 }),
        s("text", { x: px, y: height - bottom + 17 + (x.gap || 0), "text-anchor": "middle" },
          x.format(t)));
      }
    }
    const base = Math.round(height - bottom) + 0.5;
    back.append(s("line", { class: "axis", x1: left, x2: width - right, y1: base, y2: base }));
    svg.append(back, area, front);
    if (title) svg.prepend(s("title", {}, title));
    return { svg, x: sx, y: sy, area, back, front, top, bottom: height - bottom, left,
      right: width - right };
  }

  // Dots at [x, y] pixels as one path; those on the same pixel are one.
  function dots(points, size, kind = "") {
    const seen = new Set();
    let d = "";
    for (const [px, py] of points) {
      const at = `M${px.toFixed(1)} ${py.toFixed(1)}h0`;
      if (!seen.has(at)) { seen.add(at); d += at; }
    }
    return s("path", { class: `dots ${kind}`, d, "stroke-width": size });
  }

  // Steps: a value for each bucket of a width, as a line along the tops; `area` fills it.
  function steps(f, values, bucket, kind = "") {
    let d = "";
    values.forEach((v, i) => {
      if (v === null) return;
      const a = f.x(i * bucket).toFixed(1), b = f.x((i + 1) * bucket).toFixed(1);
      d += `${d && values[i - 1] !== null ? "L" : "M"}${a} ${f.y(v).toFixed(1)}H${b}`;
    });
    return s("path", { class: `curve ${kind}`, d });
  }

  // Bars of a bucket's width from one value to another.
  function bars(f, from, to, bucket, kind = "") {
    let d = "";
    to.forEach((v, i) => {
      if (!(v > from[i])) return;
      const a = f.x(i * bucket) + 0.5, b = Math.max(a + 0.6, f.x((i + 1) * bucket) - 0.5);
      d += `M${a.toFixed(1)} ${f.y(from[i]).toFixed(1)}V${f.y(v).toFixed(1)}`
        + `H${b.toFixed(1)}V${f.y(from[i]).toFixed(1)}Z`;
    });
    return s("path", { class: `bar ${kind}`, d });
  }

  // Shades the fault windows of a frame whose x is microseconds.
  function shade(f, faults) {
    for (const fault of faults) {
      const a = Math.max(f.left, f.x(fault.from * 1e6)), b = Math.min(f.right, f.x(fault.to * 1e6));
      if (b < f.left || a > f.right) continue;
      f.back.prepend(s("rect", { class: "fault", x: a, y: f.top, width: Math.max(1, b - a),
        height: f.bottom - f.top }, s("title", {}, `${fault.kind}: ${fault.what}`)));
    }
  }

  // What stands beside the pointer.
  const tip = (() => {
    const box = h("div", { class: "tip", hidden: true });
    return {
      show(px, py, ...content) {
        if (!box.isConnected) document.body.append(box);
        box.replaceChildren(...content.flat());
        box.hidden = false;
        const wide = document.documentElement.clientWidth;
        const at = px + 14 + box.offsetWidth > wide ? px - box.offsetWidth - 14 : px + 14;
        box.style.left = `${Math.max(4, at) + scrollX}px`;
        box.style.top = `${py + 14 + scrollY}px`;
      },
      hide() { box.hidden = true; },
    };
  })();

  // Makes frames that share an x axis share a cursor: it follows the pointer and, in a frame that
  // has the focus, the arrow keys. describe(value) says in lines what is there.
  function cursor({ step, range, describe }) {
    const frames = [];
    let at = null;
    function draw(value) {
      at = Math.min(range[1], Math.max(range[0], value));
      for (const { f, line } of frames) {
        const px = Math.round(f.x(at)) + 0.5;
        line.setAttribute("x1", px);
        line.setAttribute("x2", px);
        line.setAttribute("visibility", "visible");
      }
    }
    function leave() {
      frames.forEach(({ line }) => line.setAttribute("visibility", "hidden"));
      tip.hide();
    }
    const lines = () => describe(at).map((text) => h("div", {}, text));
    const keys = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    return function add(f) {
      const line = s("line", { class: "crosshair", y1: f.top, y2: f.bottom, visibility: "hidden" });
      f.front.append(line);
      frames.push({ f, line });
      const svg = f.svg;
      svg.setAttribute("tabindex", "0");
      svg.addEventListener("pointermove", (e) => {
        const box = svg.getBoundingClientRect();
        const px = (e.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
        if (px < f.left - 4 || px > f.right + 4) return leave();
        draw(f.x.invert(px));
        tip.show(e.clientX, e.clientY, lines());
      });
      svg.addEventListener("pointerleave", leave);
      svg.addEventListener("blur", leave);
      svg.addEventListener("keydown", (e) => {
        let next;
        if (e.key in keys) next = (at === null ? range[0] : at + keys[e.key] * step);
        else if (e.key === "Home") next = range[0];
        else if (e.key === "End") next = range[1];
        else return;
        e.preventDefault();
        draw(next);
        const box = svg.getBoundingClientRect();
        tip.show(box.left + f.x(at) * box.width / svg.viewBox.baseVal.width, box.top + 10, lines());
        hearsay.say(describe(at).join(", "));
      });
      return f;
    };
  }

  Object.assign(hearsay, { linear, log, roundUp, frame, dots, steps, bars, shade, tip, cursor });
})();
