"""Web notifications: a real Chromium sends them through lulld to dunst, and hears what becomes of them.

One browser serves all tests here, driven over the plain WebDriver protocol of chromedriver. Its page is
served on localhost, for only a secure context may notify.
"""

import base64
import functools
import http.server
import json
import os
import shutil
import signal
import struct
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib

import pytest

import rig
import servers

pytestmark = pytest.mark.desktop

MAGENTA = b"\xff\x00\xff"  # nothing else on the screen has this color
ICON_PX = 48
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--password-store=basic", "--enable-features=SystemNotifications",
    # Away from where the popups are.
    "--window-size=600,400", "--window-position=0,350",
]
PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>mail</title><script>
var heard = [], sent = {};
function send(title, options) {
    var n = sent[title] = new Notification(title, options);
    for (const event of ["show", "click", "close", "error"])
        n.addEventListener(event, () => heard.push(event + " " + title));
}
</script>"""
# So that Chromium doesn't ask a person.
PREFERENCES = {"profile": {"default_content_setting_values": {"notifications": 1}}}


def png(width, height, rgb):
    """An image of one color as a data: URL."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + rgb * width) * height
    data = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return "data:image/png;base64," + base64.b64encode(data).decode()


ICON = png(ICON_PX, ICON_PX, MAGENTA)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_page = self.path == "/"
        self.send_response(200 if is_page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        if is_page:
            self.wfile.write(PAGE.encode())

    def log_message(self, *_):
        pass


class Browser:
    """Chromium, with the page open."""

    def __init__(self, session, page_url):
        self.session = session
        self.page_url = page_url
        # A short path: sockets are made in it.
        self.dir = tempfile.mkdtemp(prefix="lull-chromium.", dir="/tmp")
        self.driver = None
        self.url = None
        self.id = None
        self.open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def ask(self, method, path, body=None, seconds=60):
        """A WebDriver command; returns its answer."""
        request = urllib.request.Request(self.url + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with self.open_url(request, timeout=seconds) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError(f"{method} {path}: {e.read().decode()}") from e

    def start_driver(self):
        self.session.write(self.dir + "/profile/Default/Preferences", json.dumps(PREFERENCES))
        self.session.env["TMPDIR"] = self.dir
        log = self.session.dir + "/chromedriver.log"
        with open(log, "w", encoding="utf-8") as out:
            # In a process session of its own, by which all that it starts is found in the end.
            self.driver = self.session.start(["/usr/bin/chromedriver", "--port=0"], stdout=out, stderr=out,
                                             start_new_session=True)
        mark = "started successfully on port "

        def port():
            with open(log, encoding="utf-8") as f:
                return next((line[line.index(mark) + len(mark):].rstrip(".\n") for line in f
                             if mark in line and line.endswith("\n")), None)

        self.url = "http://localhost:" + self.session.wait_for(port, "chromedriver's port")

    def open(self):
        options = {"binary": "/usr/bin/chromium", "args": [*FLAGS, f"--user-data-dir={self.dir}/profile"]}
        self.id = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options}}})["sessionId"]
        self.ask("POST", f"/session/{self.id}/url", {"url": self.page_url})
        assert self.run("return Notification.permission") == "granted"

    def run(self, script, *args):
        """Run a piece of script on the page."""
        return self.ask("POST", f"/session/{self.id}/execute/sync", {"script": script, "args": args})

    def send(self, title, **options):
        self.run("send(...arguments)", title, options)

    def close_notification(self, title):
        self.run("sent[arguments[0]].close()", title)

    def heard(self, title):
        """What the page was told about a notification of its own, in that order."""
        return [h.split(" ")[0] for h in self.run("return heard") if h.split(" ", 1)[1] == title]

    def processes(self):
        found = []
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                if os.getsid(pid) == self.driver.pid:
                    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                        if f.read().rsplit(")", 1)[1].split()[0] != "Z":
                            found.append(pid)
            except (ProcessLookupError, FileNotFoundError):
                pass  # it has ended
        return found

    def quit(self):
        """As a person quits it; open() starts it again."""
        id_, self.id = self.id, None
        self.ask("DELETE", f"/session/{id_}", seconds=15)
        self.session.wait_for(lambda: self.processes() == [self.driver.pid], "the end of Chromium")

    def end(self, seconds):
        """End chromedriver and all that it started."""
        how, start = signal.SIGTERM, time.monotonic()
        while pids := self.processes():
            for pid in pids:
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            self.driver.poll()
            time.sleep(0.03)
            took = time.monotonic() - start
            assert took < 2 * seconds, f"can't be ended: {pids}"
            if took > seconds:
                how = signal.SIGKILL

    def close(self):
        try:
            if self.id:
                self.quit()
        finally:
            if self.driver:
                self.end(seconds=5)
            shutil.rmtree(self.dir)
            for leftover in (".cache", ".pki", ".config/chromium"):
                shutil.rmtree(os.path.join(self.session.dir, leftover), ignore_errors=True)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A bus and a screen; dunst behind lulld, which is there before any browser."""
    session = rig.Session(str(tmp_path_factory.mktemp("chromium")))
    try:
        session.open()
        servers.start_x(session)
        servers.Dunst.prepare(session)
        session.start_monitor()
        session.start_lulld()
        session.wait_for(lambda: len(session.queue()) == 1, "lulld has the name")
        session.start_shimmed(*servers.Dunst.argv)
        session.wait_in_front()
        yield session
    finally:
        session.close()


@pytest.fixture(scope="module")
def one_browser(session):
    server = http.server.ThreadingHTTPServer(("localhost", 0), Page)
    thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.05))
    thread.start()
    browser = Browser(session, f"http://localhost:{server.server_port}/")
    try:
        browser.start_driver()
        browser.open()
        yield browser
    finally:
        try:
            browser.close()
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def browser(session, one_browser):
    """The browser, while focus is on, nothing is held and nothing is on the screen."""
    session.lull("focus", "50m")
    assert session.held() == []
    session.wait_for(lambda: not icon_pixels(session), "no popup of an earlier test")
    yield one_browser
    one_browser.run("for (const n of Object.values(sent)) n.close()")
    session.wait_for(lambda: session.held() == [], "nothing is held")
    if session.status()["focus"]:
        session.lull("end")


def icon_pixels(session):
    """Where the icon of our notifications is to be seen on the screen: its pixels, (x, y) each."""
    with open(session.dir + "/now.png", "wb") as f:
        session.run(session.shoot_argv, stdout=f)
    raw = session.run(["convert", "now.png", "-depth", "8", "rgb:-"], capture_output=True).stdout
    assert len(raw) == 1280 * 800 * 3
    found, at = [], raw.find(MAGENTA)
    while at >= 0:
        if at % 3 == 0:
            found.append((at // 3 % 1280, at // 3 // 1280))
            at += 2
        at = raw.find(MAGENTA, at + 1)
    return found


def wait_icon(session):
    """Wait for the icon on the screen, whatever size it's drawn in; returns a point on it."""
    xs, ys = zip(*session.wait_for(lambda: icon_pixels(session), "the icon on the screen"))
    assert len(xs) >= ICON_PX * ICON_PX // 4
    assert min(xs) > 700 and max(ys) < 300, "it isn't where popups are"
    return (min(xs) + max(xs)) // 2, (min(ys) + max(ys)) // 2


def requests(session, method):
    """The arguments of each call of this method that went to the display."""
    display = session.display()
    return [m["args"] for m in session.messages()[1:]
            if m["member"] == method and m["type"] == 1 and m["to"] == display]


def shown(session, title):
    """The arguments of each Notify with this title that went to the display."""
    return [args for args in requests(session, "Notify") if args[3] == title]


def pass_through(session, title):
    """Send one when focus is off, and wait for it: whatever came earlier is on the display by then."""
    session.notify_send(title)
    session.close_on_display(session.wait_shown(title)[1])


def test_web_notification_is_held_and_comes_with_its_icon_when_focus_ends(session, browser):
    browser.send("letter", body="from a page", icon=ICON)
    session.wait_for(lambda: session.held() == ["letter"], "the notification is held")
    assert shown(session, "letter") == []
    assert icon_pixels(session) == []

    session.lull("end")
    session.wait_shown("letter")
    [args] = shown(session, "letter")
    assert "from a page" in args[4]
    wait_icon(session)
    assert session.held() == []


def test_click_on_the_popup_of_a_released_notification_reaches_the_page(session, browser):
    browser.send("click me", body="please", icon=ICON)
    session.wait_for(lambda: session.held() == ["click me"], "the notification is held")
    assert "click" not in browser.heard("click me")

    session.lull("end")
    session.wait_shown("click me")
    session.click(*wait_icon(session))
    session.wait_for(lambda: "click" in browser.heard("click me"), "the page hears of the click")
    session.wait_for(lambda: "close" in browser.heard("click me"), "the page hears that it's closed")
    assert browser.heard("click me").count("click") == 1


def test_notification_that_its_page_closes_while_held_is_never_shown(session, browser):
    browser.send("taken back", icon=ICON)
    session.wait_for(lambda: session.held() == ["taken back"], "the notification is held")
    browser.close_notification("taken back")
    session.wait_for(lambda: session.held() == [], "it is withdrawn")
    session.wait_for(lambda: "close" in browser.heard("taken back"), "the page hears that it's closed")

    session.lull("end")
    pass_through(session, "after what was taken back")
    assert shown(session, "taken back") == []
    assert icon_pixels(session) == []


def test_notification_that_its_page_closes_while_shown_leaves_the_screen(session, browser):
    browser.send("short", icon=ICON)
    session.wait_for(lambda: session.held() == ["short"], "the notification is held")
    session.lull("end")
    display_id = session.wait_shown("short")[1]
    wait_icon(session)

    browser.close_notification("short")
    session.wait_for(lambda: [display_id] in requests(session, "CloseNotification"), "dunst is told")
    session.wait_for(lambda: not icon_pixels(session), "the popup is gone")
    session.wait_for(lambda: "close" in browser.heard("short"), "the page hears that it's closed")


def test_notifications_of_one_tag_are_held_as_one_and_the_latest_is_shown(session, browser):
    for n in (1, 2, 3):
        browser.send(f"{n} unread", body=f"number {n}", tag="unread", icon=ICON)
        session.wait_for(lambda: session.held() == [f"{n} unread"], f"only the latest of {n} is held")

    session.lull("end")
    session.wait_shown("3 unread")
    wait_icon(session)
    pass_through(session, "after the tagged ones")
    [args] = shown(session, "3 unread")
    assert "number 3" in args[4]
    assert shown(session, "1 unread") + shown(session, "2 unread") == []


def test_notification_that_requires_interaction_breaks_through(session, browser):
    browser.send("waits", icon=ICON)
    session.wait_for(lambda: session.held() == ["waits"], "the ordinary one is held")
    browser.send("call", requireInteraction=True, icon=ICON)
    session.wait_shown("call")
    [args] = shown(session, "call")
    assert args[6]["urgency"] == 2
    wait_icon(session)
    assert session.held() == ["waits"]
    assert shown(session, "waits") == []


def test_notification_of_a_browser_that_has_quit_since_still_comes_with_its_icon(session, browser):
    browser.send("last words", body="goodbye", icon=ICON)
    session.wait_for(lambda: session.held() == ["last words"], "the notification is held")
    [sent] = [m["args"] for m in session.messages()[1:]
              if m["member"] == "Notify" and m["args"][3] == "last words"]
    browser.quit()
    assert not os.path.exists(sent[6]["image-path"]), "Chromium keeps its file, so this shows nothing"
    assert session.held() == ["last words"]
    assert icon_pixels(session) == []

    session.lull("end")
    display_id = session.wait_shown("last words")[1]
    [args] = shown(session, "last words")
    assert "goodbye" in args[4]
    assert os.access(args[6]["image-path"], os.R_OK)
    wait_icon(session)
    session.close_on_display(display_id)
    browser.open()
