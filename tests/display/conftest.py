import os
import shutil
import subprocess

import pytest

import rig
import servers


@pytest.fixture
def bus_program():
    """What the session's bus is. A test that says "dbus-broker" has that one."""
    return "dbus-daemon"


@pytest.fixture
def x_session(tmp_path, bus_program):
    os.chmod(tmp_path, 0o700)
    session = rig.Session(str(tmp_path))
    try:
        session.open(bus_program)
        servers.start_x(session)
        yield session
    finally:
        session.close()


@pytest.fixture
def sway_session():
    """sway refuses root, and nobody can't look into pytest's directories: so one of its own, with copies."""
    directory = subprocess.check_output(["mktemp", "-d", "/tmp/lull-sway.XXXXXX"], text=True).strip()
    is_root = os.getuid() == 0
    if is_root:
        os.chown(directory, rig.NOBODY, rig.NOBODY)
    session = rig.Session(directory, directory + "/bin", rig.AS_NOBODY if is_root else [])
    try:
        os.mkdir(session.bin)
        for program in ("lulld", "lull", "lull-present", "lull-shim"):
            shutil.copy(os.path.join(rig.BUILD, program), session.bin)
        session.open()
        servers.start_sway(session)
        yield session
    finally:
        session.close()
        shutil.rmtree(directory)
