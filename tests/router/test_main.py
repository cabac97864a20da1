"""`python -m router`, as its own process before a subgraph over HTTP."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from router.__main__ import main
from router.server import bind


@pytest.fixture
def clinic_app(clinic: Any) -> Starlette:
    async def graphql(request: Request) -> Response:
        body = await request.json()
        arguments = (body["query"], body.get("variables", {}), body.get("operationName"), request.headers)
        return JSONResponse(dict(await clinic.execute(*arguments)))

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])


@asynccontextmanager
async def router_process(
    supergraph: Path, *options: str, within: tuple[str, ...] = (), **settings: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The process, and the address that it says it listens at."""
    process = await asyncio.create_subprocess_exec(
        *(*within, sys.executable, "-m", "router", "--supergraph", str(supergraph), "--port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {f"HOSPITAL_ROUTER_{name.upper()}": value for name, value in settings.items()},
    )
    assert process.stdout is not None
    try:
        said = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        assert (said["event"], said["subgraphs"]) == ("the router listens", ["clinic"])
        yield process, said["url"]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def supergraph_of(clinic_sdl: Callable[[str], str], tmp_path: Path) -> Callable[[str], Path]:
    def written(url: str) -> Path:
        path = tmp_path / "supergraph.graphql"
        path.write_text(clinic_sdl(url))
        return path

    return written


@pytest.fixture
def supergraph(supergraph_of: Callable[[str], Path]) -> Path:
    return supergraph_of("http://127.0.0.1:9/graphql")


async def test_it_says_where_it_listens_answers_from_the_subgraph_and_stops_when_told(
    serve: Any, client: Any, clinic_app: Starlette, supergraph_of: Callable[[str], Path]
) -> None:
    async with (
        serve(clinic_app) as server,
        router_process(supergraph_of(f"{server.url}/graphql")) as (process, url),
    ):
        async with client.post(url, json={"query": "{ hello }"}) as response:
            assert await response.json() == {"data": {"hello": "world"}}
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_it_stops_without_a_word_at_ctrl_c(supergraph: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with router_process(supergraph) as (process, _):
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("level", "told"), [("info", []), ("debug", ["request"])])
async def test_it_tells_of_each_request_only_where_it_is_asked_to(
    client: Any, supergraph: Path, monkeypatch: pytest.MonkeyPatch, level: str, told: list[str]
) -> None:
    monkeypatch.setenv("HOSPITAL_ROUTER_LOG_LEVEL", level)
    async with router_process(supergraph) as (process, url):
        async with client.post(url, json={"query": "{ __typename }"}) as response:
            assert await response.json() == {"data": {"__typename": "Query"}}
        process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(process.communicate(), 10)
    assert [json.loads(line)["event"] for line in output.splitlines()] == told


async def test_it_has_more_connections_open_than_a_shell_lets_it_begin_with(client: Any, supergraph: Path) -> None:
    few = ("sh", "-c", 'ulimit -S -n 64 && exec "$@"', "sh")
    async with router_process(supergraph, within=few) as (_, url), AsyncExitStack() as stack:
        for _ in range(200):
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
            stack.callback(writer.close)
        async with client.post(url, json={"query": "{ __typename }"}) as response:
            assert response.status == 200


async def test_it_takes_a_supergraph_that_replaces_its_own_with_the_addresses_in_it(
    serve: Any, client: Any, clinic_app: Starlette, supergraph_of: Callable[[str], Path], supergraph: Path
) -> None:
    async def answer() -> Any:
        async with client.post(url, json={"query": "{ hello }"}) as response:
            return await response.json()

    async with serve(clinic_app) as server, router_process(supergraph) as (process, url):
        assert "errors" in await answer()
        supergraph_of(f"{server.url}/graphql")
        process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(5):
            while "errors" in await answer():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert process.returncode is None


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of why it does not start."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    return error


@pytest.mark.parametrize("named", [["--jwks-url", "http://127.0.0.1:9/keys"], ["--issuer", "x"], ["--audience", "x"]])
def test_it_does_not_start_with_half_of_what_a_token_needs(
    supergraph: Path, capsys: pytest.CaptureFixture[str], named: list[str]
) -> None:
    assert "name the rest" in refused(capsys, "--supergraph", str(supergraph), *named)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"type Query {", "not valid SDL"),
        (b"type Query { a: Int }", "no supergraph"),
    ],
    ids=["missing", "binary", "syntax", "composed"],
)
def test_it_does_not_start_without_a_supergraph(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, why: str
) -> None:
    path = tmp_path / "supergraph.graphql"
    if content is not None:
        path.write_bytes(content)
    line = refused(capsys, "--supergraph", str(path))
    assert str(path) in line
    assert why in line


def test_it_does_not_start_at_a_port_that_is_taken(supergraph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with bind("127.0.0.1", 0) as listener:
        listener.listen()
        port = str(listener.getsockname()[1])
        line = refused(capsys, "--supergraph", str(supergraph), "--port", port)
    assert line == f"Port {port} of 127.0.0.1 cannot be taken (Address already in use): choose another with --port.\n"


def test_it_does_not_start_at_a_port_that_is_none(supergraph: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "65535" in refused(capsys, "--supergraph", str(supergraph), "--port", "70000")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOSPITAL_ROUTER_LIMITS__DEPTH", "deep"),
        ("HOSPITAL_ROUTER_LIMITS__DEPHT", "3"),
        ("HOSPITAL_ROUTER_SUBGRAPH_URLS", "{"),
        ("HOSPITAL_ROUTER_FORWARDED_HEADERS", "x-a,x-b"),
        ("HOSPITAL_ROUTER_CONNECTIONS__CA_FILE", __file__),
        ("HOSPITAL_ALLOWED_ORIGINS", "nowhere"),
    ],
)
def test_it_does_not_start_with_a_setting_that_means_nothing(
    supergraph: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(variable, value)
    line = refused(capsys, "--supergraph", str(supergraph))
    assert line.startswith(f"{variable}: ")


def test_a_rule_for_headers_that_means_nothing_is_refused(
    supergraph: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSPITAL_ROUTER_TRAFFIC__HEADERS", '{"clinic": {"insrt": {"x-a": "1"}}}')
    line = refused(capsys, "--supergraph", str(supergraph))
    assert line.startswith("HOSPITAL_ROUTER_TRAFFIC__HEADERS__CLINIC__INSRT: ")


def test_it_tells_of_settings_that_nothing_comes_of(
    supergraph: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSPITAL_ROUTER_LIMIT__DEPTH", "3")
    monkeypatch.setenv("HOSPITAL_ROUTER_SUBGRAPH_URLS", '{"clinci": "http://127.0.0.1:9"}')
    monkeypatch.setenv("HOSPITAL_ROUTER_TRAFFIC__CAPS__RUNNING_BY_NAME", '{"wards": 3}')
    with pytest.raises(SystemExit):
        main(["--supergraph", str(supergraph), "--port", "70000"])
    warned = [json.loads(line)["names"] for line in capsys.readouterr().out.splitlines()]
    assert warned == [["HOSPITAL_ROUTER_LIMIT__DEPTH"], ["clinci", "wards"]]
