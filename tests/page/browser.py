"""A headless Chromium, driven over the WebDriver protocol with nothing but Python's library.

W3C WebDriver is HTTP and JSON, so it needs no package: chromedriver does the rest. The browser's
console and its network requests are kept, for tests that want neither to have anything in it.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS = 30
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # chromedriver is here
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that the protocol has for elements


class Browser:
    def __init__(self, width=1280, height=900, dark=False):
        self.profile = tempfile.mkdtemp(prefix="hearsay-page-")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.session = None
        try:
            self._start(width, height, dark)
        except Exception:
            self.close()
            raise

    def _start(self, width, height, dark):
        self.base = "http://127.0.0.1:%d" % self._port()
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                     "--disable-dev-shm-usage", "--window-size=%d,%d" % (width, height),
                     "--user-data-dir=" + self.profile]
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = "/session/" + answer["sessionId"]

    def _port(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            line = self.driver.stdout.readline()
            found = re.search(r"successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
            if not line:
                break
        raise RuntimeError("chromedriver does not start")

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with OPENER.open(request, timeout=120) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise RuntimeError("%s %s: %s" % (method, path, value["message"])) from None

    def ask(self, method, path, body=None):
        return self._ask(method, self.session + path, body)

    def open(self, path):
        """Opens a file and waits until the page has drawn itself."""
        self.ask("POST", "/url", {"url": "file://" + os.path.abspath(path)})
        self.wait("document.documentElement.dataset.ready === 'true'")

    def run(self, script, *arguments):
        """Runs JavaScript; what it returns comes back."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not self.run("return Boolean(%s)" % condition):
            if time.monotonic() > end:
                raise AssertionError("never came true: " + condition)
            time.sleep(0.05)

    def click(self, selector):
        found = self.ask("POST", "/element", {"using": "css selector", "value": selector})
        self.run("arguments[0].scrollIntoView({block: 'center'})", found)
        self.ask("POST", "/element/%s/click" % found[ELEMENT], {})

    def keys(self, *names):
        """Presses keys, one after the other, wherever the focus is."""
        codes = {"left": "\ue012", "up": "\ue013", "right": "\ue014", "down": "\ue015",
                 "end": "\ue010", "home": "\ue011", "enter": "\ue007", "tab": "\ue004",
                 "escape": "\ue00c", "space": " "}
        actions = []
        for name in names:
            key = codes.get(name, name)
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.ask("POST", "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    def point(self, selector, x=0.5, y=0.5):
        """Moves the pointer over an element, to a part of its width and height."""
        box = self.run("""
            const e = document.querySelector(arguments[0]);
            e.scrollIntoView({block: "center"});
            const b = e.getBoundingClientRect();
            return [b.left, b.top, b.width, b.height];""", selector)
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "duration": 0, "x": int(box[0] + x * box[2]),
             "y": int(box[1] + y * box[3])}]}]})

    def resize(self, width, height):
        """A viewport of that size; narrower than a window may be, too."""
        self.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}})

    def pdf(self):
        return base64.b64decode(self.ask("POST", "/print", {}))

    def complaints(self):
        """What the console has had to say since the last call."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

    def requests(self):
        """The addresses that were asked for since the last call."""
        found = []
        for entry in self.ask("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def close(self):
        if self.session:
            self.ask("DELETE", "")
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)
