"""The cluster that is played, in a browser."""
from page_case import DiagramCase

STAGE, DIAGRAM = ".stage", "canvas.diagram"


class SpreadTest(DiagramCase):
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
