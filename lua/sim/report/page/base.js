// base.js - what all panels share: elements, numbers, the theme, and the order of the page.
//
// A panel is {name, title, order, when(data), draw(root, data, shared)}: `draw` fills a section of
// the page, once; `when`, which may be missing, says whether the page has it; a title may be a
// function of the data. `shared` is `hearsay` itself. Texts go in as text nodes, so that nothing of a run is ever taken for HTML.
const hearsay = (() => {
  const panels = [];
  const themeListeners = [];
  const SVG = "http://www.w3.org/2000/svg";

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(3).filter((c) => c !== undefined && c !== null && c !== false));
    return element;
  }

  // An HTML element: h("p", {class: "muted", onclick: f}, "text", child, ..).
  const h = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);
  // An SVG element, the same way.
  const s = (tag, attributes, ...children) =>
    fill(document.createElementNS(SVG, tag), attributes, children);

  // Numbers as the screen shows them, see sim.format.
  const whole = (n) => Math.round(n).toLocaleString("en-US");
  const ratio = (x) => x === 0 || x >= 10 ? x.toFixed(1) : x >= 0.1 ? x.toFixed(2) : x.toFixed(4);
  const milliseconds = (ms) => ms >= 100 || Number.isInteger(ms) ? whole(ms)
    : ms >= 1 ? ms.toFixed(1) : ms.toFixed(2);
  const seconds = (us, digits = 3) => `${(us / 1e6).toFixed(digits)} s`;
  const count = (n, noun, plural) => `${whole(n)} ${n === 1 ? noun : plural || noun + "s"}`;

  // The value of a colour variable, for canvases; they draw again when onTheme calls.
  const color = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const onTheme = (listener) => themeListeners.push(listener);

  const THEMES = ["auto", "light", "dark"];
  let theme = "auto";
  function setTheme(next) {
    theme = next;
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    themeListeners.forEach((listener) => listener());
  }
  function themeButton() {
    const button = h("button", { class: "theme", type: "button", onclick: () => {
      setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
      button.textContent = `Theme: ${theme}`;
    } }, "Theme: auto");
    return button;
  }

  // Says something to those who listen to the page.
  const say = (text) => { document.getElementById("said").textContent = text; };

  // Calls draw(width) now and whenever the width of an element changes.
  function responsive(element, draw) {
    let last = 0;
    const look = () => {
      const width = Math.round(element.clientWidth);
      if (width > 0 && width !== last) { last = width; draw(width); }
    };
    look();
    new ResizeObserver(look).observe(element);
  }

  // A table: headings and rows of texts; `texts` names the columns that are words, from 0.
  function table(headings, rows, caption, texts = [0]) {
    const kind = (i) => ({ class: texts.includes(i) ? "text" : undefined });
    return h("div", { class: "scroll" }, h("table", {},
      caption && h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, headings.map((t, i) => h("th", { scope: "col", ...kind(i) }, t)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((t, i) => h("td", kind(i), t)))))));
  }

  // Columns of differences become columns of values.
  function sums(column) {
    let sum = 0;
    return column.map((difference) => (sum += difference));
  }
  function unpack(data) {
    const ops = data.operations;
    if (ops) {
      ops.invoked = sums(ops.invoked);
      ops.completed = ops.took.map((took, i) => took < 0 ? -1 : ops.invoked[i] + took);
    }
    if (data.messages) hearsay.unpackMessages(data.messages);
    return data;
  }

  const panel = (p) => panels.push(p);

  function start() {
    const main = document.getElementById("page");
    const data = unpack(JSON.parse(document.getElementById("data").textContent));
    hearsay.data = data;
    main.replaceChildren();
    panels.sort((a, b) => a.order - b.order);
    for (const p of panels) {
      if (p.when && !p.when(data)) continue;
      const root = h("div", { class: "panel" });
      const title = typeof p.title === "function" ? p.title(data) : p.title;
      main.append(h("section", { id: p.name, "aria-label": title },
        p.bare ? null : h("header", {}, h("h2", {}, title)), root));
      try {
        p.draw(root, data, hearsay);
      } catch (error) { // one picture that fails leaves the others
        root.append(h("p", { class: "muted" }, `This part could not be drawn: ${error.message}`));
        console.error(p.name, error);
      }
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
      themeListeners.forEach((listener) => listener()));
    // What is as wide as its place is drawn with the first frame that has the page laid out.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      document.documentElement.dataset.ready = "true";
    }));
  }

  return { h, s, whole, ratio, milliseconds, seconds, count, color, onTheme, themeButton, say,
    responsive, table, sums, panel, start };
})();
