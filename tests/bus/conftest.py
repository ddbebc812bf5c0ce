"""The fixtures of the bus tests; rig.py has what they are made of."""
import os
import sys

import pytest

sys.path[:0] = os.path.dirname(__file__), os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import accounts  # noqa: E402
import rig  # noqa: E402


@pytest.fixture
def bus(tmp_path):
    b = rig.Bus(tmp_path)
    yield b
    b.close()


@pytest.fixture
def lulld(bus):
    """lulld, in front, without a display."""
    return rig.Lulld(bus).start()


@pytest.fixture
def display(bus, lulld):
    """A display behind lulld, which knows it."""
    return lulld.knows(bus.display())


@pytest.fixture
def sender(bus):
    return bus.sender()


@pytest.fixture
def user(bus):
    """Somebody who talks to org.lull.Lull1."""
    return bus.peer()


@pytest.fixture
def owners(bus):
    """Every change of the name's owner: (old, new)."""
    p = bus.peer()
    p.listen(f"type='signal',sender='{rig.DRIVER[0]}',member='NameOwnerChanged',arg0='{rig.NAME}'")

    def changes():
        p.driver("GetId")
        rig.pump()
        return [(str(s["args"][1]), str(s["args"][2])) for s in p.heard
                if s["member"] == "NameOwnerChanged"]

    return changes


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """An account in which nothing displays."""
    monkeypatch.setattr(rig, "BUS_CONFIG", rig.BUS_CONFIG.replace(
        "  <policy", "  <standard_session_servicedirs/>\n  <policy", 1))
    bus = rig.Bus(tmp_path)
    try:
        yield accounts.Account(bus)
    finally:
        bus.close()


@pytest.fixture
def account(bare):
    """One in which a display server runs behind lull-shim, so that nothing has to be moved."""
    bare.bus.display(shimmed=True)
    return bare


@pytest.fixture(params=accounts.STATES, ids=[s.__name__ for s in accounts.STATES])
def state(request, account):
    """One in each of the states that it may be in before."""
    request.param(account)
    return account
