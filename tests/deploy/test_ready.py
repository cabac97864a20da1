"""What each container is asked all the time."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.services.ports import spare_port

READY = Path(__file__).parents[2] / "deploy/ready"


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A component that answers its readiness probe so, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    running = threading.Thread(target=server.serve_forever, args=(0.05,))
    running.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        running.join()
        server.server_close()


def says_ready(port: int) -> bool:
    return subprocess.run([READY, str(port)], capture_output=True, timeout=10).returncode == 0


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (404, False)])
def test_a_component_is_ready_when_it_says_so(status: int, ready: bool):
    with answering(status) as port:
        assert says_ready(port) is ready


def test_a_component_that_does_not_answer_is_not_ready():
    assert not says_ready(spare_port())
