"""GraphiQL in a real browser that can reach no host but this one."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, async_playwright, expect

from router.entrypoints.graphiql.page import ASSETS, ENTRY

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

SETTLING_MS = 1_000
"""GraphiQL finds out which operation a tab holds some time after it shows the tab."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def equipped() -> None:
    missing = [str(path) for path in (CHROMIUM, ASSETS / ENTRY) if not path.exists()]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"missing: {missing}")
    if missing:
        pytest.skip(f"NOT TESTED in a browser, missing: {missing}")


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1300, "height": 800})
        yield page
        await browser.close()


@pytest.fixture
def tabs(tmp_path: Path) -> Path:
    (tmp_path / "1.graphql").write_text("query Greet($name: String!) { greeting(name: $name) }")
    (tmp_path / "1.json").write_text(
        '{"variables": {"name": "Ada"}, "headers": {"Authorization": "Bearer of-the-first"}}'
    )
    (tmp_path / "2.graphql").write_text("subscription Ticks($n: Int) { ticks(count: $n) }")
    (tmp_path / "2.json").write_text('{"variables": {"n": 43}, "headers": {"Authorization": "Bearer of-the-tab"}}')
    return tmp_path


async def keep_to_this_host(page: Page, foreign: list[str]) -> None:
    async def gate(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            await route.continue_()
        else:
            foreign.append(route.request.url)
            await route.abort()

    await page.route("**/*", gate)


async def test_it_runs_a_query_and_a_subscription_without_the_internet(
    page: Page, start_router: Any, clinic: Any, tabs: Path
) -> None:
    foreign: list[str] = []
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await keep_to_this_host(page, foreign)
    async with start_router(graphiql_tabs=tabs) as router:
        await page.goto(router.url)
        await expect(page.locator(".graphiql-query-editor")).to_contain_text("Greet")
        await expect(page.locator(".result-window .monaco-editor")).to_be_visible()
        await page.click(".graphiql-execute-button")
        await expect(page.locator(".result-window")).to_contain_text("hello Ada")
        assert clinic.seen[-1][2]["authorization"] == "Bearer of-the-first"
        await page.click("text=Ticks")
        await expect(page.locator(".graphiql-query-editor")).to_contain_text("ticks(count")
        await page.wait_for_timeout(SETTLING_MS)
        await page.click(".graphiql-execute-button")
        await expect(page.locator(".result-window")).to_contain_text("42")
    headers = clinic.seen[-1][2]
    assert headers["authorization"] == "Bearer of-the-tab"
    assert (foreign, complaints) == ([], [])


async def test_each_tab_opens_with_its_variables_and_opens_once(page: Page, start_router: Any, tabs: Path) -> None:
    variables = page.locator(".graphiql-editor-tool .graphiql-editor").first
    async with start_router(graphiql_tabs=tabs) as router:
        for _ in range(2):
            await page.goto(router.url)
            await page.click(".graphiql-tab >> text=Greet")
            await expect(variables).to_contain_text('"Ada"')
            await page.click(".graphiql-tab >> text=Ticks")
            await expect(variables).to_contain_text("43")
            await page.wait_for_timeout(SETTLING_MS)  # it remembers its tabs a little later
        await expect(page.locator(".graphiql-tab")).to_have_count(2)


async def test_the_browser_keeps_no_headers_of_what_was_run(page: Page, start_router: Any, tabs: Path) -> None:
    async with start_router(graphiql_tabs=tabs) as router:
        await page.goto(router.url)
        await expect(page.locator(".result-window .monaco-editor")).to_be_visible()
        await page.click(".graphiql-execute-button")
        await expect(page.locator(".result-window")).to_contain_text("hello Ada")
        await page.wait_for_timeout(SETTLING_MS)  # it remembers its tabs a little later
        kept = await page.evaluate("JSON.stringify(localStorage)")
    assert "Greet" in kept
    assert "of-the-first" not in kept


@pytest.mark.parametrize("height", [400, 800])
async def test_the_page_itself_does_not_scroll(page: Page, start_router: Any, tabs: Path, height: int) -> None:
    (tabs / "1.graphql").write_text("query Greet {" + "\n  hello" * 200 + "\n}")
    await page.set_viewport_size({"width": 1300, "height": height})
    async with start_router(graphiql_tabs=tabs) as router:
        await page.goto(router.url)
        await expect(page.locator(".graphiql-query-editor")).to_contain_text("hello")
        await page.wait_for_timeout(SETTLING_MS)
        await page.evaluate("document.scrollingElement.scrollTo(0, 500)")
        assert await page.evaluate("document.scrollingElement.scrollTop") == 0


async def test_it_completes_names_from_the_schema(page: Page, start_router: Any) -> None:
    async with start_router() as router:
        await page.goto(router.url)
        await page.click(".graphiql-query-editor .view-lines")
        await page.keyboard.press("ControlOrMeta+a")
        await page.keyboard.type("{ pati")
        await expect(page.locator(".suggest-widget")).to_contain_text("patients", timeout=15_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_follows_the_systems_colours(page: Page, start_router: Any, scheme: Any) -> None:
    await page.emulate_media(color_scheme=scheme)
    async with start_router() as router:
        await page.goto(router.url)
        await page.wait_for_selector(".graphiql-execute-button")
        colour = await page.evaluate(
            "getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor.match(/\\d+/g)"
        )
    assert (int(colour[0]) < 128) == (scheme == "dark")
