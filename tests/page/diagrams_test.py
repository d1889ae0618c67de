"""The cluster that is played, and the space-time diagram, in a browser."""
import re
import unittest

import runs
from browser import Browser

STAGE, DIAGRAM = ".stage", "canvas.diagram"


class DiagramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def open(self, name):
        b = self.browser
        b.complaints()
        b.open(runs.page(name))
        return b

    def tearDown(self):
        self.assertEqual([], self.browser.complaints())

    def state(self, selector):
        """What a picture says of itself, numbers as numbers."""
        found = self.browser.run("""
            return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
              done({...document.querySelector(arguments[0]).dataset}))))""", selector)
        return {k: float(v) if re.fullmatch(r"-?[\d.e+]+", v) else v for k, v in found.items()}

    def text(self, selector):
        return self.browser.run("return document.querySelector(arguments[0])?.innerText", selector)

    def press(self, selector, *keys):
        self.browser.run("document.querySelector(arguments[0]).focus()", selector)
        self.browser.keys(*keys)
        return self.state(selector)


class SpreadTest(DiagramTest):
    def scrub(self, part):
        self.browser.run("""
            const s = document.querySelector(".scrub");
            s.value = arguments[0] * 1000;
            s.dispatchEvent(new Event("input"));""", part)
        return self.state(STAGE)

    def classes(self, name):
        return self.browser.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)",
            ".cluster .node." + name)

    def test_playing_goes_on_until_it_is_over_and_can_be_stopped(self):
        b = self.open("calm")
        self.assertEqual(25, self.state(STAGE)["known"])
        self.scrub(0)
        b.click(".play")
        self.assertEqual("Pause", self.text(".play"))
        first = self.state(STAGE)["time"]
        b.wait("document.querySelector('.stage').dataset.time > %f" % (first + 1e4))
        b.wait("document.querySelector('.message[visibility=visible]')")
        b.click(".play")
        stopped = self.state(STAGE)
        self.assertEqual("false", stopped["playing"])
        self.assertEqual(stopped["time"], self.state(STAGE)["time"])
        b.run("""const s = document.querySelector('.transport select');
                 s.value = 50; s.dispatchEvent(new Event('change'))""")
        b.click(".play")
        b.wait("document.querySelector('.stage').dataset.playing === 'false'")
        self.assertEqual(25, self.state(STAGE)["known"])

    def test_scrubbing_shows_a_moment(self):
        self.open("calm")
        counts = [self.scrub(part)["known"] for part in (0.001, 0.94, 1)]
        self.assertEqual(counts[2], 25)
        self.assertLess(counts[0], 3)
        self.assertEqual(sorted(counts), counts)
        self.assertEqual("25 of 25 nodes know it", self.text(".counted"))
        self.assertEqual(25, len(self.classes("knows")))
        self.scrub(0.001)
        self.assertEqual(counts[0], len(self.classes("knows")))
        self.assertEqual(1, len(self.classes("origin")))

    def test_a_pointer_on_the_curve_chooses_the_moment(self):
        b = self.open("calm")
        b.run("""
            const s = document.querySelector('.learned svg'), box = s.getBoundingClientRect();
            s.setPointerCapture = () => {};
            s.dispatchEvent(new PointerEvent('pointerdown', {pointerId: 1, buttons: 1,
              clientX: box.x + 8, clientY: box.y + 50}));""")
        start = self.state(STAGE)
        self.assertLess(start["known"], 3)
        b.run("""
            const s = document.querySelector('.learned svg'), box = s.getBoundingClientRect();
            for (const buttons of [1, 0]) s.dispatchEvent(new PointerEvent('pointermove', {
              pointerId: 1, buttons, clientX: box.x + (buttons ? box.width - 8 : 8),
              clientY: box.y}));""")
        self.assertEqual(25, self.state(STAGE)["known"])

    def test_the_figures_are_those_of_the_messages(self):
        b = self.open("calm")
        for rank in ("Slowest", "Quickest"):
            b.run("[...document.querySelectorAll('.choose button')].find("
                  "e => e.textContent === arguments[0]).click()", rank)
            value, learned = b.run("""
                const m = hearsay.data.messages, value = Number(document.querySelector(
                  '.stage').dataset.value), k = m.spread.values.indexOf(value), learned = {};
                for (const i of hearsay.sums(m.spread.carriers[k])) {
                  if (m.to[i] < 25 && m.received[i] >= 0) {
                    learned[m.to[i]] = Math.min(learned[m.to[i]] ?? Infinity, m.received[i]);
                  }
                }
                return [value, learned];""")
            rows = b.run("""return [...document.querySelectorAll('#spread tbody tr')].map(
                r => [r.cells[0].textContent, r.cells[1].textContent])""")
            self.assertEqual({"n" + node: "%.3f s" % (at / 1e6) for node, at in learned.items()},
                             dict(rows))
            self.assertIn("Value %d was given to %s" % (value, rows[0][0]), self.text(".summary"))

    def test_a_value_can_be_chosen_by_its_number(self):
        b = self.open("calm")
        choose = """const e = document.querySelector('.choose .value');
                    e.value = arguments[0]; e.dispatchEvent(new Event('change'));"""
        b.run(choose, 42)
        self.assertEqual(42, self.state(STAGE)["value"])
        self.assertIn("Value 42 ", self.text(".summary"))
        b.run(choose, 100000)
        self.assertEqual("42", b.run("return document.querySelector('.choose .value').value"))

    def test_the_keyboard_plays_and_steps(self):
        self.open("calm")
        start = self.press(STAGE, "home")
        first = self.press(STAGE, "right")
        self.assertGreater(first["time"], start["time"])
        self.assertRegex(self.text("#said"), r"^\+ .* of 25 nodes know it$")
        self.assertGreater(self.press(STAGE, "right")["time"], first["time"])
        self.assertEqual(first["time"], self.press(STAGE, "left")["time"])
        self.assertEqual("true", self.press(STAGE, "space")["playing"])
        self.assertEqual("false", self.press(STAGE, "space")["playing"])
        self.assertEqual(25, self.press(STAGE, "end")["known"])

    def test_a_partition_cuts_lines_and_what_was_lost_is_crossed_out(self):
        b = self.open("partitioned")
        self.assertIn("never arrived", self.text(".summary"))
        crossed, cut = 0, set()
        for step in range(40):
            self.scrub(step / 40)
            crossed += b.run("return document.querySelectorAll("
                             "'.message.lost[visibility=visible]').length")
            apart = self.classes("apart")
            cut.add(b.run("return document.querySelectorAll('.link.cut').length") > 0)
            self.assertEqual("partition" in self.text(".now"), len(apart) > 0)
        self.assertEqual({True, False}, cut)
        self.assertGreater(crossed, 0)

    def test_nodes_that_are_paused_are_grey(self):
        b = self.open("lossy")
        paused = b.run("""
            const f = hearsay.data.faults.filter(f => f.kind === 'pause')[0];
            return [hearsay.struck(hearsay.data, (f.from + f.to) / 2 * 1e6).silent.size,
                    hearsay.struck(hearsay.data, -1).silent.size, f.silenced.length]""")
        self.assertEqual(paused[2], paused[0])
        self.assertEqual(0, paused[1])

    def test_the_shape_is_that_of_the_messages(self):
        self.open("calm")
        self.assertIn("told a grid, and talk over a star around n0", self.text(".about"))
        self.assertIn("hub_down values", self.text(".about"))
        self.open("large")
        self.assertIn("Nodes talk over a grid", self.text(".about"))

    def test_shapes_are_known(self):
        b = self.open("echo")
        shape = """
            const [n, pairs] = arguments, messages = { count: 0 }, topology = [];
            for (let i = 0; i < n; i++) topology.push([]);
            for (const [a, b] of pairs) { topology[a].push(b); topology[b].push(a); }
            const found = hearsay.layout({ servers: n, nodes: topology.map((_, i) => "n" + i),
              messages, topology });
            const spots = new Set(found.places.map(p => p.x.toFixed(3) + p.y.toFixed(3)));
            return [found.shape, spots.size === n, found.places.every(
              p => p.x >= -0.01 && p.x <= 1.01 && p.y >= -0.01 && p.y <= 1.01)];"""
        for name, n, pairs in (
                ("star", 6, [[2, i] for i in range(6) if i != 2]),
                ("line", 7, [[i, i + 1] for i in range(6)]),
                ("line", 30, [[i, i + 1] for i in range(29)]),
                ("ring", 6, [[i, (i + 1) % 6] for i in range(6)]),
                ("total", 5, [[a, b] for a in range(5) for b in range(a)]),
                ("total", 2, [[0, 1]]),
                ("tree", 13, [[(i - 1) // 3, i] for i in range(1, 13)]),
                ("grid", 9, [[i, i + 1] for i in range(9) if i % 3 < 2]
                 + [[i, i + 3] for i in range(6)]),
                ("grid", 7, [[i, i + 1] for i in range(6) if i % 3 < 2]
                 + [[i, i + 3] for i in range(4)]),
                ("mesh", 8, [[i, i ^ d] for d in (1, 2, 4) for i in range(8) if i & d]),
                ("dense", 6, [[a, b] for a in range(6) for b in range(a) if a + b != 5]),
                ("apart", 3, [])):
            with self.subTest(name, n=n):
                self.assertEqual([name, True, True], b.run(shape, n, pairs))

    def test_lines_that_nobody_uses_shape_nothing(self):
        b = self.open("echo")
        shape = """
            const [told, used] = arguments, n = 10;
            const topology = [...Array(n).keys()].map(a => [...Array(n).keys()].filter(b =>
              b !== a && (told === 'total' || told === 'line' && Math.abs(a - b) === 1)));
            const m = { count: 0, from: [], to: [] };
            for (const [a, b] of used) { m.from.push(a); m.to.push(b); m.count++; }
            const found = hearsay.layout({ servers: n, nodes: topology.map((_, i) => "n" + i),
              messages: m, topology });
            return [found.shape, found.hubs, found.told];"""
        star = [[3, i] for i in range(10) if i != 3]
        line = [[i, i + 1] for i in range(9)]
        self.assertEqual(["star", [3], "total"], b.run(shape, "total", star))
        self.assertEqual(["star", [3], "line"], b.run(shape, "line", star))
        self.assertEqual(["star", [3], "line"], b.run(shape, "line", line + star * 20))
        self.assertEqual(["line", [], None], b.run(shape, "line", line))
        self.assertEqual(["line", [], None], b.run(shape, "line", []))
        self.assertEqual(["line", [], None], b.run(shape, "line", line * 5 + [[0, 9]]))

    def test_without_values_all_messages_are_played(self):
        b = self.open("kafka")
        self.assertIsNone(b.run("return document.querySelector('.choose')"))
        self.assertRegex(self.text(".summary"), r"^[\d,]+ messages between nodes")
        flights = [self.scrub(step / 20)["flights"] for step in range(20)]
        self.assertGreater(max(flights), 0)
        self.assertIsNone(self.open("echo").run("return document.querySelector('#spread')"))

    def test_those_who_want_less_motion_see_lines(self):
        b = self.open("calm")
        media = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
        b.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": media})
        try:
            self.scrub(0.945)
            seen = lambda kind: b.run("return document.querySelectorAll(arguments[0]).length",
                                      kind + "[visibility=visible]")
            self.assertEqual(0, seen(".message"))
            self.assertGreater(seen(".way"), 0)
            self.press(STAGE, "home", "space")
            b.wait("document.querySelector('.stage').dataset.playing === 'false'")
            self.assertEqual(25, self.state(STAGE)["known"])
        finally:
            b.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia",
                                                "params": {"features": []}})

    def test_the_diagram_shows_the_same_messages(self):
        b = self.open("partitioned")
        value = int(self.state(STAGE)["value"])
        b.click(".transport button:nth-of-type(4)")
        self.assertIn("value %d" % value, self.text(".marked"))
        before = self.state(DIAGRAM)
        b.click(".marked button")
        self.assertEqual(before["arrows"], self.state(DIAGRAM)["arrows"])
        self.assertTrue(b.run("return document.querySelector('.marked').hidden"))


class MessagesTest(DiagramTest):
    def expected(self, condition, t0, t1):
        """How many messages are under way in a window, looked up one by one."""
        return self.browser.run("""
            const m = hearsay.data.messages, nodes = hearsay.data.nodes, t0 = arguments[0],
              t1 = arguments[1], passes = new Function("i", "m", "nodes", "data", "return "
                + arguments[2]);
            let n = 0;
            for (let i = 0; i < m.count; i++) {
              const end = m.received[i] < 0 ? m.sent[i] + hearsay.expected(m, i) : m.received[i];
              if (m.sent[i] <= t1 && end >= t0 && !/^c/.test(nodes[m.from[i]])
                  && !/^c/.test(nodes[m.to[i]]) && passes(i, m, nodes, hearsay.data)) n++;
            }
            return n;""", t0, t1, condition)

    def window(self, t0, t1):
        self.browser.run("""
            const [from, to] = document.querySelectorAll(".moment");
            from.value = arguments[0]; from.dispatchEvent(new Event("change"));
            to.value = arguments[1]; to.dispatchEvent(new Event("change"));""", t0, t1)
        return self.state(DIAGRAM)

    def test_what_is_in_the_window_is_drawn_and_what_began_before_it(self):
        self.open("partitioned")
        for t0, t1 in ((0, 1), (3.05, 3.06), (10.2, 12.9)):
            drawn = self.window(t0, t1)
            self.assertAlmostEqual(t0 * 1e6, drawn["t0"], delta=1)
            self.assertAlmostEqual(t1 * 1e6, drawn["t1"], delta=1)
            self.assertEqual(self.expected("true", t0 * 1e6, t1 * 1e6), drawn["arrows"])
            self.assertGreater(drawn["arrows"], 0)

    def test_filters_change_what_is_drawn(self):
        b = self.open("partitioned")
        whole = self.window(0, 5)["arrows"]
        of_type = lambda name: self.expected("data.types[m.type[i]] === '%s'" % name, 0, 5e6)
        b.click("[data-type=hub_up]")
        self.assertEqual(of_type("hub_up"), self.state(DIAGRAM)["arrows"])
        self.assertEqual(["false", "true"], b.run("""
            return ['hub_down', 'hub_up'].map(t => document.querySelector(
              `[data-type=${t}]`).ariaPressed)"""))
        b.run("document.querySelector('[data-type=hub_down]').dispatchEvent("
              "new MouseEvent('click', {shiftKey: true}))")
        self.assertEqual(whole, self.state(DIAGRAM)["arrows"])
        b.click("[data-type=hub_up]")
        b.click("[data-type=hub_up]")
        self.assertEqual(whole, self.state(DIAGRAM)["arrows"])
        b.run("""const s = document.querySelector('#messages select');
                 s.value = 3; s.dispatchEvent(new Event('change'))""")
        self.assertEqual(self.expected("m.from[i] === 3 || m.to[i] === 3", 0, 5e6),
                         self.state(DIAGRAM)["arrows"])
        b.run("""const s = document.querySelector('#messages select');
                 s.value = -1; s.dispatchEvent(new Event('change'))""")
        b.click("#messages input[type=checkbox]")
        self.assertGreater(self.state(DIAGRAM)["arrows"], whole)
        shown = "return document.querySelectorAll('.type:not([hidden])').length"
        self.assertGreater(b.run(shown), 5)

    def test_the_keyboard_zooms_pans_and_goes_from_message_to_message(self):
        b = self.open("partitioned")
        start = self.window(2, 6)
        closer = self.press(DIAGRAM, "+")
        self.assertLess(closer["t1"] - closer["t0"], start["t1"] - start["t0"])
        self.assertAlmostEqual(4e6, (closer["t0"] + closer["t1"]) / 2, delta=2)
        again = self.press(DIAGRAM, "-")
        self.assertAlmostEqual(start["t0"], again["t0"], delta=2)
        right = self.press(DIAGRAM, "right")
        self.assertGreater(right["t0"], again["t0"])
        self.assertAlmostEqual(again["t0"], self.press(DIAGRAM, "left")["t0"], delta=2)
        chosen = self.press(DIAGRAM, "n")["chosen"]
        self.assertGreaterEqual(chosen, 0)
        self.assertRegex(self.text("#said"), r"^hub_\w+: n\d+ to n\d+, sent 2\.\d+ s, ")
        self.assertEqual(self.text("#said").split(",")[0], self.text(".tip").split("\n")[0])
        self.assertGreater(self.press(DIAGRAM, "n")["chosen"], chosen)
        self.assertEqual(chosen, self.press(DIAGRAM, "p")["chosen"])
        self.assertEqual(-1, self.press(DIAGRAM, "escape")["chosen"])
        self.assertTrue(b.run("return document.querySelector('.tip').hidden"))
        whole = self.press(DIAGRAM, "home")
        self.assertLessEqual(whole["t0"], 0)
        self.assertGreaterEqual(whole["t1"], b.run("return hearsay.data.messages.end_us"))

    def test_the_pointer_finds_arrows(self):
        b = self.open("partitioned")
        self.window(0, 0.6)
        found = set()
        for step in range(30):
            x = 0.1 + 0.03 * step
            b.point(DIAGRAM, x, 0.3)
            i = int(self.state(DIAGRAM)["chosen"])
            if i < 0:
                continue
            found.add(i)
            what, distance = b.run("""
                const [i, x, y] = arguments, m = hearsay.data.messages;
                const {nodes, types} = hearsay.data;
                const c = document.querySelector('canvas.diagram'), {t0, t1} = c.dataset;
                const px = Math.floor(x * c.clientWidth), py = Math.floor(y * c.clientHeight);
                const t = Number(t0) + (px - 64) / (c.clientWidth - 74) * (t1 - t0);
                const end = m.received[i] < 0 ? m.sent[i] + 1e5 : m.received[i];
                const part = (t - m.sent[i]) / (end - m.sent[i]);
                const lane = m.from[i] + part * (m.to[i] - m.from[i]);
                return [`${types[m.type[i]]}: ${nodes[m.from[i]]} to ${nodes[m.to[i]]}`,
                  Math.abs(16 + lane * 520 / 24 - py) / Math.hypot(1, (m.to[i] - m.from[i])
                    * 520 / 24 / ((end - m.sent[i]) / (t1 - t0) * (c.clientWidth - 74)))];""",
                                   i, x, 0.3)
            self.assertIn(what, self.text(".tip"))
            self.assertLess(distance, 12)
        self.assertGreater(len(found), 3)

    def test_the_wheel_zooms_only_when_the_diagram_has_the_focus(self):
        b = self.open("partitioned")
        wheel = """
            const c = document.querySelector('canvas.diagram'), box = c.getBoundingClientRect();
            const e = new WheelEvent('wheel', {deltaY: -100, clientX: box.x + 500, cancelable: true,
              clientY: box.y + 50});
            c.dispatchEvent(e); return e.defaultPrevented;"""
        before = self.state(DIAGRAM)
        self.assertFalse(b.run(wheel))
        self.assertEqual(before["t1"], self.state(DIAGRAM)["t1"])
        b.run("document.querySelector('canvas.diagram').focus()")
        self.assertTrue(b.run(wheel))
        after = self.state(DIAGRAM)
        self.assertLess(after["t1"] - after["t0"], before["t1"] - before["t0"])

    def test_dragging_pans_by_what_the_pointer_moved(self):
        b = self.open("partitioned")
        before = self.window(4, 8)
        b.run("""
            const c = document.querySelector('canvas.diagram'), box = c.getBoundingClientRect();
            c.setPointerCapture = () => {};
            const send = (type, x) => c.dispatchEvent(new PointerEvent(type, {pointerId: 1,
              buttons: 1, clientX: box.x + x, clientY: box.y + 60, bubbles: true}));
            send('pointerdown', 500); send('pointermove', 400); send('pointerup', 400);""")
        after = self.state(DIAGRAM)
        width = b.run("return document.querySelector('canvas.diagram').clientWidth") - 74
        self.assertAlmostEqual(4e6 * 100 / width, after["t0"] - before["t0"], delta=2)

    def test_two_fingers_zoom(self):
        b = self.open("partitioned")
        before = self.window(4, 8)
        b.run("""
            const c = document.querySelector('canvas.diagram'), box = c.getBoundingClientRect();
            c.setPointerCapture = () => {};
            const send = (type, id, x) => c.dispatchEvent(new PointerEvent(type, {pointerId: id,
              buttons: 1, clientX: box.x + x, clientY: box.y + 60, bubbles: true}));
            send('pointerdown', 1, 400); send('pointerdown', 2, 600);
            send('pointermove', 1, 400); send('pointermove', 2, 800);
            send('pointerup', 1, 400); send('pointerup', 2, 800);""")
        after = self.state(DIAGRAM)
        self.assertAlmostEqual((before["t1"] - before["t0"]) / 2, after["t1"] - after["t0"],
                               delta=2)

    def test_the_strip_moves_the_window(self):
        b = self.open("partitioned")
        drag = """
            const c = document.querySelector('canvas.strip'), box = c.getBoundingClientRect();
            c.setPointerCapture = () => {};
            const send = (type, part) => c.dispatchEvent(new PointerEvent(type, {pointerId: 1,
              buttons: 1, clientX: box.x + 64 + part * (box.width - 74), clientY: box.y + 20}));
            [...arguments].forEach((part, i) => send(i ? 'pointermove' : 'pointerdown', part));
            send('pointerup', 0); send('pointermove', 0);"""
        self.window(2, 4)
        end = b.run("return hearsay.data.messages.end_us")
        b.run(drag, 0.5)
        there = self.state(DIAGRAM)
        self.assertAlmostEqual(end / 2, (there["t0"] + there["t1"]) / 2, delta=1e3)
        self.assertAlmostEqual(2e6, there["t1"] - there["t0"], delta=2)
        b.run(drag, 0.51, 0.71)
        self.assertAlmostEqual(there["t0"] + 0.2 * end, self.state(DIAGRAM)["t0"], delta=1e3)

    def test_a_click_on_a_name_isolates_its_node(self):
        b = self.open("partitioned")
        whole = self.window(0, 5)["arrows"]
        click = """
            const c = document.querySelector('canvas.diagram'), box = c.getBoundingClientRect();
            c.setPointerCapture = () => {};
            for (const type of ['pointerdown', 'pointerup']) c.dispatchEvent(new PointerEvent(type,
              {pointerId: 1, clientX: box.x + 30, clientY: box.y + 16 + 7 * 520 / 24}));"""
        b.run(click)
        self.assertEqual(self.expected("m.from[i] === 7 || m.to[i] === 7", 0, 5e6),
                         self.state(DIAGRAM)["arrows"])
        self.assertEqual("7", b.run("return document.querySelector('#messages select').value"))
        b.run(click)
        self.assertEqual(whole, self.state(DIAGRAM)["arrows"])

    def test_a_hundred_thousand_messages_take_few_calls(self):
        b = self.open("large")
        b.run("""
            window.calls = {};
            for (const type of [CanvasRenderingContext2D, Path2D]) {
              for (const name of ["stroke", "fill", "fillRect", "fillText", "lineTo", "rect",
                                  "arc"]) {
                const old = type.prototype[name];
                if (old) type.prototype[name] = function (...all) {
                  calls[name] = (calls[name] || 0) + 1;
                  return old.apply(this, all);
                };
              }
            }""")
        calls = lambda: b.run("const c = window.calls; window.calls = {}; return c")
        whole = self.press(DIAGRAM, "home")
        self.assertEqual(0, whole["arrows"])
        self.assertGreater(whole["cells"], 1000)
        self.assertIn("too many for arrows", self.text(".status"))
        counted = calls()
        self.assertGreater(counted["rect"], 1000)  # it is counted at all
        self.assertLess(sum(counted.values()), 25 * 1280 / 3 + 1000)
        self.assertLess(counted["stroke"] + counted["fill"], 40)
        for _ in range(12):
            drawn = self.press(DIAGRAM, "+", "+")
            self.assertLess(sum(calls().values()), 40000)
            self.assertLessEqual(drawn["arrows"], 4000)
        self.assertGreater(drawn["arrows"], 0)
        self.assertEqual(self.expected("true", drawn["t0"], drawn["t1"]), drawn["arrows"])

    def test_lost_messages_and_those_that_the_end_cut_off_are_told_apart(self):
        b = self.open("partitioned")
        lost = b.run("return hearsay.data.messages.lost.filter("
                     "i => !hearsay.isOpen(hearsay.data.messages, i)).length")
        self.assertIn("of which %d never arrived" % lost, self.text("#messages .messages p"))
        self.assertEqual([True, False], b.run("""
            const m = {route: [0, 0], route_latency: [100], sent: [950, 500], received: [-1, -1],
              end_us: 1000, longest: 100};
            return [hearsay.isOpen(m, 0), hearsay.isOpen(m, 1)]"""))

    def test_it_prints_in_the_colours_of_paper(self):
        b = self.open("calm")
        picture = "document.querySelector('canvas.diagram').toDataURL()"
        colours = """return [...Array(7).keys()].map(hearsay.typeColor).concat(
            hearsay.color('ink'), hearsay.color('bad'))"""
        emulate = lambda media: b.ask("POST", "/goog/cdp/execute", {
            "cmd": "Emulation.setEmulatedMedia", "params": {"media": media}})
        self.state(DIAGRAM)
        light = b.run(colours)
        b.click(".theme"), b.click(".theme")
        self.state(DIAGRAM)
        dark = b.run(colours)
        self.assertEqual([], [c for c in dark if c in light])
        b.run("document.querySelector('main').style.cssText = "
              "'width: 900px; max-width: 900px; padding: 0'")
        self.state(DIAGRAM)
        b.run("window.dark = " + picture)
        emulate("print")
        try:
            self.assertEqual(light[:7], b.run(colours)[:7])
            b.wait(picture + " !== window.dark")
        finally:
            emulate("")
        b.wait(picture + " === window.dark")
        other = Browser(dark=True)
        try:
            other.open(runs.page("calm"))
            other.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia",
                                                    "params": {"media": "print"}})
            self.assertEqual(light[:7], other.run(colours)[:7])
        finally:
            other.close()

    def test_what_is_seen_can_be_saved(self):
        b = self.open("partitioned")
        self.window(0, 1)
        b.run("""HTMLAnchorElement.prototype.click = function () {
                   window.saved = [this.download, this.href]; }""")
        b.run("[...document.querySelectorAll('#messages button')].find("
              "e => e.textContent === 'PNG').click()")
        name, picture = b.run("return window.saved")
        self.assertEqual("messages.png", name)
        self.assertTrue(picture.startswith("data:image/png;base64,"))
        self.assertGreater(len(picture), 20000)

    def test_types_differ_in_colour_or_dashes(self):
        b = self.open("echo")
        looks = b.run("""return [...Array(20).keys()].map(
            r => hearsay.typeColor(r) + hearsay.typeDash(r))""")
        self.assertEqual(20, len(set(looks)))
        self.assertEqual(7, len(set(b.run("return [0, 1, 2, 3, 4, 5, 6].map(hearsay.typeColor)"))))

    def test_the_same_is_there_as_tables(self):
        b = self.open("partitioned")
        rows = b.run("""return [...document.querySelectorAll('#messages table')].map(t =>
            [...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.textContent)))""")
        total = sum(int(row[1].replace(",", "")) for row in rows[0])
        self.assertEqual(b.run("return hearsay.data.messages.count"), total)
        self.assertEqual("hub_down", rows[0][0][0])
        self.assertGreater(len(rows[1]), 10)

    def test_clients_are_shown_where_there_is_nothing_else(self):
        b = self.open("echo")
        box = "return document.querySelector('#messages input[type=checkbox]').checked"
        self.assertTrue(b.run(box))
        self.assertGreater(self.state(DIAGRAM)["arrows"], 0)

    def test_colours_follow_the_theme(self):
        b = self.open("calm")
        pixel = "return document.querySelector('canvas.diagram').toDataURL()"
        self.state(DIAGRAM)
        light = b.run(pixel)
        b.click(".theme")
        self.state(DIAGRAM)
        self.assertEqual(light, b.run(pixel))
        b.click(".theme")
        self.state(DIAGRAM)
        self.assertNotEqual(light, b.run(pixel))


if __name__ == "__main__":
    unittest.main()
