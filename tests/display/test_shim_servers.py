"""Real display servers behind lull-shim: they stay alive and queued in both start orders, and show."""

import os

import pytest

from rig import FDN
from servers import ON_SWAY, ON_X11


def check_server_stays_queued_and_shows(session, shim, owner):
    session.wait_for(lambda: len(session.queue()) == 2, "owner and server in the queue")
    first, server = session.queue()
    assert first == owner.get_unique_name()
    assert session.pid_of(server) == shim.pid
    # Its answers come after it has heard that it isn't the owner: one that can't stand that is gone.
    assert session.notify(server) > 0
    assert session.notify(server) > 0
    assert shim.poll() is None
    owner.close()
    session.wait_for(lambda: session.queue() == [server], "the name falls to the server")
    assert session.notify(FDN) > 0
    assert shim.poll() is None


def take_name(session):
    owner = session.connect()
    assert owner.request_name(FDN, 2) == 1  # REPLACE_EXISTING; PRIMARY_OWNER
    return owner


def check_both_orders(session, server, order):
    assert os.access(server.argv[0], os.X_OK)
    server.prepare(session)
    if order == "taken before":
        owner = take_name(session)
        shim = session.start_shimmed(*server.argv)
    else:
        shim = session.start_shimmed(*server.argv)
        session.wait_for(lambda: len(session.queue()) == 1, "the server has the name")
        owner = take_name(session)
    check_server_stays_queued_and_shows(session, shim, owner)
    shim.terminate()
    shim.wait(10)
    session.wait_for(lambda: session.queue() == [], "the name is free again")


@pytest.mark.parametrize("order", ["taken before", "taken after"])
@pytest.mark.parametrize("server", ON_X11)
def test_server_on_x11_stays_queued_behind_the_shim(x_session, server, order):
    check_both_orders(x_session, server, order)


@pytest.mark.desktop
@pytest.mark.parametrize("order", ["taken before", "taken after"])
@pytest.mark.parametrize("server", ON_SWAY)
def test_server_on_sway_stays_queued_behind_the_shim(sway_session, server, order):
    check_both_orders(sway_session, server, order)
