"""The space-time diagram of the messages, in a browser."""
import runs
from browser import Browser
from page_case import DiagramCase

DIAGRAM = "canvas.diagram"


class MessagesTest(DiagramCase):
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
