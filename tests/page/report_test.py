"""The page of a run, in a browser."""
import os
import time

import runs
from browser import Browser
from page_case import RunCase

FIGURES = "return [...document.querySelectorAll('svg[role=img]')].map(s => s.ariaLabel)"
CALM, PARTITIONED, INVALID = "calm", "partitioned", ["lossy", "transactions", "kafka"]


class ReportTest(RunCase):
    def test_every_page_draws_all_its_parts_and_asks_for_nothing(self):
        for name in runs.COMMANDS:
            with self.subTest(name):
                b = self.open(name)
                self.assertEqual([], b.complaints())
                self.assertNotIn("could not be drawn", self.text("main"))
                self.assertEqual([], [u for u in b.requests()
                                      if not u.startswith(("file://" + runs.page(name), "data:"))])
                for label in b.run(FIGURES):
                    self.assertGreater(len(label or ""), 10)
                    self.assertNotRegex(label, r"NaN|undefined|\[object")
                self.assertNotRegex(self.text("main"), r"NaN|undefined|\[object")
                self.assertEqual([], b.run("""
                    return [...document.querySelectorAll('svg *')].flatMap(e => [...e.attributes])
                      .filter(a => /NaN|undefined|Infinity/.test(a.value)).map(a => a.name)"""))

    def test_the_verdict_comes_first(self):
        for name, word in ((CALM, "Valid"), (PARTITIONED, "Valid"), ("lossy", "Invalid"),
                           ("transactions", "Invalid"), ("idle", "Unknown")):
            self.open(name)
            self.assertRegex(self.text("main h1"), word + "$")
            self.assertRegex(self.browser.run("return document.title"), "^" + word.upper())

    def test_figures_stand_beside_limits_and_published_ones(self):
        b = self.open(CALM)
        label = b.run("return document.querySelector('.measure svg').ariaLabel")
        self.assertRegex(label, r"0\.\d+\. 3d allows 30, 3e allows 20. Best published 1.74, of 13.")
        self.assertIn("within the limits of 3e", self.text(".legend"))
        self.open(PARTITIONED)
        self.assertIn("this run had faults", self.text(".legend"))
        b = self.open("echo")
        self.assertEqual(0, b.run("return document.querySelectorAll('.measure svg').length"))

    def test_what_went_wrong_is_drawn_with_its_operations(self):
        for name in INVALID:
            b = self.open(name)
            self.assertEqual("What went wrong", self.text("#anomalies h2"))
            self.assertGreater(b.run("return document.querySelectorAll('.case svg .bar').length"), 3)
        b = self.open("lossy")
        self.assertGreater(b.run("return document.querySelectorAll('.case svg .bar.bad').length"), 0)
        self.assertIn("misses it", b.run("return document.querySelector('.case svg').ariaLabel"))
        b.click(".case button")
        self.assertEqual("CANVAS", b.run("return document.activeElement.tagName"))
        self.assertIsNone(self.open(CALM).run("return document.querySelector('#anomalies')"))

    def test_faults_are_shaded_in_every_plot_over_time(self):
        b = self.open(PARTITIONED)
        self.assertEqual([3, 3, 3, 3], b.run("""
            return [...document.querySelectorAll('#time svg')].map(
              s => s.querySelectorAll('.window, .fault').length)"""))
        self.assertEqual([0, 0, 0], self.open(CALM).run("""
            return [...document.querySelectorAll('#time svg')].map(
              s => s.querySelectorAll('.window, .fault').length)"""))

    def test_the_cursor_follows_the_keys_and_the_pointer(self):
        b = self.open(PARTITIONED)
        b.run("document.querySelector('#time svg').focus()")
        b.keys("home")
        self.assertRegex(self.text("#said"), r"^0\.0 s, partition: a minority third")
        b.keys("right", "right")
        self.assertRegex(self.text("#said"), r"^1\.0 s")
        b.keys("end")
        self.assertRegex(self.text("#said"), r"^30\.0 s")
        lines = "return [...document.querySelectorAll('#time .crosshair')].map(" \
                "l => [l.getAttribute('x1'), l.getAttribute('visibility')].join())"
        self.assertEqual(1, len(set(b.run(lines))))
        self.assertIn("visible", b.run(lines)[0])
        self.assertIn("30.0 s", self.text(".tip"))
        b.point("#time figure:nth-of-type(2) svg", 0.3)
        self.assertRegex(self.text(".tip"), r"[78]\.\d s\n")
        b.point("h1")
        self.assertTrue(b.run("return document.querySelector('.tip').hidden"))

    def test_every_control_can_be_reached_and_used_with_the_keyboard(self):
        b = self.open(CALM)
        seen = []
        for _ in range(60):
            b.keys("tab")
            seen.append(b.run("const e = document.activeElement; return e.closest('#time svg') ? "
                              "'plot' : `${e.tagName} ${e.innerText}`"))
        self.assertIn("BUTTON Theme: auto", seen)
        self.assertIn("BUTTON read answered", seen)
        self.assertGreaterEqual(seen.count("plot"), 3)

    def test_another_latency_can_be_chosen(self):
        b = self.open(CALM)
        label = "return document.querySelector('#distribution svg').ariaLabel"
        self.assertRegex(b.run(label), "^stable everywhere: ")
        b.click("#distribution button:nth-child(2)")
        self.assertRegex(b.run(label), "^(read|broadcast) answered: ")
        self.assertEqual(["false", "true", "false"], b.run("""
            return [...document.querySelectorAll('#distribution button')].map(
              e => e.getAttribute('aria-pressed'))"""))

    def test_figures_of_the_plots_are_there_as_a_table(self):
        b = self.open(CALM)
        self.assertEqual(60, b.run("return document.querySelectorAll('#time tbody tr').length"))
        self.assertEqual(2027, b.run("""
            return [...document.querySelectorAll('#time tbody tr')].reduce(
              (sum, row) => sum + Number(row.cells[1].textContent.replace(',', '')), 0)"""))
        rows = b.run("""return [...document.querySelectorAll('#time tbody tr')].map(
            row => [1, 4, 5].map(i => Number(row.cells[i].textContent.replace(',', ''))))""")
        sent = sum(row[1] for row in rows)
        self.assertEqual(str(sent), self.text("#details tbody td:nth-child(3)"))
        self.assertAlmostEqual(1, sum(row[0] * row[2] for row in rows)
                               / sum(row[1] for row in rows if row[0]), delta=0.04)

    def test_a_short_load_is_not_drowned_by_the_quiet_after_it(self):
        b = self.open("short")
        self.assertRegex(self.text("#time p"), r"^Up to the end of the load; .* ended at 13\.\d s\.$")
        ops = b.run("return [hearsay.data.operations.invoked.filter(us => us <= 3e6).length, "
                    "[...document.querySelectorAll('#time tbody tr')].reduce("
                    "(sum, row) => sum + Number(row.cells[1].textContent), 0)]")
        self.assertEqual(ops[0], ops[1])
        self.open(CALM)
        self.assertIsNone(self.text("#time p"))

    def test_light_dark_and_what_the_system_wants(self):
        shade = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]"
        b = self.open(CALM)
        self.assertGreater(b.run(shade), 200)
        b.click(".theme")
        self.assertGreater(b.run(shade), 200)
        b.click(".theme")
        self.assertLess(b.run(shade), 60)
        self.assertEqual("Theme: dark", self.text(".theme"))
        dark = Browser(dark=True)
        try:
            dark.open(runs.page(CALM))
            self.assertLess(dark.run(shade), 60)
        finally:
            dark.close()

    def test_nothing_is_wider_than_a_telephone(self):
        for name in [CALM, PARTITIONED] + INVALID:
            with self.subTest(name):
                b = self.open(name, 390, 800)
                self.assertLessEqual(b.run("return document.scrollingElement.scrollWidth"), 390)
                self.assertEqual([], b.run("""
                    return [...document.querySelectorAll('svg text')].filter(t => {
                      const b = t.getBoundingClientRect();
                      return b.width > 0 && (b.left < -1 || b.right > 391);
                    }).map(t => t.textContent)"""))

    def test_it_prints(self):
        for name in (CALM, "lossy"):
            pdf = self.open(name).pdf()
            self.assertEqual(b"%PDF", pdf[:4])
            self.assertGreater(len(pdf), 20000)

    def test_a_large_run_is_small_and_quick(self):
        path = runs.page("large")
        self.assertLess(os.path.getsize(path), 5e6)
        b = self.open("large")
        self.assertGreater(b.run("return hearsay.data.messages.count"), 100000)
        began = time.monotonic()
        b.open(path)
        self.assertLess(time.monotonic() - began, 10)  # a second where nothing else runs
