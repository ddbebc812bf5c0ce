"""What rules say, in front of real display servers, with real notify-send; and what the screen shows of it."""

import pytest

from rig import Screen
from servers import ON_SWAY, ON_X11
from test_servers import desktop, session, start  # noqa: F401 (session is a fixture)

CONF = """
[rule chat]
app = Chat
verdict = hold
due = 3s

[rule calm]
app = Loud
when = always
as = low

[rule spam]
summary = /\\bsale\\b/i
when = always
verdict = drop
"""


@pytest.fixture
def screen(session, tmp_path):  # noqa: F811
    screen = Screen(session, tmp_path)
    screen.remember_empty()
    return screen


@pytest.mark.parametrize("server", [*ON_X11, *map(desktop, ON_SWAY)])
def test_rules_deliver_hold_until_due_change_and_drop(session, screen, server):  # noqa: F811
    session.write(".config/lull/lull.conf", CONF)
    start(session, server)
    session.lull("focus", "50m")
    session.notify_send("--app-name=Chat", "held for three seconds")
    session.notify_send("--app-name=Loud", "--urgency=critical", "no critical one any more")
    session.notify_send("--app-name=Shop", "Big SALE")
    assert session.held() == ["held for three seconds", "no critical one any more"]
    screen.check_empty("held")
    # Due in the middle of the block: it goes, and the rest stays.
    _, display_id, _ = session.wait_shown("held for three seconds")
    box = screen.wait_popups("due")
    assert session.status()["focus"] and session.held() == ["no critical one any more"]
    server.dismiss(session, box, display_id)
    screen.wait_empty()
    # A code is let through by a rule that is built in.
    session.notify_send("--app-name=Bank", "Your bank", "482913 is your verification code.")
    _, display_id, _ = session.wait_shown("Your bank")
    server.dismiss(session, screen.wait_popups("code"), display_id)
    session.lull("end")
    session.wait_shown("no critical one any more")
    assert session.forwarded() == ["held for three seconds", "Your bank", "no critical one any more"]
    assert "none was late" in session.lull("audit")
