"""A real JupyterLab with the workbench, below a hub's kind of address, and a browser before it."""

import itertools
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.needs import require_command

BASE = "/user/ada@lab/"
TOKEN = "a-token-of-the-tests"
# Whatever is not on this computer goes to a proxy that is not there.  Requests are not held up for
# a look at each, which would take the browser its cache, too.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=127.0.0.1;localhost",
]
# However the tests end, a server of theirs ends too.
WITH_US = ("setpriv", "--pdeathsig", "KILL")
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1", ""}
SLOW_MS = 60_000
NUMBERS = itertools.count(1)

expect.set_options(timeout=SLOW_MS)


class Lab:
    """One JupyterLab server; it can be killed and started again at the same port."""

    before = ()  # words that stand before the command
    python = (sys.executable,)

    def __init__(self, place):
        self.place = place
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = place.root / "lab.log"
        self._process = None

    @property
    def url(self):
        """Address of the application."""
        return f"http://127.0.0.1:{self.port}{BASE}lab"

    @property
    def pid(self):
        """Number of the server's process."""
        return self._process.pid

    def start(self):
        """Start the server and wait until it answers."""
        options = {
            "ServerApp.base_url": BASE,
            "ServerApp.root_dir": self.place.work,
            "ServerApp.port_retries": 0,
            "ServerApp.allow_unauthenticated_access": False,
            "IdentityProvider.token": TOKEN,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        command = [*self.python, "-m", "jupyterlab", "--no-browser", "--allow-root", *words]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*WITH_US, *self.before, *command, f"--port={self.port}"],
                env={**os.environ, **self.place.env},
                cwd=self.place.work,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(3000):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{BASE}api", timeout=2)
            except OSError:
                assert self._process.poll() is None, self.log.read_text()
                time.sleep(0.02)
            else:
                return
        raise AssertionError(self.log.read_text())

    def kill(self):
        """End the server as a crash would."""
        self._process.kill()
        self._process.wait()


@contextmanager
def chromium(playwright):
    """Debian's browser, without a window."""
    path = str(require_command("chromium", "chromium"))
    browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    try:
        yield browser
    finally:
        browser.close()


def profile(browser):
    """The one profile of a browser: JupyterLab is loaded once, then taken from its cache."""
    if not browser.contexts:
        context = browser.new_context()
        context.grant_permissions(["clipboard-read", "clipboard-write"])
    return browser.contexts[0]


class Desk:
    """One person's browser window; whatever goes wrong in it is remembered.

    Parameters
    ----------
    allowed
        Pattern of console errors that the test itself brings about.
    """

    def __init__(self, browser, lab, *, width=1400, height=900, allowed=None):
        self.lab = lab
        self.workspace = f"test-{next(NUMBERS)}"
        self.wrong = []
        self.allowed = allowed
        self.page = profile(browser).new_page()
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.on("request", self._asked)
        self.page.set_default_timeout(SLOW_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(f"page: {error}"))

    def open(self, link=""):
        """Open JupyterLab in a workspace of this window's own."""
        self.page.goto(f"{self.lab.url}/workspaces/{self.workspace}?token={TOKEN}&{link}")
        self.page.wait_for_selector("#jp-main-dock-panel")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")
        return self.page

    def open_panel(self):
        """Open the workbench's panel by its launcher card."""
        self.page.locator(".jp-LauncherCard", has_text="Science Workbench").click()
        return self.page.get_by_role("region", name="Science workbench")

    def kept(self, what):
        """Wait until JupyterLab has saved a layout in which something is open."""
        folder = self.lab.place.root / "jupyter" / "lab" / "workspaces"
        deadline = time.monotonic() + 30
        while not any(what in file.read_text() for file in folder.glob(f"{self.workspace}-*")):
            assert time.monotonic() < deadline, f"the layout with {what} was not saved"
            self.page.wait_for_timeout(100)

    def theme(self, name):
        """Choose a theme in the menu, as a person would."""
        light = "false" if "Dark" in name else "true"
        if self.page.locator(f"body[data-jp-theme-light='{light}']").count():
            return
        self.page.locator(".lm-MenuBar-item", has_text="Settings").click()
        self.page.locator(".lm-Menu-item", has_text=re.compile("^Theme$")).hover()
        self.page.locator(".lm-Menu-item", has_text=re.compile(f"^{name}$")).click()
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")

    def close(self):
        """Close the window; fail for whatever was wrong in it."""
        self.page.close()
        assert self.wrong == []

    def _asked(self, request):
        host = urlsplit(request.url).hostname or ""
        if host not in LOOPBACK and not request.url.startswith(("data:", "blob:")):
            self.wrong.append(f"asked for {request.url}")

    def _heard(self, message):
        if message.type != "error" or (self.allowed and re.search(self.allowed, message.text)):
            return
        self.wrong.append(f"console: {message.text}")
