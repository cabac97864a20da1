"""Whoever collects traces is named by variables of OpenTelemetry itself."""

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

_PROGRAM = """
from hospital.tracing import configure_traces
from opentelemetry import trace

configure_traces("here")
trace.get_tracer("test").start_span("told of").end()
trace.get_tracer_provider().shutdown()
"""


def test_spans_are_sent_to_the_collector_that_is_named():
    told: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        environment = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        process = subprocess.Popen([sys.executable, "-c", _PROGRAM], env=environment)
        server.timeout = 60
        server.handle_request()
        assert process.wait() == 0
    [(path, body)] = told
    assert path == "/v1/traces"
    assert b"told of" in body
    assert b"hospital-here" in body
