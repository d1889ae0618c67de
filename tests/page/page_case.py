"""What the tests of pages share: a browser for each class of tests, and how a page is asked."""
import re
import unittest

import runs
from browser import Browser


class PageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def open(self, path, width=1280, height=900):
        self.browser.resize(width, height)
        self.browser.complaints(), self.browser.requests()
        self.browser.open(path)
        return self.browser

    def text(self, selector):
        return self.browser.run("return document.querySelector(arguments[0])?.innerText", selector)


class RunCase(PageCase):
    """Of the page of a run, by its name in runs.COMMANDS."""

    def open(self, name, width=1280, height=900):
        return super().open(runs.page(name), width, height)


class DiagramCase(RunCase):
    """Of a picture that moves. Nothing that is done with it may make the browser complain."""

    def tearDown(self):
        self.assertEqual([], self.browser.complaints())

    def state(self, selector):
        """What a picture says of itself, numbers as numbers."""
        found = self.browser.run("""
            return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
              done({...document.querySelector(arguments[0]).dataset}))))""", selector)
        return {k: float(v) if re.fullmatch(r"-?[\d.e+]+", v) else v for k, v in found.items()}

    def press(self, selector, *keys):
        self.browser.run("document.querySelector(arguments[0]).focus()", selector)
        self.browser.keys(*keys)
        return self.state(selector)
