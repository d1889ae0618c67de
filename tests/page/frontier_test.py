"""The page of a comparison, in a browser."""
import atexit
import os
import shutil
import subprocess
import tempfile

import runs
from page_case import PageCase

_folder = tempfile.mkdtemp(prefix="hearsay-compare-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)


def compare(name, *options):
    """The page that ./sim compare writes."""
    path = os.path.join(_folder, name + ".html")
    if not os.path.exists(path):
        done = subprocess.run(["./sim", "compare", "--page", path] + list(options), cwd=runs.ROOT,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode > 1 or done.stderr:
            raise RuntimeError("status %d: %s" % (done.returncode, done.stderr))
    return path


def broadcasts():
    return compare("broadcast", "--bin", "challenges/broadcast_3b.lua", "--bin",
                   "./node challenges/broadcast_3d.lua window=0.1", "--bin",
                   "challenges/broadcast_3e.lua", "--node-count", "25", "--rate", "100",
                   "--latency", "100", "--time-limit", "5")


class FrontierTest(PageCase):
    def test_it_loads_and_asks_for_nothing(self):
        b = self.open(broadcasts())
        self.assertEqual([], b.complaints())
        self.assertEqual([], [u for u in b.requests()
                              if not u.startswith(("file://" + broadcasts(), "data:"))])
        self.assertNotRegex(self.text("main"), r"NaN|undefined|could not be drawn")

    def test_all_runs_and_published_ones_are_points_and_rows(self):
        b = self.open(broadcasts())
        self.assertEqual(16, b.run("return document.querySelectorAll('.point').length"))
        self.assertEqual(13, b.run("return document.querySelectorAll('.point.other').length"))
        self.assertEqual(16, b.run("return document.querySelectorAll('tbody tr').length"))
        figures = b.run("return [...document.querySelectorAll('tbody tr')].map("
                        "r => Number(r.cells[1].textContent))")
        self.assertEqual(sorted(figures), figures)

    def test_nothing_on_the_frontier_is_beaten_in_both(self):
        label = self.open(broadcasts()).run("return document.querySelector('.picture svg').ariaLabel")
        self.assertIn("On the frontier: ", label)
        self.assertIn("broadcast_3e.lua", label)
        self.assertNotIn("broadcast_3b.lua", label)

    def test_arrow_keys_go_from_point_to_point(self):
        b = self.open(broadcasts())
        b.run("document.querySelector('.picture svg').focus()")
        b.keys("home")
        self.assertRegex(self.text("#said"), r"^everyone to everyone, no acknowledgements")
        b.keys("right")
        first = self.text("#said")
        self.assertEqual(1, b.run("return document.querySelectorAll('tr.chosen').length"))
        self.assertEqual(1, b.run("return document.querySelectorAll('.point.chosen').length"))
        b.keys("end")
        self.assertNotEqual(first, self.text("#said"))
        self.assertIn(self.text(".tip b"), self.text("#said"))

    def test_the_other_latency_can_be_chosen(self):
        b = self.open(broadcasts())
        before = b.run("return document.querySelector('.picture svg').ariaLabel")
        self.assertIn("median latency", before)
        b.click(".controls[role=group] button:nth-child(2)")
        self.assertIn("longest latency",
                      b.run("return document.querySelector('.picture svg').ariaLabel"))

    def test_zeros_have_a_place(self):
        b = self.open(compare("kafka", "--bin", "challenges/kafka_5a.lua", "--node-count", "1",
                              "--time-limit", "5"))
        self.assertEqual([], b.complaints())
        b = self.open(compare("echo", "--bin", "challenges/echo_1.lua", "--time-limit", "2"))
        self.assertNotRegex(self.text("main"), r"NaN|undefined|could not be drawn")

    def test_it_fits_a_telephone(self):
        b = self.open(broadcasts(), 390, 800)
        self.assertLessEqual(b.run("return document.scrollingElement.scrollWidth"), 390)
