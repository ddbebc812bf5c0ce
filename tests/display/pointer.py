"""A mouse for a headless wlroots compositor, which has none: its virtual pointer protocol, spoken directly.

https://wayland.app/protocols/wlr-virtual-pointer-unstable-v1
"""

import socket
import struct

DISPLAY, REGISTRY, FIRST_SYNC = 1, 2, 3
SYNC, GET_REGISTRY = 0, 1  # requests of wl_display
BIND = 0
GLOBAL = 0  # event of wl_registry
CREATE_VIRTUAL_POINTER = 0
MOTION_ABSOLUTE, BUTTON, FRAME = 1, 2, 4
BTN_LEFT = 0x110
INTERFACE = "zwlr_virtual_pointer_manager_v1"


def text(value):
    data = value.encode() + b"\0"
    return struct.pack("=I", len(data)) + data + b"\0" * (-len(data) % 4)


class Pointer:
    """Exists, for the programs on that screen, as long as its connection does."""

    def __init__(self, path, width, height):
        self.size = width, height
        self.time_ms = 0
        self.last_id = FIRST_SYNC - 1
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        try:
            self.socket.connect(path)
            self.stream = self.socket.makefile("rb")
            self.last_id = REGISTRY
            self.request(DISPLAY, GET_REGISTRY, struct.pack("=I", REGISTRY))
            name = self.manager_name(self.roundtrip())
            manager, self.pointer = self.new_id(), self.new_id()
            self.request(REGISTRY, BIND, struct.pack("=I", name) + text(INTERFACE) + struct.pack("=II", 1, manager))
            self.request(manager, CREATE_VIRTUAL_POINTER, struct.pack("=II", 0, self.pointer))
            self.roundtrip()
        except BaseException:
            self.socket.close()
            raise

    def close(self):
        self.stream.close()
        self.socket.close()

    def new_id(self):
        self.last_id += 1
        return self.last_id

    def request(self, object_id, opcode, body):
        self.socket.sendall(struct.pack("=IHH", object_id, opcode, 8 + len(body)) + body)

    def roundtrip(self):
        """Everything asked for until now has been done. Returns the events: (object, opcode, body)."""
        callback = self.new_id()
        self.request(DISPLAY, SYNC, struct.pack("=I", callback))
        events = []
        while not events or events[-1][0] != callback:
            object_id, opcode, size = struct.unpack("=IHH", self.stream.read(8))
            events.append((object_id, opcode, self.stream.read(size - 8)))
            assert (object_id, opcode) != (DISPLAY, 0), f"the compositor refuses: {events[-1][2]}"
        return events

    @staticmethod
    def manager_name(events):
        for object_id, opcode, body in events:
            if (object_id, opcode) == (REGISTRY, GLOBAL):
                name, length = struct.unpack_from("=II", body)
                if body[8:8 + length - 1] == INTERFACE.encode():
                    return name
        raise AssertionError(f"the compositor has no {INTERFACE}")

    def act(self, opcode, *numbers):
        self.time_ms += 10
        self.request(self.pointer, opcode, struct.pack(f"={1 + len(numbers)}I", self.time_ms, *numbers))
        self.request(self.pointer, FRAME, b"")
        self.roundtrip()

    def move(self, x, y):
        self.act(MOTION_ABSOLUTE, x, y, *self.size)

    def click(self, x, y):
        self.move(x, y)
        self.act(BUTTON, BTN_LEFT, 1)
        self.act(BUTTON, BTN_LEFT, 0)
