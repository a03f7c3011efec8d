"""Ports for what listens here: below those that systems give to outgoing connections, the same from day to day."""

from __future__ import annotations

import socket
from contextlib import suppress
from zlib import crc32

from local.places import PLATFORM

FIRST, MANY = 20000, 12000


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port of 127.0.0.1."""
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def free(name: str) -> int:
    """Return a free port, for one thing in one checkout the same wherever it can be."""
    wanted = crc32(f"{PLATFORM}:{name}".encode())
    return next(port for step in range(MANY) if is_free(port := FIRST + (wanted + step) % MANY))
