"""The page itself; that it works in a browser is test_graphiql_browser's."""

import json
from pathlib import Path
from typing import Any

import pytest

from router.entrypoints.graphiql.page import ASSETS, GraphiQLPage, Tab, read_tabs

BROWSER_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    (tmp_path / "graphiql.js").write_text("")
    return tmp_path


def body_of(page: GraphiQLPage) -> str:
    return bytes(page.response().body).decode()


async def test_a_browser_gets_the_page_and_a_client_the_api(start_router: Any, client: Any) -> None:
    async with start_router() as router:
        async with client.get(router.url, headers={"accept": BROWSER_ACCEPT}) as response:
            assert response.content_type == "text/html"
        async with client.get(router.url, params={"query": "{ hello }"}) as response:
            assert response.content_type == "application/json"


async def test_it_can_be_switched_off(start_router: Any, client: Any) -> None:
    async with start_router(graphiql=False) as router:
        async with client.get(router.url, headers={"accept": BROWSER_ACCEPT}) as response:
            assert response.content_type == "application/json"
        async with client.get(f"{router.url}/assets/graphiql.js") as response:
            assert response.status == 404


def test_it_says_how_to_build_what_is_missing(tmp_path: Path) -> None:
    response = GraphiQLPage("/graphql", assets=tmp_path).response()
    assert response.status_code == 503
    assert "make setup" in bytes(response.body).decode()


def test_no_tab_can_end_the_script_it_is_in(assets: Path) -> None:
    page = body_of(GraphiQLPage("/graphql", [Tab(query="{ a } # </script><script>alert(1)</script>")], assets))
    assert "</script><script>alert" not in page
    assert "\\u003c/script>\\u003cscript>" in page


def test_the_page_may_load_from_its_own_host_alone(assets: Path) -> None:
    response = GraphiQLPage("/graphql", assets=assets).response()
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "http" not in policy
    assert "//" not in bytes(response.body).decode()


def test_tabs_are_read_from_a_folder_by_name(tmp_path: Path) -> None:
    (tmp_path / "2-b.graphql").write_text("{ b }")
    (tmp_path / "1-a.graphql").write_text("query A { a }")
    (tmp_path / "1-a.json").write_text(json.dumps({"variables": {"n": 1}, "headers": {"Authorization": "Bearer x"}}))
    first, second = read_tabs(tmp_path)
    assert (first.query, first.variables, first.headers) == ("query A { a }", {"n": 1}, {"Authorization": "Bearer x"})
    assert second == Tab(query="{ b }")


async def test_assets_lead_nowhere_else(start_router: Any, client: Any) -> None:
    async with start_router() as router:
        for path in ("/assets/../page.py", "/assets/%2e%2e/page.py", "/assets/..%2fpage.py", "/assets/"):
            async with client.get(f"{router.url}{path}") as response:
                assert response.status == 404


def test_the_lock_file_names_no_registry() -> None:
    lock = (ASSETS.parent / "package-lock.json").read_text("utf-8")
    assert "resolved" not in lock
    assert "registry" not in lock
