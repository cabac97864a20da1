"""Ports for servers of tests."""

import socket
from random import SystemRandom

_FIRST, _LAST = 20_000, 32_000
"""Below those that systems give to clients: none of these may take one before its server does."""


def spare_port() -> int:
    while True:
        port = SystemRandom().randrange(_FIRST, _LAST)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
